"""What a giver says about a gift: for whom, from whom, with which words, on which day."""

from datetime import date, timedelta

from django.db import transaction

from accounts.actions import person_for_email, send_sign_in_link
from engineroom import audit, clock
from payments.actions.checkouts import clean_email, drop_unpaid_order, locked_checkout
from payments.actions.gifts import morning_of, send_link
from payments.models import Checkout, CheckoutLine, Gift
from payments.queries.gifts import gift_by_key
from payments.refusals import EmailNotValid, GiftGone, GiftNotValid, LineMissing, NotGiftable

LONGEST = {"name": 120, "sender": 120, "note": 500}
LATEST = timedelta(days=366)


def _words(said: dict, name: str) -> str:
    text = said.get(name) or ""
    if not isinstance(text, str):
        raise GiftNotValid("Write plain text.", field=name)
    text = " ".join(text.split()) if name != "note" else text.replace("\r\n", "\n").strip()
    if not text.replace("\n", "").isprintable():
        raise GiftNotValid("Write plain text.", field=name)
    if len(text) > LONGEST[name]:
        raise GiftNotValid(f"Write at most {LONGEST[name]} characters.", field=name)
    return text


def _day(said) -> str:
    """The day as an ISO date, empty for at once. Raises GiftNotValid."""
    if not said:
        return ""
    try:
        day = said if isinstance(said, date) else date.fromisoformat(str(said))
    except ValueError as error:
        raise GiftNotValid("Write a day such as 2030-12-24.", field="deliver_on") from error
    today = clock.now().date()
    # Elsewhere it may still be yesterday.
    if not today - timedelta(days=1) <= day <= today + LATEST:
        raise GiftNotValid("Choose a day from today on, within a year.", field="deliver_on")
    return day.isoformat()


def clean_gift(said: dict) -> dict:
    """{email, name, sender, note, deliver_on}, each checked, empty where nothing was said.

    Raises GiftNotValid with the field.
    """
    email = said.get("email") or ""
    if email:
        try:
            email = clean_email(str(email))
        except EmailNotValid as error:
            raise GiftNotValid(error.message, field="email") from error
    words = {name: _words(said, name) for name in LONGEST}
    return {"email": email, **words, "deliver_on": _day(said.get("deliver_on"))}


@transaction.atomic
def set_gift(*, checkout: Checkout, line_id: str, gift: dict | None) -> CheckoutLine:
    """Say that a line is for somebody else, or (None) that it is not after all.

    Raises GiftNotValid, NotGiftable, LineMissing, and what changing a checkout raises.
    """
    checkout = locked_checkout(checkout.pk)
    line = checkout.lines.select_related("offer").filter(public_id=line_id).first()
    if line is None:
        raise LineMissing
    if gift is not None:
        if not line.offer.is_giftable or line.offer.period or line.quantity != 1:
            raise NotGiftable
        gift = clean_gift(gift)
    if gift != line.gift:
        drop_unpaid_order(checkout)
        line.gift = gift
        line.save(update_fields=["gift"])
    return line


@transaction.atomic
def change_gift(*, gift: Gift, said: dict, actor=None) -> Gift:
    """Another address, name, note or day, as long as nobody has claimed it.

    A changed address of a gift that was sent gets a link of its own at once; the old one ends.
    Raises GiftNotValid, GiftGone.
    """
    order = gift.line.order
    before = {"email": gift.email, "name": gift.name, "sender": gift.sender, "note": gift.note}
    wanted = clean_gift({**before, **said})
    fields = {name: wanted[name] for name in before}
    if "deliver_on" in said and not gift.sent_at:
        fields["deliver_at"] = morning_of(wanted, order.person)
    mine = Gift.objects.filter(pk=gift.pk, claimed_at=None, ended_at=None)
    if not mine.update(**fields):
        raise GiftGone
    gift.refresh_from_db()
    audit.record("gift.changed", gift.public_id, actor=actor, fields=sorted(said))
    is_moved = gift.sent_at and gift.email != before["email"]
    if is_moved or (not gift.sent_at and gift.deliver_at <= clock.now()):
        send_link(gift)
        gift.refresh_from_db()
    return gift


@transaction.atomic
def ask_to_claim(*, key: str, email: str) -> None:
    """For a recipient without an account: a mail that signs them in and leads back to the gift.

    Raises EmailNotValid, GiftGone.
    """
    gift = gift_by_key(key)
    if gift is None or gift.claimed_at or gift.ended_at:
        raise GiftGone
    person, _created = person_for_email(email=clean_email(email))
    send_sign_in_link(person=person, next_url=f"/gifts/{key}/")
