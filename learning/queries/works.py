"""Handed-in work and the gallery."""

from django.db.models import Q

from learning.models import Enrollment, Submission

TEXT_SHOWN = 2000


def gallery(pairs: list[tuple[str, str]], limit: int = 12) -> list[dict]:
    """Works shown by consent for (course slug, project key) pairs, learners' first. One query."""
    wanted = Q()
    for slug, key in pairs:
        wanted |= Q(course__slug=slug, project_key=key)
    if not pairs or limit < 1:
        return []
    rows = (
        Submission.objects.shown()
        .filter(wanted)
        .order_by("is_sample", "-pk")
        .values("title", "text", "link", "author_name", "is_sample", "course__slug", "project_key")
    )
    return [
        {
            "title": row["title"],
            "author": row["author_name"],
            "text": row["text"][:TEXT_SHOWN],
            "link": row["link"],
            "is_sample": row["is_sample"],
            "course_slug": row["course__slug"],
            "project_key": row["project_key"],
            "image": None,
        }
        for row in rows[:limit]
    ]


def own_work(enrollment: Enrollment, project_key: str) -> Submission | None:
    """What the learner handed in for the project. One query."""
    return Submission.objects.filter(enrollment=enrollment, project_key=project_key).first()


def works_of(person):
    """Everything the person handed in, newest first."""
    return Submission.objects.of(person).select_related("enrollment", "course").order_by("-pk")
