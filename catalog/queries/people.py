"""Who may see what is not published."""

from catalog.models import Course, Edition, Instructor

WRITES_EVERY_COURSE = "catalog.write_every_course"


def may_preview(person, course: Course) -> bool:
    """Staff who may change courses, and the course's own instructors."""
    if not getattr(person, "is_authenticated", False) or not person.is_active:
        return False
    if person.has_perm("catalog.change_course"):
        return True
    return course.instructors.filter(person=person).exists()


def may_write(person, course: Course) -> bool:
    """Whoever may change courses, in those that name them as instructor or, with the permission, in
    every one."""
    if not person.has_perm("catalog.change_course"):
        return False
    if person.has_perm(WRITES_EVERY_COURSE):
        return True
    return course.instructors.filter(person=person).exists()


def own_instructors(person) -> list[Instructor]:
    """The instructors who are this person."""
    return list(Instructor.objects.filter(person=person).order_by("pk"))


def edition_by_id(public_id: str) -> Edition | None:
    return (
        Edition.objects.filter(public_id=public_id)
        .select_related("course__cover__image", "description")
        .first()
    )
