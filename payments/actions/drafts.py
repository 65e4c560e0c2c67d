"""Orders on invoice: written by staff for somebody, sent, then paid by card or bank transfer."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from accounts.actions import person_for_email, send_sign_in_link
from accounts.models import Team
from accounts.queries import is_verified
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url
from payments import gateways, money, pricing, sellables, states, taxes
from payments.actions.canceling import cancel_order
from payments.actions.checkouts import clean_email
from payments.actions.moves import locked_order, move_order
from payments.actions.stock import in_turn, lock_places
from payments.models import Mode, Offer, Order, OrderKind, OrderLine
from payments.pricing import Part, Quote, Wanted
from payments.refusals import DraftNotValid, OrderNotDraft

LATEST = timedelta(days=366)
BILLING = {
    "name": 120,
    "company": 120,
    "street": 200,
    "postal_code": 20,
    "city": 120,
    "region": 120,
}


def _due(day: date) -> datetime:
    today = clock.now().date()
    if not today <= day <= today + LATEST:
        raise DraftNotValid("Choose a day from today on, within a year.", field="due_on")
    return datetime.combine(day, time(23, 59, 59), UTC)


def _billing(said: dict, team: str) -> dict:
    found = {}
    for name, longest in BILLING.items():
        text = " ".join(str(said.get(name) or "").split())
        if len(text) > longest or not text.isprintable():
            raise DraftNotValid(f"Write at most {longest} characters.", field=name)
        if text:
            found[name] = text
    if team:
        if not team.isprintable() or not Team.objects.filter(public_id=team).exists():
            raise DraftNotValid("There is no such team.", field="team")
        found["team"] = team
    return found


def _wanted(offer: Offer, quantity: int, unit_minor: int | None, buyer) -> Wanted:
    if offer.period:
        raise DraftNotValid("A membership cannot be sold on invoice.", field="offer")
    if not 1 <= quantity <= 1000:
        raise DraftNotValid("Sell 1 to 1,000 of it.", field="quantity")
    price = offer.amount_minor if unit_minor is None else unit_minor
    if not 0 < price <= money.MOST_MINOR // quantity:
        raise DraftNotValid("The price must be above zero.", field="price")
    parts = []
    for item in offer.items.all():
        thing = sellables.of(item.kind)
        thing.refuse(buyer, item.key, quantity)
        said = thing.describe(item.key)
        parts.append(
            Part(
                kind=item.kind,
                key=item.key,
                title=said["title"][:200],
                url=said.get("url", "")[:300],
                weight=item.weight,
            )
        )
    if not parts:
        raise DraftNotValid("This offer gives nothing.", field="offer")
    return Wanted(
        offer=offer.public_id,
        title=offer.title,
        amount_minor=price,
        currency=offer.currency,
        tax_class=offer.tax_class,
        parts=parts,
        quantity=quantity,
    )


@transaction.atomic
def draft_order(
    *,
    email: str,
    lines: Sequence[tuple[Offer, int, int | None]],
    due_on: date,
    actor,
    name: str = "",
    billing: dict | None = None,
    country: str = "",
    vat_id: str = "",
    team: str = "",
) -> Order:
    """An order on invoice that is not sent yet. `lines` are (offer, quantity, price of one in minor
    units; None: the offer's own). `team` is the public id of the team that gets seats.

    Raises DraftNotValid, EmailNotValid, VatIdNotValid, CountryNotValid, LiveSchoolWithoutGateway, and
    what the sellables refuse.
    """
    if not lines or len({offer.currency for offer, _, _ in lines}) != 1:
        raise DraftNotValid("Name offers in one currency.", field="offer")
    due_at = _due(due_on)
    address = _billing(billing or {}, team)
    country = taxes.check_country(country)
    vat_id = taxes.check_vat_id(vat_id, country)
    mode = gateways.current().mode
    buyer, _created = person_for_email(email=clean_email(email), name=name)
    wanted = [_wanted(offer, count, unit, buyer) for offer, count, unit in lines]
    evidence = taxes.address_evidence(country, address.get("postal_code", ""))
    terms = taxes.terms(country, vat_id, clock.now().date(), evidence.get("territory", ""))
    quote = pricing.price(wanted, lines[0][0].currency, tax=terms)
    order = Order.objects.create(
        person=buyer,
        email=buyer.email,
        kind=OrderKind.INVOICE,
        state=states.DRAFT,
        mode=mode,
        currency=quote.currency,
        total_minor=quote.total_minor,
        tax_minor=quote.tax_minor,
        tax_kind=terms.kind,
        steps=quote.steps,
        billing=address,
        country=country,
        vat_id=vat_id,
        evidence=evidence,
        expires_at=due_at,
    )
    _write_lines(order, quote, {offer.public_id: offer for offer, _, _ in lines})
    audit.record("order.drafted", order.number, actor=actor, total_minor=order.total_minor)
    return order


def _write_lines(order: Order, quote: Quote, offers: dict[str, Offer]) -> None:
    for priced in quote.lines:
        OrderLine.objects.create(
            order=order,
            offer=offers[priced.offer],
            kind=priced.kind,
            key=priced.key,
            title=priced.title,
            url=priced.url,
            tax_class=priced.tax_class,
            quantity=priced.quantity,
            net_minor=priced.net_minor,
            tax_minor=priced.tax_minor,
            rounding_minor=priced.rounding_minor,
            tax_rate=priced.tax_rate,
            total_minor=priced.total_minor,
            currency=quote.currency,
            steps=priced.steps,
        )


@transaction.atomic
def send_draft(*, order: Order, actor) -> Order:
    """Send it to its buyer: from now on it waits for payment. Raises OrderNotDraft."""
    order = locked_order(order.pk)
    if order.kind != OrderKind.INVOICE or order.state != states.DRAFT:
        raise OrderNotDraft
    if not move_order(order, states.AWAITING):
        raise OrderNotDraft
    lines = list(order.lines.order_by("pk"))
    lock_places((line.kind, line.key) for line in lines)
    for line in in_turn(lines):
        line.order = order
        sellables.of(line.kind).hold(line, order.expires_at)
    audit.record("order.sent", order.number, actor=actor)
    words = {
        "number": order.number,
        "total": order.text,
        "due_at": order.expires_at,
        "items": [
            {"quantity": line.quantity, "title": line.title, "amount": line.text} for line in lines
        ],
        "url": absolute_url(f"{order.get_absolute_url()}pay/"),
        "is_test": order.mode == Mode.TEST,
    }
    mail.send("order_to_pay", order.email, words, key=f"to-pay:{order.number}")
    if order.person and not is_verified(order.person):
        # Their account was made with this order: without the link they could not come in.
        send_sign_in_link(
            person=order.person,
            next_url=f"{order.get_absolute_url()}pay/",
            key=f"sign-in:{order.number}",
        )
    return order


def drop_draft(*, order: Order, reason: str, actor) -> None:
    """Cancel an order on invoice that nobody has paid. Raises OrderNotDraft."""
    if order.kind != OrderKind.INVOICE or not cancel_order(order=order, reason=reason, actor=actor):
        raise OrderNotDraft("Only an unpaid order on invoice can be canceled.")
