"""What learning shows on other rooms' pages, as their slots ask for it."""

from django.db.models import Count, Q

from engineroom import clock
from learning.models import (
    Answer,
    Attempt,
    Completion,
    Enrollment,
    Grant,
    Seat,
    SeatClaim,
    Submission,
    WaitingEntry,
)
from learning.queries.access import places
from learning.queries.progress import outline_of

REACHED = ("last_key", "seen_at", "finished_at", "finished_edition")


def my_place(person, course) -> dict | None:
    """Where the person is in the course: {"url", "label", "done", "total"}, and, while there is a newer
    edition, "news", the address that tells what it changes. Three queries."""
    if person is None or not getattr(person, "is_authenticated", False):
        return None
    enrollment = places(person).filter(course_id=course.pk).first()
    if enrollment is None or not enrollment.has_access:
        return None
    outline = outline_of(enrollment)
    start = f"/learn/{enrollment.course.slug}/"
    item = outline.next_open(enrollment.last_key)
    is_new = not enrollment.last_key and not outline.done
    label = "Start learning" if is_new else "Continue" if item else "Read again"
    place = {
        "url": f"{start}{item.key}/" if item else start,
        "label": f"{label}: {item.title}" if item else label,
        "done": outline.done,
        "total": outline.total,
    }
    return place | ({"news": enrollment.news_url} if enrollment.has_newer_edition else {})


def start_url(course) -> str:
    return f"/learn/{course.slug}/"


def board(request) -> dict | None:
    """Today's enrollments for the admin's front page. Two queries."""
    if not request.user.has_perm("learning.view_enrollment"):
        return None
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Enrollment.objects.filter(started_at__gte=midnight)
    busiest = list(
        today.order_by()
        .values("course__title")
        .annotate(count=Count("pk"))
        .order_by("-count", "course__title")[:5]
    )
    graded = Attempt.objects.filter(submitted_at__gte=midnight).count()
    context = {"count": today.count(), "busiest": busiest, "graded": graded}
    return {
        "title": "Enrollments today",
        "template": "learning/board.html",
        "context": context,
        "size": 4,
    }


def section(request) -> dict:
    return {
        "title": "My learning",
        "url": "/learn/",
        "text": "Your courses, results and handed-in work.",
    }


def teams_section(request) -> dict:
    return {
        "title": "Teams",
        "url": "/teams/",
        "text": "Seats for people you work with: invite them, see who learns.",
    }


def _plain(rows, *names) -> list[dict]:
    return [
        {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in row.items()
        }
        for row in rows.values(*names)
    ]


def export(person) -> dict:
    """Every row about the person, a list of {"kind": table, …}."""
    mine = Q(person=person) | Q(email__iexact=person.email)
    tables = {
        "grant": (
            Grant.objects.filter(person=person),
            ("public_id", "scope", "scope_key", "starts_at", "ends_at", "source", "source_key"),
        ),
        "enrollment": (
            Enrollment.objects.filter(person=person),
            ("public_id", "course__slug", "edition__number", "started_at", *REACHED),
        ),
        "completion": (
            Completion.objects.filter(enrollment__person=person),
            ("enrollment__public_id", "item_kind", "item_key", "completed_at"),
        ),
        "attempt": (
            Attempt.objects.filter(enrollment__person=person),
            ("public_id", "enrollment__public_id", "exercise_key", "edition_number", "state")
            + ("started_at", "submitted_at", "score", "max_score"),
        ),
        "answer": (
            Answer.objects.filter(attempt__enrollment__person=person),
            ("attempt__public_id", "question_key", "given", "is_right", "points", "saved_at"),
        ),
        "submission": (
            Submission.objects.filter(enrollment__person=person),
            ("public_id", "course__slug", "project_key", "title", "text", "link", "author_name")
            + ("is_public", "is_hidden", "submitted_at"),
        ),
        "seat": (
            Seat.objects.filter(person=person),
            ("public_id", "cohort__title", "state", "expires_at", "created_at", "taken_at"),
        ),
        "waiting": (
            WaitingEntry.objects.filter(mine),
            ("public_id", "cohort__title", "email", "state", "offered_until", "created_at"),
        ),
        "team seat": (
            SeatClaim.objects.filter(mine),
            ("public_id", "pool__team__name", "email", "name", "state", "created_at")
            + ("claimed_at", "ended_at"),
        ),
    }
    rows = [
        {"kind": kind} | row
        for kind, (found, names) in tables.items()
        for row in _plain(found.order_by("pk"), *names)
    ]
    return {"name": "learning", "rows": rows}
