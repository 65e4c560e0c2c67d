"""What the catalog's API views share: who may see drafts, caching, paging, what stays hidden."""

from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import Http404
from rest_framework.permissions import BasePermission

from catalog.filters import Filters, read_filters
from catalog.models import Course, Edition
from catalog.queries.editions import draft_of
from catalog.queries.people import may_preview, may_write
from catalog.refusals import BadFilter, NoDraft
from engineroom import freshness, slots
from engineroom.pagination import BadCursor, KeyPagination
from engineroom.refusals import NotAllowed
from engineroom.restviews import ApiView


class MayWriteCourses(BasePermission):
    """Staff with the permission to change courses."""

    def has_permission(self, request, view):
        person = request.user
        return bool(person and person.is_authenticated and person.has_perm("catalog.change_course"))


class ReadOrWrite(MayWriteCourses):
    """Everybody reads; staff write."""

    def has_permission(self, request, view):
        return request.method in ("GET", "HEAD", "OPTIONS") or super().has_permission(request, view)


class MayWrite(BasePermission):
    """Staff with Django's permission on the model that the view writes: POST adds, PUT and PATCH
    change, DELETE deletes. Reading asks for what the view's `reading` names; nothing: everybody."""

    VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}

    def has_permission(self, request, view):
        verb = self.VERBS.get(request.method, view.reading)
        if verb is None:
            return True
        person = request.user
        wanted = f"catalog.{view.rights.get(request.method, verb)}_{view.written}"
        return bool(person and person.is_authenticated and person.has_perm(wanted))


class FilteredPagination(KeyPagination):
    """Paging in the order that `?sort=` names. Damaged cursors are refused."""

    def get_ordering(self, request, queryset, view):
        return view.orders[view.filters.sort]

    def paginate_queryset(self, queryset, request, view=None):
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, TypeError, ValidationError, DataError, OverflowError) as error:
            raise BadCursor(field="cursor") from error


class CatalogView(ApiView):
    # Anonymous reads are everybody's and may be kept for a minute, or until a price changes. (A
    # docstring would be published as the description of every call.)
    filter_backends = []
    # For views that MayWrite guards.
    written = "course"
    reading: str | None = None
    rights: dict[str, str] = {}

    def dispatch(self, request, *args, **kwargs):
        with freshness.watched() as self.watch:
            return super().dispatch(request, *args, **kwargs)

    def finalize_response(self, request, response, *args, **kwargs):
        is_anonymous = "HTTP_AUTHORIZATION" not in request.META
        if request.method in ("GET", "HEAD") and response.status_code == 200 and is_anonymous:
            response["Cache-Control"] = freshness.cache_control(self.watch, 60)
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Vary"] = "Authorization"
        return response

    def read_filters(self) -> Filters:
        self.filters = read_filters(self.request.query_params, is_strict=True)
        return self.filters


def wanted_edition(request, slug: str) -> tuple[Course, Edition, bool]:
    """(course, edition, whether it is read as staff): the one on offer, or `?edition=draft`.

    What the person may not see does not exist: 404.
    """
    course = (
        Course.objects.filter(slug=slug)
        .select_related("published_edition__description", "cover__image")
        .first()
    )
    wanted = request.query_params.get("edition", "")
    if wanted not in ("", "draft"):
        raise BadFilter("edition is draft, or is left out.", field="edition")
    if course is None:
        raise Http404
    if wanted == "draft":
        if not may_preview(request.user, course):
            raise Http404
        draft = draft_of(course)
        if draft is None:
            raise NoDraft
        return course, draft, True
    if course.published_edition is None:
        raise Http404
    return course, course.published_edition, False


def own_course(request, slug: str) -> Course:
    """The course that staff write. The permission class has let the person in; a course that names
    other instructors is still not theirs."""
    course = Course.objects.filter(slug=slug).first()
    if course is None:
        raise Http404
    if not may_write(request.user, course):
        raise NotAllowed("Only its instructors and managers may write this course.")
    return course


def own_draft(request, slug: str) -> Edition:
    """Its draft."""
    draft = draft_of(own_course(request, slug))
    if draft is None:
        raise NoDraft
    return draft


def has_place(request, course: Course) -> bool:
    """Whether a grant lets the person read the course. Anonymous readers are not looked up."""
    if not request.user or not request.user.is_authenticated:
        return False
    return bool(slots.ask("catalog.may_open", request.user, course, default=False))


def shown_question(question, *, has_text: bool, is_staff: bool) -> dict:
    """A question as the asker may see it. The order of options tells nothing where it would tell
    the answer, and neither do their keys."""
    options = list(question.options.all())
    found = {
        "key": question.key,
        "kind": question.kind,
        "prompt_html": question.prompt_html if has_text else None,
    }
    if is_staff:
        found["options"] = [_whole_option(option) for option in options]
        found |= {
            "answer": question.answer,
            "explanation_html": question.explanation_html,
            "problem": question.problem,
        }
        return found
    if question.kind == "ordering":
        options.sort(key=lambda option: _mixed(question.key, option.text))
    found["options"] = [
        {
            "key": None if question.kind == "ordering" else option.key,
            "text_html": option.text_html if has_text else None,
        }
        for option in options
    ]
    if question.kind == "matching" and has_text:
        found["matches"] = sorted({option.match for option in options})
    return found


def _mixed(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


def _whole_option(option) -> dict:
    names = ("key", "text_html", "is_right", "why_html", "match")
    return {name: getattr(option, name) for name in names}
