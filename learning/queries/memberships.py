"""What a membership opens, and who has one."""

from catalog.models import SlugRedirect, Topic
from learning.models import Grant
from learning.refusals import NoSuchMembership

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


def has_membership(person, scope: str, scope_key: str) -> bool:
    """Whether a membership of the person holds now that opens as much: one query."""
    grants = Grant.objects.valid().of(person).filter(source=Grant.Source.MEMBERSHIP)
    return grants.filter(scope=scope, scope_key=scope_key).exists()
