"""Filling a checkout: lines in, lines out, the address of the receipt."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from engineroom import clock
from engineroom.retrying import retried
from payments import sellables, states
from payments.actions.canceling import cancel_order
from payments.doubling import TwiceInOrder, twice_in
from payments.models import Checkout, CheckoutLine, Offer, OfferItem
from payments.queries.checkouts import live_order_of
from payments.queries.transfers import open_transfer_of
from payments.refusals import (
    CheckoutExpired,
    CheckoutFinished,
    EmailFixed,
    EmailNotValid,
    LineMissing,
    NotGiftable,
    OfferClosed,
    OfferSoldOut,
    OtherCurrency,
    QuantityNotValid,
    StandsAlone,
    StillProcessing,
    TooManyLines,
)

LIFETIME = timedelta(hours=24)
MOST_LINES = 20
MOST_PIECES = 1000
UNNAMED_GIFT = {"email": "", "name": "", "sender": "", "note": "", "deliver_on": ""}


def clean_email(email: str) -> str:
    """The address in the form we keep. Raises EmailNotValid."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise EmailNotValid from error
    if len(email) > 254 or not email.isprintable():
        raise EmailNotValid
    return email


def locked_checkout(checkout_id: int) -> Checkout:
    """The checkout, locked where the database can, ready to be changed.

    Raises CheckoutFinished or CheckoutExpired.
    """
    checkout = (
        Checkout.objects.select_for_update(of=("self",))
        .select_related("person", "coupon")
        .get(pk=checkout_id)
    )
    if checkout.state == Checkout.State.FINISHED:
        raise CheckoutFinished
    if not checkout.is_open:
        raise CheckoutExpired
    return checkout


def refuse_twice(things: Iterable[tuple[str, str, str]]) -> None:
    """Raises TwiceInOrder when one of these (kind, key, title) would be paid for twice."""
    if title := twice_in(things):
        raise TwiceInOrder(
            f"“{title}” is in your order already, by itself or as a part of something else."
        )


def _own_things(lines: Iterable[CheckoutLine]) -> list[tuple[str, str, str]]:
    parts = (part for line in lines if line.gift is None for part in line.parts)
    return [(part["kind"], part["key"], part["title"]) for part in parts]


def drop_unpaid_order(checkout: Checkout) -> None:
    """What is about to change was ordered, but not paid: that order goes."""
    order = live_order_of(checkout)
    if order is None:
        return
    if order.state == states.PROCESSING:
        raise StillProcessing
    cancel_order(order=order, reason="The checkout was changed.")


def _open_one(person, guest_id: str) -> Checkout | None:
    open_ones = Checkout.objects.filter(state=Checkout.State.OPEN, expires_at__gt=clock.now())
    if person is not None and (mine := open_ones.filter(person=person).first()):
        return mine
    return open_ones.filter(person=None, public_id=guest_id).first() if guest_id else None


def _new(person, currency: str) -> Checkout:
    """A fresh checkout. A twin of the same person that was first is returned instead."""
    if person is not None:
        Checkout.objects.filter(
            person=person, state=Checkout.State.OPEN, expires_at__lte=clock.now()
        ).update(state=Checkout.State.EXPIRED)
    try:
        with transaction.atomic():
            return Checkout.objects.create(
                person=person, currency=currency, expires_at=clock.now() + LIFETIME
            )
    except IntegrityError:
        return Checkout.objects.get(person=person, state=Checkout.State.OPEN)


@retried
@transaction.atomic
def open_checkout(
    *,
    offer: Offer,
    person=None,
    guest_id: str = "",
    quantity: int = 1,
    is_gift: bool = False,
) -> Checkout:
    """The buyer's one open checkout with this offer in it. Asking twice changes nothing.

    `guest_id` is the id of the checkout this browser already has; a guest who has signed in
    meanwhile takes it along. One whose order waits for a bank transfer counts as finished: another
    offer begins a new one.
    """
    if not offer.is_open:
        raise OfferClosed
    checkout = _open_one(person, guest_id)
    if checkout and _waits_for_transfer(checkout, offer):
        Checkout.objects.filter(pk=checkout.pk).update(state=Checkout.State.FINISHED)
        checkout = None
    if checkout is None:
        checkout = _new(person, offer.currency)
    elif person is not None and checkout.person_id is None:
        Checkout.objects.filter(pk=checkout.pk, person=None).update(person=person, email="")
    try:
        add_line(checkout=checkout, offer=offer, quantity=quantity, is_gift=is_gift)
    except (CheckoutFinished, CheckoutExpired):
        # It was paid, or its time went by, between our look and the lock.
        checkout = _new(person, offer.currency)
        add_line(checkout=checkout, offer=offer, quantity=quantity, is_gift=is_gift)
    checkout.refresh_from_db()
    return checkout


