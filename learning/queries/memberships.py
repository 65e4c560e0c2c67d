"""What a membership opens, and who has one."""

from django.db.models import Q

from catalog.models import SlugRedirect, Topic
from engineroom import clock
from learning.models import Grant
from learning.refusals import NoSuchMembership
from payments.queries.offers import offers_giving
from payments.queries.things import is_sold

KIND = "membership"
SCHOOL = "school"
TOPIC = "topic:"


def membership_named(key: str) -> tuple[str, str, Topic | None]:
    """(scope, scope key, topic) of `school` or `topic:<slug>`. Raises NoSuchMembership.

    One query for a topic, two when it has moved to another slug since.
    """
    if key == SCHOOL:
        return Grant.Scope.SCHOOL, "", None
    name = key.removeprefix(TOPIC) if key.startswith(TOPIC) and "\0" not in key else ""
    topic = Topic.objects.filter(slug=name).first() if name else None
    if topic is None and name:
        moved = SlugRedirect.objects.filter(kind="topic", old_slug=name).values("new_slug")
        topic = Topic.objects.filter(slug__in=moved).first()
    if topic is None:
        raise NoSuchMembership
    return Grant.Scope.TOPIC, topic.public_id, topic


def memberships_with(topics: list[str]) -> list[dict]:
    """Memberships on sale that open a course of these topics (slugs), cheapest first: one query."""
    return offers_giving(KIND, [SCHOOL, *(f"{TOPIC}{slug}" for slug in topics)])


def has_membership(person, scope: str, scope_key: str) -> bool:
    """Whether a membership of the person holds now that opens as much: one query."""
    grants = Grant.objects.valid().of(person).filter(source=Grant.Source.MEMBERSHIP)
    return grants.filter(scope=scope, scope_key=scope_key).exists()


def was_given(line: str) -> bool:
    """Whether the paid period of this order line gave a grant: one query."""
    return Grant.objects.filter(source=Grant.Source.MEMBERSHIP, source_key=line).exists()


def topic_in_use(topic: Topic) -> str:
    """Slot `catalog.topic_in_use`: why the topic cannot go, empty when it can. Up to five queries."""
    moved = SlugRedirect.objects.filter(kind="topic", new_slug=topic.slug)
    slugs = [topic.slug, *moved.values_list("old_slug", flat=True)]
    if is_sold(KIND, [f"{TOPIC}{slug}" for slug in slugs]):
        return "An offer, an open order or a running subscription gives a membership of it."
    grants = Grant.objects.filter(scope=Grant.Scope.TOPIC, scope_key=topic.public_id)
    if grants.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now())).exists():
        return "Somebody may study it."
    return ""
