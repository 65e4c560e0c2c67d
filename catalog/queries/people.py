"""Who may see what is not published."""

from catalog.models import Course, Edition


def may_preview(person, course: Course) -> bool:
    """Staff who may change courses, and the course's own instructors."""
    if not getattr(person, "is_authenticated", False) or not person.is_active:
        return False
    if person.has_perm("catalog.change_course"):
        return True
    return course.instructors.filter(person=person).exists()


def edition_by_id(public_id: str) -> Edition | None:
    return (
        Edition.objects.filter(public_id=public_id)
        .select_related("course__cover__image", "description")
        .first()
    )
