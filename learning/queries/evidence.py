"""What people did with what they bought, for a dispute about it."""

from django.db.models import Count, Q

from learning.models import Attempt, Enrollment

DAY = "%d %B %Y, %H:%M UTC"
MOST = 50


def evidence(person, things: list[tuple[str, str]]) -> list[str]:
    """Slot `payments.evidence`: a sentence a course that the person has begun. Two queries.

    What is sold by other names, such as a membership or a seat, may open any of them.
    """
    slugs = [key for kind, key in things if kind == "course"]
    theirs = Enrollment.objects.filter(person=person)
    if len(slugs) == len(things):
        theirs = theirs.filter(course__slug__in=slugs)
    begun = (
        theirs.select_related("course").annotate(done=Count("completions")).order_by("pk")[:MOST]
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