def _waits_for_transfer(checkout: Checkout, offer: Offer) -> bool:
    """Whether the buyer may have sent the money already, so that nothing may change any more."""
    order = live_order_of(checkout)
    if order is None or order.state != states.AWAITING or open_transfer_of(order) is None:
        return False
    return not checkout.lines.filter(offer=offer).exists()


@retried
@transaction.atomic
def add_line(
    *, checkout: Checkout, offer: Offer, quantity: int = 1, is_gift: bool = False
) -> CheckoutLine:
    """Add the offer, described as it is now. A line that is there already is returned unchanged.

    `is_gift`: it is for somebody else, who is named later. Raises OfferClosed, OfferSoldOut,
    TooManyLines, OtherCurrency, StandsAlone, NotGiftable, QuantityNotValid, TwiceInOrder,
    StillProcessing, and what the things' own sellables refuse: something already owned never gets
    into a checkout.
    """
    checkout = locked_checkout(checkout.pk)
    if found := checkout.lines.filter(offer=offer).first():
        return found
    if not 1 <= quantity <= MOST_PIECES:
        raise QuantityNotValid
    _check_offer(offer, is_gift)
    lines = list(checkout.lines.select_related("offer"))
    others = [line.offer for line in lines]
    count = len(others)
    if count >= MOST_LINES:
        raise TooManyLines
    if count and (checkout.in_instalments or any(one.period for one in [offer, *others])):
        raise StandsAlone
    if checkout.currency != offer.currency:
        if count:
            raise OtherCurrency
        Checkout.objects.filter(pk=checkout.pk).update(currency=offer.currency)
    parts = [_part(checkout, item, quantity, is_gift) for item in offer.items.all()]
    if not parts:
        raise OfferClosed
    line = CheckoutLine(
        checkout=checkout,
        offer=offer,
        quantity=quantity,
        gift=dict(UNNAMED_GIFT) if is_gift else None,
        parts=parts,
    )
    refuse_twice(_own_things([*lines, line]))
    drop_unpaid_order(checkout)
    line.save()
    return line


def _part(checkout: Checkout, item: OfferItem, quantity: int, is_gift: bool) -> dict:
    thing = sellables.of(item.kind)
    thing.refuse(None if is_gift else checkout.person, item.key, quantity)
    said = thing.describe(item.key)
    return {
        "kind": item.kind,
        "key": item.key,
        "title": said["title"][:200],
        "url": said.get("url", "")[:300],
        "weight": item.weight,
    }


def _check_offer(offer: Offer, is_gift: bool) -> None:
    if not offer.is_open:
        raise OfferClosed
    if offer.is_gone:
        raise OfferSoldOut(f"“{offer.title}” is sold out.")
    if is_gift and (not offer.is_giftable or offer.period):
        raise NotGiftable


@retried
@transaction.atomic
def remove_line(*, checkout: Checkout, line_id: str) -> None:
    """Take a line out. Raises LineMissing when it is not there."""
    checkout = locked_checkout(checkout.pk)
    line = checkout.lines.filter(public_id=line_id).first()
    if line is None:
        raise LineMissing
    drop_unpaid_order(checkout)
    line.delete()


@transaction.atomic
def set_email(*, checkout: Checkout, email: str) -> Checkout:
    """Where a guest's receipt and sign-in link go. Signed-in people buy under their own address."""
    email = clean_email(email)
    checkout = locked_checkout(checkout.pk)
    if checkout.person_id:
        raise EmailFixed
    if email != checkout.email:
        drop_unpaid_order(checkout)
        Checkout.objects.filter(pk=checkout.pk).update(email=email)
        checkout.email = email
    return checkout
