"""Gifts as their buyers and recipients see them."""

from django.db.models import Q

from accounts.bearers import digest
from payments.models import Gift


def gift_by_key(key: str) -> Gift | None:
    """The gift whose link carries the key: one query."""
    return Gift.objects.filter(key_digest=digest(key)).select_related("line__order__person").first()


def gifts_given(person):
    """What the person bought for others, newest first: one query."""
    return (
        Gift.objects.filter(line__order__person=person)
        .select_related("line__order__person")
        .order_by("-pk")
    )


def gifts_got(person):
    """What the person claimed, newest first: one query."""
    return (
        Gift.objects.filter(claimed_by=person).select_related("line__order__person").order_by("-pk")
    )


def gift_given(person, public_id: str) -> Gift | None:
    """A gift that this person bought; another's does not exist. One query."""
    if not public_id.isprintable():
        return None
    return gifts_given(person).filter(public_id=public_id).first()


def export_gifts(person) -> list[dict]:
    """Every gift about the person, as plain values."""
    mine = Q(line__order__person=person) | Q(claimed_by=person) | Q(email__iexact=person.email)
    return [
        {
            "gift": gift.public_id,
            "title": gift.line.title,
            "is_given": gift.line.order.person_id == person.pk,
            "email": gift.email,
            "name": gift.name,
            "sender": gift.sender,
            "note": gift.note,
            "deliver_at": gift.deliver_at.isoformat(),
            "claimed_at": gift.claimed_at.isoformat() if gift.claimed_at else None,
        }
        for gift in Gift.objects.filter(mine).select_related("line__order").order_by("pk")
    ]
