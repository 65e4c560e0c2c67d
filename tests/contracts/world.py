"""A small school with one thing of each kind, for tests that visit every address.

What is private belongs to somebody else than the roles who visit.
"""

from dataclasses import dataclass, field

from django.urls import reverse

from accounts import actions as people
from accounts.roles import LEARNER, MANAGER, SUPPORT
from catalog.models import ContentFile
from learning.actions.access import start_course
from learning.actions.practice import start_attempt
from payments import sellables
from tests.contracts.routes import Route
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course, make_instructor, make_topic
from tests.factories.payments import DummySellable, make_checkout, make_order

ROLES = ("anonymous", "learner", "support", "manager")
GROUPS = {"learner": LEARNER, "support": SUPPORT, "manager": MANAGER}


@dataclass
class World:
    """Where each argument of an address leads, by (name of the route, argument) or argument."""

    people: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)

    def address(self, route: Route, arguments) -> str:
        """The address with arguments from this school; nonsense where it has nothing fitting."""
        found = {}
        for name in arguments:
            found[name] = self.values.get((route.name, name), self.values.get(name, "none"))
        return reverse(route.name, kwargs=found)


def build() -> World:
    """Make the school. Needs the database."""
    sellables.register("dummy", DummySellable())
    world = World()
    topic, instructor = make_topic(sections=1), make_instructor()
    course = make_course(
        slug="open-course",
        is_free=True,
        lessons=2,
        exercises=1,
        projects=1,
        topics=[topic],
        instructors=[instructor],
    )
    edition = course.editions.filter(state="published").get()
    stranger = make_user(name="Somebody Else", roles=[LEARNER])
    enrollment = start_course(person=stranger, course=course)
    exercise = edition.exercises.get()
    attempt = start_attempt(enrollment=enrollment, exercise_key=exercise.key)
    lesson, project = edition.lessons.order_by("position").first(), edition.projects.get()
    order, checkout = make_order(person=stranger), make_checkout(person=stranger)
    device, _access, _refresh = people.issue_device(person=stranger, name="Phone")
    for role, group in GROUPS.items():
        staff = role in ("support", "manager")
        world.people[role] = make_user(name=role.title(), is_staff=staff, roles=[group])
        _device, world.tokens[role], _refresh = people.issue_device(person=world.people[role])
    people.keep_roles()
    file = ContentFile.objects.first()
    world.values = {
        "slug": course.slug,
        "key": lesson.key,
        "tag": "people",
        "edition_id": edition.public_id,
        "place": "lessons",
        "locale": "de",
        "name": "courses",
        "digest": file.digest if file else "0" * 64,
        "question_key": exercise.questions.first().key,
        "attempt_id": attempt.public_id,
        "enrollment_id": enrollment.public_id,
        "number": order.number,
        "checkout_id": checkout.public_id,
        "offer_id": checkout.lines.first().offer.public_id,
        "line_id": checkout.lines.first().public_id,
        "public_id": device.public_id,
        "device": device.public_id,
        "gateway": "simulator",
        "session": "aaaaaaaa",
        "uidb36": "1",
        "provider_id": "none",
        "pk": 1,
        ("catalog:content-file", "name"): "picture.png",
        ("account_confirm_email", "key"): "MQ:1abcde:sig",
    }
    for name, value in (
        ("topic-detail", {"slug": topic.slug}),
        ("instructor-detail", {"slug": instructor.slug}),
        ("exercise-detail", {"key": exercise.key}),
        ("project-detail", {"key": project.key}),
        ("enrollment-project", {"key": project.key}),
        ("question-list", {"key": exercise.key}),
        ("question-detail", {"key": exercise.key}),
    ):
        for argument, one in value.items():
            for space in ("catalog", "api-v1"):
                world.values[f"{space}:{name}", argument] = one
    return world
