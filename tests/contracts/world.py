"""A small school with one thing of each kind, for tests that visit every address.

What is private belongs to the owner, what is written to the instructor: all others are strangers.
"""

from dataclasses import dataclass, field

from django.test import override_settings
from django.urls import reverse

from accounts import actions as people
from accounts.roles import INSTRUCTOR, LEARNER, MANAGER, SUPPORT
from catalog.models import ContentFile
from learning.actions import give_grant, start_attempt, start_course, submit_work
from learning.actions.certificate_rules import set_rule
from learning.actions.certificates import issue_by_hand
from learning.actions.seats import invite_people, renew_link
from payments import sellables
from payments.actions.coupons import make_coupon, make_coupon_batch
from payments.actions.gifts import make_gift_link
from payments.actions.invoices import issue_invoice
from tests.contracts.routes import Route
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course, make_instructor, make_topic
from tests.factories.cohorts import make_cohort
from tests.factories.gifts import give
from tests.factories.payments import DummySellable, make_checkout, make_offer, make_order
from tests.factories.seats import make_pool, make_team
from tests.factories.subscriptions import make_subscription

GROUPS = {
    "learner": LEARNER,
    "owner": LEARNER,
    "instructor": INSTRUCTOR,
    "other": INSTRUCTOR,  # of another course
    "support": SUPPORT,
    "manager": MANAGER,
    "clerk": None,  # let into the admin, and nothing more
}
ROLES = ("anonymous", *GROUPS)


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
    for role, group in GROUPS.items():
        is_staff = role not in ("learner", "owner")
        groups = [group] if group else []
        person = make_user(name=role.title(), is_staff=is_staff, roles=groups)
        world.people[role] = person
        device, world.tokens[role], _refresh = people.issue_device(person=person, name="Phone")
        if role == "owner":
            world.values |= {"public_id": device.public_id, "device": device.public_id}
    people.keep_roles()
    topic, instructor = make_topic(sections=1), make_instructor(person=world.people["instructor"])
    make_course(instructors=[make_instructor(person=world.people["other"])])
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
    draft, owner = course.editions.get(state="draft"), world.people["owner"]
    enrollment = start_course(person=owner, course=course)
    exercise = edition.exercises.get()
    attempt = start_attempt(enrollment=enrollment, exercise_key=exercise.key)
    lesson, project = edition.lessons.order_by("position").first(), edition.projects.get()
    submission = submit_work(enrollment=enrollment, project_key=project.key, title="Mine", text="T")
    grant = give_grant(person=owner, scope="course", scope_key=course.public_id)
    gift = give(make_offer(), person=owner)
    subscription = make_subscription(owner)
    gift_key = make_gift_link(gift=gift).rstrip("/").rpartition("/")[2]
    order, checkout = make_order(person=owner), make_checkout(person=owner)
    with override_settings(SELLER_COUNTRY="DE"):
        invoice = issue_invoice(order)
    pool = make_pool(team=make_team(owner), course=course, seats=3)
    (claim,) = invite_people(pool=pool, people=[("seat@example.com", "")], actor=owner)
    seat_key = renew_link(pool=pool, actor=owner).rstrip("/").rpartition("/")[2]
    cohort = make_cohort(course=course)
    rule = set_rule(course=course)
    certificate = issue_by_hand(person=owner, course=course)
    coupon = make_coupon(code="SPRING", kind="percent", percent=2000)
    batch = make_coupon_batch(title="Letters", count=2, kind="percent", percent=2000)
    file = ContentFile.objects.first()
    world.values |= {
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
        "submission_id": getattr(submission, "public_id", submission),
        "grant_id": grant.public_id,
        "number": order.number,
        "invoice_id": invoice.public_id,
        "checkout_id": checkout.public_id,
        "offer_id": checkout.lines.first().offer.public_id,
        "line_id": checkout.lines.first().public_id,
        "coupon_id": coupon.public_id,
        "batch_id": batch.public_id,
        "gift_id": gift.public_id,
        "subscription_id": subscription.public_id,
        "team_id": pool.team.public_id,
        "pool_id": pool.public_id,
        "claim_id": claim.public_id,
        "person_id": owner.public_id,
        "cohort_id": cohort.public_id,
        "certificate_id": certificate.public_id,
        "code": certificate.number,
        "list_number": certificate.status_list,
        "rule_id": rule.public_id,
        ("payments:gift", "key"): gift_key,
        ("groups:join", "key"): seat_key,
        "edition_number": edition.number,
        "gateway": "simulator",
        "session": "aaaaaaaa",
        "uidb36": "1",
        "provider_id": "none",
        "pk": 1,
        ("catalog:preview", "edition_id"): draft.public_id,
        ("catalog:preview-item", "edition_id"): draft.public_id,
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
