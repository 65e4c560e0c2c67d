"""How far people are: always from rows, against the edition they are pinned to."""

from collections import defaultdict

from django.db.models import F, Value

from catalog.models import Exercise, Lesson, Project
from learning import outlines
from learning.models import Completion, Enrollment
from learning.outlines import Outline

SIZES = ((Lesson, "lesson", "minutes"), (Exercise, "exercise", "question_count"))
SIZES += ((Project, "project", "hours"),)


def _item_rows(edition_ids: list[int]) -> dict[int, list[tuple]]:
    """The items of the editions without their texts. One query."""
    found = defaultdict(list)
    if not edition_ids:
        return found
    parts = [
        model.objects.filter(edition_id__in=edition_ids)
        .order_by()
        .annotate(item_kind=Value(kind), size=F(size))
        .values_list(
            "edition_id",
            "module__position",
            "module_id",
            "module__title",
            "position",
            "item_kind",
            "key",
            "title",
            "size",
        )
        for model, kind, size in SIZES
    ]
    for edition_id, *row in parts[0].union(*parts[1:], all=True):
        found[edition_id].append(tuple(row))
    return found


def _done(enrollment_ids: list[int]) -> dict[int, set]:
    """What was completed. One query."""
    found = defaultdict(set)
    rows = Completion.objects.filter(enrollment_id__in=enrollment_ids).order_by()
    for enrollment_id, kind, key in rows.values_list("enrollment_id", "item_kind", "item_key"):
        found[enrollment_id].add((kind, key))
    return found


def outlines_of(enrollments: list[Enrollment]) -> dict[int, Outline]:
    """The outline of each place, by the enrollment's key. Two queries however many."""
    rows = _item_rows(sorted({place.edition_id for place in enrollments}))
    done = _done([place.pk for place in enrollments]) if enrollments else {}
    return {
        place.pk: outlines.build(rows[place.edition_id], done.get(place.pk, set()))
        for place in enrollments
    }


def outline_of(enrollment: Enrollment) -> Outline:
    """Two queries."""
    return outlines_of([enrollment])[enrollment.pk]


def outlines_in(enrollment: Enrollment, edition_ids: list[int]) -> list[Outline]:
    """How far the place is, counted against each of these editions. Two queries."""
    rows, done = _item_rows(edition_ids), _done([enrollment.pk])[enrollment.pk]
    return [outlines.build(rows[edition_id], done) for edition_id in edition_ids]
