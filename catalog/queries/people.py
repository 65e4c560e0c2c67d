"""Who may see what is not published, and who may write which course."""

from django.db.models import Q

from catalog.models import Course, Edition, Instructor
from engineroom.refusals import Invalid, NotAllowed

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


def is_held_to_own(person) -> bool:
    """Whether the person writes courses, and only those that name them."""
    return person.has_perm("catalog.change_course") and not person.has_perm(WRITES_EVERY_COURSE)


def of_own_courses(rows, person, path: str, *, with_none: bool = False):
    """The rows whose course, found by `path`, the person writes; all of them for everybody who is
    not held to their own. `with_none`: those without a course too."""
    if not is_held_to_own(person):
        return rows
    own = Q(**{f"{path}__in": Course.objects.filter(instructors__person=person).values("pk")})
    return rows.filter(own | Q(**{path: None}) if with_none else own)


def instructors_named_by(person, named: list[Instructor] | None) -> list[Instructor] | None:
    """Whom a new course names: whoever may not write every course is one of them, or makes none."""
    if person.has_perm(WRITES_EVERY_COURSE):
        return named
    own = own_instructors(person)
    if not own:
        raise NotAllowed("You are no instructor of the school yet.")
    if named is None:
        return own
    if not set(own) & set(named):
        raise Invalid("Name yourself among the instructors.", field="instructors")
    return named


def own_instructors(person) -> list[Instructor]:
    """The instructors who are this person."""
    return list(Instructor.objects.filter(person=person).order_by("pk"))


def edition_by_id(public_id: str) -> Edition | None:
    return (
        Edition.objects.filter(public_id=public_id)
        .select_related("course__cover__image", "description")
        .first()
    )
