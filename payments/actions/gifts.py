"""Gifts: a paid line that waits for the person it is meant for.

The link's key is never kept, only its digest. Each sending makes a new link, and the older one ends.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.actions import lock_person
from accounts.bearers import digest, new_token
from accounts.queries import person_with_email
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url
from engineroom.events import announce
from engineroom.refusals import Refusal
from engineroom.retrying import retried
from payments import sellables
from payments.events import GiftClaimed
from payments.models import CheckoutLine, Gift, OrderLine
from payments.queries.gifts import gift_by_key
from payments.refusals import (
    AlreadyOwned,
    BuyerForgotten,
    GiftEnded,
    GiftGone,
    GiftTaken,
)

MORNING = time(8)
KEPT = timedelta(days=3660)
BATCH = 100


def morning_of(said: dict, buyer) -> datetime:
    """When the mail leaves: in the morning of the chosen day, where the recipient is as far as we
    know; now when no day was chosen."""
    if not said.get("deliver_on"):
        return clock.now()
    known = person_with_email(said["email"]) if said.get("email") else None
    zone = (known or buyer).time_zone if known or buyer else "UTC"
    day = date.fromisoformat(said["deliver_on"])
    return datetime.combine(day, MORNING, ZoneInfo(zone))


def make_gift(line: OrderLine) -> Gift:
    """The line is paid: keep it for its recipient, and write to them when the day has come. Asked
    again, nothing more happens. Runs in the transaction of settling."""
    said, order = line.gift, line.order
    if "gift" in said:
        return Gift.objects.get(line=line)
    if not (said.get("email") or order.email):
        raise BuyerForgotten
    gift = Gift.objects.create(
        line=line,
        key_digest=digest(new_token("gift")),
        email=said.get("email", ""),
        name=said.get("name", ""),
        sender=said.get("sender", ""),
        note=said.get("note", ""),
        deliver_at=morning_of(said, order.person),
    )
    _forget_copies(line, gift)
    # A place that can run out stays kept until somebody claims it.
    sellables.of(line.kind).hold(line, clock.now() + KEPT)
    audit.record("gift.made", gift.public_id, order=order.number)
    if gift.deliver_at <= clock.now():
        send_link(gift)
    return gift


def _forget_copies(line: OrderLine, gift: Gift) -> None:
    """Names and addresses stand in the gift alone, where they can be changed and erased."""
    line.gift = {"gift": gift.public_id}
    OrderLine.objects.filter(pk=line.pk).update(gift=line.gift)
    if line.order.checkout_id and line.offer_id:
        CheckoutLine.objects.filter(
            checkout_id=line.order.checkout_id, offer_id=line.offer_id
        ).update(gift=line.gift)


def _new_link(gift: Gift, **fields) -> str:
    """The address of a fresh link; the one before it ends. Raises GiftGone."""
    key = new_token("gift")
    open_gift = Gift.objects.filter(pk=gift.pk, claimed_at=None, ended_at=None)
    if not open_gift.update(key_digest=digest(key), **fields):
        raise GiftGone
    return absolute_url(f"/gifts/{key}/")


def send_link(gift: Gift) -> None:
    """Mail the link to the recipient, or to the buyer to pass on."""
    url = _new_link(gift, sent_at=clock.now())
    order = gift.line.order
    to = gift.email or order.email
    if not to:
        return
    words = {"gift": gift, "title": gift.line.title, "url": url, "is_test": order.mode == "test"}
    template = "gift" if gift.email else "gift_to_pass_on"
    mail.send(template, to, words, key=f"gift:{gift.public_id}:{digest(url)[:16]}")


def send_due_gifts() -> int:
    """Write to everybody whose day has come; returns to how many."""
    due = Gift.objects.filter(
        sent_at=None, claimed_at=None, ended_at=None, deliver_at__lte=clock.now()
    )
    sent = 0
    for gift in due.select_related("line__order").order_by("deliver_at", "pk")[:BATCH]:
        with transaction.atomic():
            mine = Gift.objects.filter(pk=gift.pk, sent_at=None, claimed_at=None, ended_at=None)
            if mine.update(sent_at=clock.now()):
                send_link(gift)
                sent += 1
    return sent


@retried
@transaction.atomic
def claim_gift(*, key: str, person) -> Gift:
    """Give what the gift holds to the person, once. Their own claim again is answered the same.

    Raises GiftGone, GiftTaken, GiftEnded, and what the thing refuses: who owns it already cannot
    claim it, and the gift stays open for somebody else.
    """
    # Two gifts of one thing, or a gift and an order: the second sees what the first has given.
    lock_person(person.pk)
    gift = gift_by_key(key)
    if gift is None:
        raise GiftGone
    if gift.claimed_at and gift.claimed_by_id == person.pk:
        return gift
    _require_open(gift)
    line = gift.line
    thing = sellables.of(line.kind)
    try:
        thing.refuse(person, line.key, line.quantity)
    except Refusal as refusal:
        if refusal.code == AlreadyOwned.code:
            raise AlreadyOwned(
                f"You already have “{line.title}”. The gift stays open: pass its link on."
            ) from refusal
        # It was paid for: that it is not on sale any more does not matter to its recipient.
    if not Gift.objects.filter(pk=gift.pk, claimed_at=None, ended_at=None).update(
        claimed_at=clock.now(), claimed_by=person
    ):
        gift.refresh_from_db()
        if gift.claimed_by_id == person.pk:
            return gift
        _require_open(gift)
        raise GiftGone
    gift.refresh_from_db()
    OrderLine.objects.filter(pk=line.pk).update(recipient=person)
    line.recipient = person
    thing.deliver(line)
    audit.record("gift.claimed", gift.public_id, actor=person, order=line.order.number)
    announce(GiftClaimed(gift_id=gift.pk, line_id=gift.line_id, person_id=person.pk))
    return gift


def _require_open(gift: Gift) -> None:
    if gift.ended_at:
        raise GiftEnded
    if gift.claimed_at:
        raise GiftTaken


@transaction.atomic
def end_gift(line: OrderLine) -> None:
    """The line was refunded: an open gift ends, and what a claimed one gave ends with it."""
    gift = Gift.objects.filter(line=line).first()
    if gift is None:
        return
    if not Gift.objects.filter(pk=gift.pk, ended_at=None).update(ended_at=clock.now()):
        return
    # Read after the update: on PostgreSQL a claim that was under way has been waited for.
    gift.refresh_from_db()
    thing = sellables.of(line.kind)
    if gift.claimed_at:
        line.recipient = gift.claimed_by
        thing.withdraw(line)
    else:
        thing.release(line)
    audit.record("gift.ended", gift.public_id, was_claimed=bool(gift.claimed_at))


@transaction.atomic
def resend_gift(*, gift: Gift, actor=None) -> Gift:
    """Mail the link again, now. Links sent before end. Raises GiftGone."""
    send_link(gift)
    gift.refresh_from_db()
    audit.record("gift.sent_again", gift.public_id, actor=actor)
    return gift


@transaction.atomic
def make_gift_link(*, gift: Gift, actor=None) -> str:
    """A link for the buyer to hand over themselves; links sent before end. Raises GiftGone."""
    url = _new_link(gift, sent_at=clock.now())
    audit.record("gift.link_made", gift.public_id, actor=actor)
    return url


def forget_gifts(*, person) -> None:
    """Take the person out of gifts they gave or got, in the caller's transaction. What was sent to
    others and not claimed stays claimable by its link."""
    given = Gift.objects.filter(line__order__person=person)
    given.update(sender="", note="")
    for gift in given.select_related("line__order").order_by("pk"):
        # Mails to the recipients say who gave. One that has not left is written anew, without.
        if mail.forget_about(f"gift:{gift.public_id}:") and not (gift.claimed_at or gift.ended_at):
            send_link(gift)
    given.exclude(sent_at=None, claimed_at=None).update(name="", email="")
    Gift.objects.filter(claimed_by=person).update(name="", email="", claimed_by=None)
    Gift.objects.filter(email__iexact=person.email).update(name="", email="")
    for model, own in ((CheckoutLine, "checkout__person"), (OrderLine, "order__person")):
        model.objects.filter(**{own: person}, gift__has_key="note").update(gift={"erased": True})
        model.objects.filter(gift__email=person.email).update(gift={"erased": True})
