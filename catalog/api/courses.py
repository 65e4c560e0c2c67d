"""Courses: lists, details, contents; what staff do to them."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from catalog.actions import courses as actions
from catalog.actions.modules import reorder_modules
from catalog.actions.publishing import publish_edition, withdraw_edition
from catalog.api.reading import (
    CatalogView,
    FilteredPagination,
    MayWrite,
    MayWriteCourses,
    ReadOrWrite,
    has_place,
    own_course,
    own_draft,
    shown_question,
    wanted_edition,
)
from catalog.api.serializers import (
    ContentsSerializer,
    CourseDetailSerializer,
    CourseSerializer,
    EditionSerializer,
)
from catalog.api.writing import (
    CourseWriteSerializer,
    OrderSerializer,
    PublicationSerializer,
    WithdrawalSerializer,
)
from catalog.filters import LEVELS, PRICES, SORTS
from catalog.models import Course, Edition
from catalog.queries.courses import add_memberships, add_prices, with_cover
from catalog.queries.editions import edition_content
from catalog.queries.people import instructors_named_by
from catalog.queries.searching import COURSE_ORDERS, matching_courses
from engineroom.budgets import budget
from engineroom.refusals import NotAllowed

FILTERS = [
    OpenApiParameter("q", str, description="Words of title and summary, at most 100 characters."),
    OpenApiParameter("topic", str, many=True, description="Slug of a topic; may be repeated."),
    OpenApiParameter("level", str, many=True, enum=LEVELS),
    OpenApiParameter("price", str, enum=PRICES),
    OpenApiParameter("language", str, many=True),
    OpenApiParameter("sort", str, enum=list(SORTS)),
]
EDITION = OpenApiParameter("edition", str, enum=["draft"], description="The draft, for staff.")


@budget(100)
class CourseList(CatalogView):
    permission_classes = [MayWrite]
    serializer_class = CourseSerializer
    pagination_class = FilteredPagination
    orders = COURSE_ORDERS

    @extend_schema(
        operation_id="courses_list",
        summary="Courses on offer",
        tags=["catalog"],
        parameters=FILTERS,
        responses=CourseSerializer(many=True),
    )
    def get(self, request):
        found = with_cover(matching_courses(self.read_filters())).prefetch_related("instructors")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(add_prices(page), many=True).data)

    @extend_schema(
        operation_id="courses_create",
        summary="Make a course with an empty draft (staff)",
        tags=["catalog staff"],
        request=CourseWriteSerializer,
        responses={201: CourseDetailSerializer},
    )
    def post(self, request):
        form = CourseWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = with_own_instructor(request.user, form.validated_data)
        course = actions.create_course(actor=request.user, **values)
        body = CourseDetailSerializer(detailed(course, own_draft(request, course.slug))).data
        headers = {"Location": f"/api/v1/courses/{course.slug}"}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)


def with_own_instructor(person, values: dict) -> dict:
    named = instructors_named_by(person, values.get("instructors"))
    return values if named is None else {**values, "instructors": named}


def detailed(course: Course, edition: Edition) -> Course:
    """The course with what its detail shows read onto it."""
    add_prices([course])
    course.shown_edition = edition
    course.topic_list = list(course.topics.filter(is_published=True))
    add_memberships(course, course.topic_list)
    course.faq_list = list(course.faqs.all())
    return course


@budget(100)
class CourseDetail(CatalogView):
    permission_classes = [ReadOrWrite]
    serializer_class = CourseDetailSerializer

    @extend_schema(
        operation_id="courses_read", summary="A course", tags=["catalog"], parameters=[EDITION]
    )
    def get(self, request, slug):
        course, edition, is_staff = wanted_edition(request, slug)
        if is_staff:
            for name in actions.FACTS:
                setattr(course, name, getattr(edition, name))
        return Response(self.get_serializer(detailed(course, edition)).data)

    @extend_schema(
        operation_id="courses_change",
        summary="Change a course and the details of its draft (staff)",
        tags=["catalog staff"],
        request=CourseWriteSerializer,
    )
    def patch(self, request, slug):
        draft = own_draft(request, slug)
        form = CourseWriteSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        values, course = dict(form.validated_data), draft.course
        new_slug = values.pop("slug", "")
        outside = {
            name: values.pop(name)
            for name in ("is_free", "topics", "instructors")
            if name in values
        }
        course = actions.change_whole_course(
            course=course, actor=request.user, slug=new_slug, outside=outside, details=values
        )
        return Response(self.get_serializer(detailed(course, own_draft(request, course.slug))).data)

    @extend_schema(
        operation_id="courses_delete",
        summary="Delete a course that was never published (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug):
        course = own_course(request, slug)
        if not request.user.has_perm("catalog.delete_course"):
            raise NotAllowed
        actions.delete_course(course=course, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(300)
class CourseContents(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = ContentsSerializer

    @extend_schema(
        operation_id="courses_contents",
        summary="Modules of a course with everything in them",
        description="Texts are not part of it. Questions say what they ask only where the exercise "
        "may be read, and never what is right, except to staff who look at a draft.",
        tags=["catalog"],
        parameters=[EDITION],
    )
    def get(self, request, slug):
        course, edition, is_staff = wanted_edition(request, slug)
        may_read = is_staff or has_place(request, course)
        body = {
            "course": course.slug,
            "edition": EditionSerializer(edition).data,
            "modules": contents(edition, may_read=may_read, is_staff=is_staff),
        }
        return Response(body)


def contents(edition: Edition, *, may_read: bool, is_staff: bool) -> list[dict]:
    """Modules, items, questions, options, pictures, translations: nine queries."""
    content = edition_content(edition)
    options, questions = content.options_by_question(), content.questions_by_exercise()
    images, locales = content.images_by_key(), {}
    for row in content.translations:
        locales.setdefault(row.item_key, []).append({"locale": row.locale, "title": row.title})
    solutions: dict[int, list] = {}
    for row in content.solutions:
        solutions.setdefault(row.exercise_id, []).append(row)
    items: dict[int, list] = {}
    for row in content.items():
        found = _listed(row, images[row.key], locales.get(row.key, []))
        if is_staff:
            found["problem"] = row.problem
        if found["kind"] == "exercise":
            has_text = may_read or row.is_open
            found["questions"] = [
                shown_question(
                    _with_options(question, options[question.pk]),
                    has_text=has_text,
                    is_staff=is_staff,
                )
                for question in questions[row.pk]
            ]
            found["solution_count"] = len(solutions.get(row.pk, []))
            found["lesson_key"] = row.lesson_key
            if is_staff:
                found["solutions"] = [
                    {"title": each.title, "html": each.body.html}
                    for each in solutions.get(row.pk, [])
                ]
        items.setdefault(row.module_id, []).append((row.position, found))
    return [
        {
            "key": module.key,
            "title": module.title,
            "summary": module.summary,
            "items": [
                found for _, found in sorted(items.get(module.pk, []), key=lambda pair: pair[0])
            ],
        }
        for module in content.modules
    ]


def _listed(row, images, translations) -> dict:
    size = {"Lesson": "minutes", "Exercise": "question_count", "Project": "hours"}
    kind = type(row).__name__
    return {
        "kind": kind.lower(),
        "id": row.public_id,
        "key": row.key,
        "title": row.title,
        "summary": row.summary,
        "is_open": row.is_open,
        "size": getattr(row, size[kind]),
        "images": [
            {
                "alt": image.alt,
                "is_decorative": image.is_decorative,
                "is_remote": not image.file_id,
            }
            for image in images
        ],
        "translations": translations,
    }


def _with_options(question, rows):
    question._prefetched_objects_cache = {"options": _Rows(rows)}
    return question


class _Rows(list):
    """Options that were read together with all others."""

    def all(self):
        return self


@budget(2000)
class Publication(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = EditionSerializer

    @extend_schema(
        operation_id="courses_publish",
        summary="Publish the draft (staff)",
        tags=["catalog staff"],
        request=PublicationSerializer,
        responses={201: EditionSerializer},
    )
    def post(self, request, slug):
        draft = own_draft(request, slug)
        form = PublicationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        edition = publish_edition(course=draft.course, actor=request.user, **form.validated_data)
        return Response(self.get_serializer(edition).data, status=status.HTTP_201_CREATED)


@budget(500)
class Withdrawal(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = EditionSerializer

    @extend_schema(
        operation_id="courses_withdraw",
        summary="Withdraw an edition (staff)",
        tags=["catalog staff"],
        request=WithdrawalSerializer,
        responses=EditionSerializer,
    )
    def post(self, request, slug):
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        edition = Edition.objects.filter(
            course=own_course(request, slug), public_id=form.validated_data["edition"]
        ).first()
        if edition is None:
            raise Http404
        edition = withdraw_edition(
            edition=edition, actor=request.user, reason=form.validated_data["reason"]
        )
        return Response(self.get_serializer(edition).data)


@budget(500)
class ModuleOrder(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = OrderSerializer

    @extend_schema(
        operation_id="courses_reorder",
        summary="Put the modules of the draft in order (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def post(self, request, slug):
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        draft = own_draft(request, slug)
        reorder_modules(edition=draft, actor=request.user, keys=form.validated_data["keys"])
        return Response(status=status.HTTP_204_NO_CONTENT)
