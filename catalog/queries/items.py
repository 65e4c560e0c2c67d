"""Single items of editions on offer, and lists of them."""

from django.db.models import Prefetch

from catalog.filters import Filters
from catalog.models import Course, Edition, Exercise, Lesson, Project, Question, Translation
from catalog.queries.searching import matching_items
from engineroom.pagination import KeyPage, key_page

KINDS = {"lessons": Lesson, "exercises": Exercise, "projects": Project}
MEASURES = {Lesson: "minutes", Exercise: "question_count", Project: "hours"}


def item_of(edition: Edition, place: str, key: str):
    """A lesson, exercise or project of the edition with its body and module; None if there is none."""
    return (
        KINDS[place]
        .objects.filter(edition=edition, key=key)
        .select_related("body", "module")
        .first()
    )


def place_of(edition: Edition, key: str) -> str | None:
    """Which kind of item has the key: lessons, exercises or projects. Three queries at most."""
    for place, model in KINDS.items():
        if model.objects.filter(edition=edition, key=key).exists():
            return place
    return None


def questions_of(exercise: Exercise) -> list[Question]:
    """Questions with `options`, in order; what they say of right and wrong is the caller's care."""
    return list(exercise.questions.prefetch_related("options"))


def locales_of(edition: Edition, key: str) -> list[str]:
    return list(
        edition.translations.filter(item_key=key)
        .order_by("locale")
        .values_list("locale", flat=True)
    )


def translation_of(edition: Edition, key: str, locale: str) -> Translation | None:
    return edition.translations.filter(item_key=key, locale=locale).select_related("body").first()


def item_list(place: str, filters: Filters, *, size: int = 40) -> KeyPage:
    """A page of items on offer with their course: one query. Raises BadCursor."""
    model = KINDS[place]
    orders = {
        "newest": ["-pk"],
        "title": ["title", "pk"],
        "shortest": [MEASURES[model], "pk"],
    }
    found = matching_items(model, filters).select_related("edition__course")
    return key_page(found, orders[filters.sort], after=filters.after, size=size)


def items_by_key(pairs: list[tuple[int, str]], place: str) -> dict[tuple[int, str], object]:
    """Items on offer by (course id, key): one query. For recommendations."""
    if not pairs:
        return {}
    model = KINDS[place]
    rows = model.objects.filter(
        edition__course__in={course for course, _ in pairs},
        edition__in=Course.objects.published()
        .filter(pk__in={course for course, _ in pairs})
        .values("published_edition"),
        key__in={key for _, key in pairs},
    ).select_related("edition__course")
    found = {(row.edition.course_id, row.key): row for row in rows}
    return {pair: found[pair] for pair in pairs if pair in found}


def exercise_with_everything(edition: Edition, key: str) -> Exercise | None:
    """For staff: an exercise with questions, options and solutions."""
    questions = Question.objects.prefetch_related("options")
    return (
        Exercise.objects.filter(edition=edition, key=key)
        .select_related("body", "module")
        .prefetch_related(Prefetch("questions", questions), "solutions__body")
        .first()
    )
