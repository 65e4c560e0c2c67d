"""What people did with what they bought, for a dispute about it."""

from django.db.models import Count, Q

from learning.models import Attempt, Enrollment

DAY = "%d %B %Y, %H:%M UTC"


def evidence(person, things: list[tuple[str, str]]) -> list[str]:
    """Slot `payments.evidence`: a sentence a course that the person has begun. Two queries."""
    slugs = [key for kind, key in things if kind == "course"]
    begun = (
        Enrollment.objects.filter(person=person, course__slug__in=slugs)
        .select_related("course")
        .annotate(done=Count("completions"))
        .order_by("pk")
    )
    tries = dict(
        Attempt.objects.filter(Q(enrollment__person=person))
        .order_by()
        .values_list("enrollment_id")
        .annotate(Count("pk"))
    )
    return [
        f"{one.course.title}: begun {one.started_at:{DAY}}, last opened {one.seen_at:{DAY}}, "
        f"{one.done} lessons completed, {tries.get(one.pk, 0)} exercises tried"
        for one in begun
    ]
