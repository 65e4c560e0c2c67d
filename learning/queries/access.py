"""Who may open what. Access is asked anew on every request and never cached."""

from django.db.models import Max, Q

from accounts.models import User
from catalog.models import Course, Edition, Exercise, Lesson, Project, SlugRedirect, Topic
from learning.models import Enrollment, Grant
from learning.refusals import AccessEnded, NoGrant, NoSuchCourse, NoSuchPerson, Withdrawn


def may_open(person, course: Course) -> bool:
    """Whether a valid grant of the person opens the course. One query; none for a stranger."""
    if person is None or not getattr(person, "is_authenticated", False):
        return False
    return Grant.objects.valid().of(person).opening(course).exists()


def owns_for_good(person, scope: str, course: Course | None) -> bool:
    """Whether a grant without an end opens what the scope names already. One query."""
    grants = Grant.objects.valid().of(person).filter(ends_at=None)
    if scope == Grant.Scope.SCHOOL or course is None:
        return grants.filter(scope=Grant.Scope.SCHOOL).exists()
    return grants.opening(course).exists()


def owns(person, course: Course) -> bool:
    """The same without memberships: members may buy a course to keep it. One query."""
    grants = Grant.objects.valid().of(person).opening(course)
    return grants.exclude(source=Grant.Source.MEMBERSHIP).exists()


def had_access(person, course: Course) -> bool:
    """Whether any grant, valid or not, ever named the course or its topics. One query."""
    return Grant.objects.of(person).opening(course).exists()


def course_by_slug(slug: str) -> Course | None:
    """The course at the address, or at the one it moved to. One query, or two."""
    courses = Course.objects.select_related("published_edition", "cover__image")
    course = courses.filter(slug=slug).first()
    if course is None:
        moved = SlugRedirect.objects.filter(kind="course", old_slug=slug).values("new_slug")
        course = courses.filter(slug__in=moved).first()
    return course


def course_named(slug: str) -> Course:
    """The same; raises NoSuchCourse."""
    course = course_by_slug(slug) if "\0" not in slug else None
    if course is None:
        raise NoSuchCourse
    return course


def places(person):
    """The person's enrollments with what a door needs to know about them. One query."""
    return (
        Enrollment.objects.of(person)
        .with_access()
        .select_related("course__cover__image", "course__published_edition", "edition")
        .order_by("-seen_at", "-pk")
    )


def place(person, slug: str) -> Enrollment | None:
    """The person's place in the course at the address. One query."""
    return places(person).filter(course__slug=slug).first()


def place_by_id(person, public_id: str) -> Enrollment | None:
    """The person's own enrollment; another's does not exist. One query."""
    if "\0" in public_id:
        return None
    return places(person).filter(public_id=public_id).first()


def buy_url(course: Course) -> str:
    return course.get_absolute_url()


def refusal_for(person, course: Course) -> NoGrant:
    """Why the person may not open the course, and where they may get a place."""
    kind = AccessEnded if had_access(person, course) else NoGrant
    return kind(buy_url=buy_url(course))


def require_open(enrollment: Enrollment) -> Enrollment:
    """Raises AccessEnded, NoGrant or Withdrawn unless the place may be used now. One query."""
    allowed = getattr(enrollment, "has_access", None)
    if allowed is None:
        allowed = may_open(enrollment.person, enrollment.course)
    if not allowed:
        raise refusal_for(enrollment.person, enrollment.course)
    if enrollment.edition.state == Edition.State.WITHDRAWN:
        raise Withdrawn(continue_url=f"/learn/{enrollment.course.slug}/")
    return enrollment


def scope_exists(scope: str, scope_key: str) -> bool:
    """Whether the school has what a grant names."""
    if scope == Grant.Scope.SCHOOL:
        return scope_key == ""
    if scope == Grant.Scope.COURSE:
        return Course.objects.filter(public_id=scope_key).exists()
    if scope == Grant.Scope.TOPIC:
        return Topic.objects.filter(public_id=scope_key).exists()
    return False


def scope_key_for(scope: str, name: str) -> str:
    """The public id of the topic or course that staff named by slug or id; empty when unknown."""
    model = {Grant.Scope.COURSE: Course, Grant.Scope.TOPIC: Topic}.get(scope)
    if model is None or "\0" in name:
        return ""
    found = model.objects.filter(Q(slug=name) | Q(public_id=name)).values_list("public_id")
    return found[0][0] if found else ""


def edition_before(edition: Edition) -> int | None:
    """The number of the course's edition before this one."""
    earlier = Edition.objects.filter(course_id=edition.course_id, number__lt=edition.number)
    return earlier.aggregate(Max("number"))["number__max"]


def item_kind(edition_id: int, key: str) -> str | None:
    """Of what kind the edition's item with the key is. Up to three queries."""
    for kind, model in (("lesson", Lesson), ("exercise", Exercise), ("project", Project)):
        if model.objects.filter(edition_id=edition_id, key=key).exists():
            return kind
    return None


def was_in_course(course_id: int, key: str) -> bool:
    """Whether an edition that was ever published has an item with the key. Up to three queries."""
    published = Edition.objects.filter(course_id=course_id).exclude(number=None).values("pk")
    return any(
        model.objects.filter(edition_id__in=published, key=key).exists()
        for model in (Lesson, Exercise, Project)
    )


def all_grants():
    """For staff, newest first."""
    return Grant.objects.select_related("person").order_by("-pk")


def person_named(name: str) -> User:
    """The active person with the e-mail address or public id. Raises NoSuchPerson."""
    people = User.objects.filter(is_active=True)
    found = people.filter(Q(email__iexact=name) | Q(public_id=name)).first() if name else None
    if found is None:
        raise NoSuchPerson
    return found
