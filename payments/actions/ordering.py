"""From checkout to order to the gateway's hosted page."""

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.queries import person_with_email
from engineroom import audit, clock
from engineroom.faultpoints import faultpoint
from engineroom.retrying import retried
from payments import gateways, money, sellables, states, taxes
from payments.actions.canceling import cancel_order, give_up_payment
from payments.actions.checkouts import clean_email, locked_checkout, refuse_twice
from payments.actions.coupons import hold_coupon
from payments.actions.details import check_amount, check_coupon
from payments.actions.holding import (
    TIME_TO_PAY,
    ends_at,
    has_run_out,
    hold_lines,
    keep_open,
    order_ends,
)
from payments.actions.moves import locked_order
from payments.actions.settling import settle_free
from payments.actions.stock import hold_pieces, lock_stock
from payments.actions.subscriptions import begin_subscription, plan_of
from payments.actions.transfers import note_start
from payments.doubling import PaymentOpen, sells_many
from payments.gateways import fuse
from payments.gateways.base import Intent
from payments.models import Checkout, CheckoutLine, Offer, Order, OrderLine, Payment
from payments.pricing import PricedLine, Quote
from payments.queries.checkouts import lines_of, live_order_of, quote_of, tax_terms
from payments.queries.doubles import order_on_its_way
from payments.refusals import (
    AlreadyOwned,
    CheckoutEmpty,
    ConsentNeeded,
    CountryNeeded,
    EmailNeeded,
    FormSent,
    OfferClosed,
    OrderNotPayable,
    PriceChanged,
    QuantityNotValid,
    StillProcessing,
)


@retried
@transaction.atomic
def place_order(
    *,
    checkout: Checkout,
    has_consented: bool,
    email: str = "",
    expected_minor: int | None = None,
) -> Order:
    """The order of this checkout, written before any money moves. Asked again, the same order.

    `email` is needed from guests who gave none before. `expected_minor` is the total the buyer was
    shown; another one is refused (PriceChanged). Raises further: CheckoutEmpty, CheckoutExpired,
    CheckoutFinished, ConsentNeeded, EmailNeeded, CountryNeeded, OfferClosed, OfferSoldOut,
    TooManyForOne, TwiceInOrder, AmountNotValid, what the coupon refuses (CouponUsedUp…),
    StandsAlone, StillProcessing, PaymentOpen, LiveSchoolWithoutGateway, and what the sellables
    refuse (AlreadyOwned…).
    """
    checkout = locked_checkout(checkout.pk)
    lines = lines_of(checkout)
    if not lines:
        raise CheckoutEmpty
    if not has_consented:
        raise ConsentNeeded
    address = _address(checkout, email)
    if taxes.seller().country and not checkout.country:
        raise CountryNeeded
    mode = gateways.current().mode
    quote = _sound_quote(checkout, lines, expected_minor)
    buyer = checkout.person or person_with_email(address)
    order = _still_good(checkout, quote, address, mode)
    _refuse_lines(buyer, address, quote.lines, order, is_guest=checkout.person is None)
    if order is not None:
        # Who comes back to pay keeps places that can run out for longer, or takes them anew.
        keep_open(order, order_ends(checkout, lines))
    return order or _write_order(checkout, lines, quote, address, mode)


def _address(checkout: Checkout, email: str) -> str:
    if checkout.person:
        return checkout.person.email
    if not (email or checkout.email):
        raise EmailNeeded
    address = clean_email(email or checkout.email)
    if address != checkout.email:
        Checkout.objects.filter(pk=checkout.pk).update(email=address)
        checkout.email = address
    return address


def _sound_quote(checkout: Checkout, lines: list[CheckoutLine], expected: int | None) -> Quote:
    for line in lines:
        if not line.offer.is_open:
            raise OfferClosed(f"“{line.offer.title}” is not on sale any more.")
        if line.offer.pricing == Offer.Pricing.OPEN:
            check_amount(line.offer, line.unit_minor)
        if line.quantity > 1 and line.unit_minor > money.MOST_MINOR // line.quantity:
            raise QuantityNotValid("This is more than we can charge at once.")
    if checkout.coupon_id:
        check_coupon(checkout.coupon, checkout, lines)
    quote = quote_of(checkout, lines)
    if expected is not None and expected != quote.total_minor:
        raise PriceChanged(f"The price has changed to {quote.text}. Check it, then pay.")
    return quote


def _still_good(checkout: Checkout, quote: Quote, address: str, mode: str) -> Order | None:
    """The order placed before, unless something about it is not so any more."""
    order = live_order_of(checkout)
    if order is None:
        return None
    if order.state == states.PROCESSING:
        raise StillProcessing
    if (order.total_minor, order.email, order.mode) == (quote.total_minor, address, mode):
        return order
    _lock_both(order, checkout, quote)
    cancel_order(order=order, reason="The order was placed anew.")
    return None


def _lock_both(order: Order, checkout: Checkout, quote: Quote) -> None:
    """The old order gives back and the new one takes, all of it locked before either."""
    old = list(order.lines.all())
    offers = Offer.objects.filter(public_id__in=[line.offer for line in quote.lines])
    lock_stock(
        [(line.kind, line.key) for line in [*old, *quote.lines]],
        [*offers.values_list("pk", flat=True), *(line.offer_id for line in old)],
        [order.coupon_id, checkout.coupon_id],
    )


def _refuse_lines(
    buyer, address: str, lines: list[PricedLine], order: Order | None, *, is_guest: bool
) -> None:
    refuse_twice((line.kind, line.key, line.title) for line in lines if not line.gift)
    for line in lines:
        if line.gift:
            # What the buyer owns may still be given to somebody else.
            sellables.of(line.kind).refuse(None, line.key, line.quantity)
            continue
        _refuse_second(buyer, address, line, order, is_guest=is_guest)
        try:
            sellables.of(line.kind).refuse(buyer, line.key, line.quantity)
        except AlreadyOwned as refusal:
            if is_guest:
                raise AlreadyOwned(
                    f"“{line.title}” already belongs to this address. Sign in to open it.",
                    field="email",
                ) from refusal
            raise


def _refuse_second(
    buyer, address: str, line: PricedLine, order: Order | None, *, is_guest: bool
) -> None:
    """Nobody pays for the same thing twice while the first payment may still come."""
    found = order_on_its_way(
        buyer=buyer,
        email=address,
        is_guest=is_guest,
        kind=line.kind,
        key=line.key,
        is_one_of_many=sells_many(line.kind),
        but=order,
    )
    if found is None:
        return
    if found.state == states.PROCESSING:
        raise StillProcessing(f"A payment for “{line.title}” is still being confirmed.")
    if is_guest:
        raise PaymentOpen(
            f"A payment for “{line.title}” is open for this address already. Finish it, wait until"
            " it has run out, or sign in first.",
            order_number=found.number,
        )
    raise PaymentOpen(
        f"“{line.title}” is in your order {found.number}, which is waiting for its payment.",
        order_number=found.number,
    )


def _write_order(
    checkout: Checkout, lines: list[CheckoutLine], quote: Quote, address: str, mode: str
) -> Order:
    faultpoint("checkout.before_order")
    order = Order.objects.create(
        checkout=checkout,
        person=checkout.person,
        was_guest=checkout.person is None,
        email=address,
        mode=mode,
        currency=quote.currency,
        total_minor=quote.total_minor,
        discount_minor=quote.discount_minor,
        tax_minor=quote.tax_minor,
        steps=quote.steps,
        billing=checkout.billing,
        country=checkout.country,
        vat_id=checkout.vat_id,
        evidence=checkout.evidence,
        tax_kind=tax_terms(checkout).kind,
        coupon=checkout.coupon,
        coupon_code=checkout.coupon.code if checkout.coupon else "",
        expires_at=order_ends(checkout, lines),
    )
    _write_lines(order, lines, quote)
    hold_lines(order, order.expires_at)
    hold_pieces(order)
    hold_coupon(order)
    begin_subscription(order)
    audit.record(
        "order.placed",
        order.number,
        actor=checkout.person,
        checkout=checkout.public_id,
        total_minor=order.total_minor,
        currency=order.currency,
    )
    faultpoint("checkout.after_order")
    return order


def _write_lines(order: Order, lines: list[CheckoutLine], quote: Quote) -> None:
    offers = {line.offer.public_id: line.offer for line in lines}
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
            discount_minor=priced.discount_minor,
            net_minor=priced.net_minor,
            tax_minor=priced.tax_minor,
            rounding_minor=priced.rounding_minor,
            tax_rate=priced.tax_rate,
            total_minor=priced.total_minor,
            gift=priced.gift,
            currency=quote.currency,
            steps=priced.steps,
        )


def start_payment(*, order: Order, key: str | None = None, gateway: str = "") -> Payment:
    """A payment with the address of its hosted page. No transaction may be open: it calls out.

    An order of nothing is paid at once, without a gateway. `gateway` is a name of
    `gateways.choices()`; empty: the main one. An attempt that is still open there is found again
    instead of a second one; one elsewhere is given up. The page closes with the order; one that has
    hardly any time left is given up too where the order lasts longer. `key` marks the form or call
    that asks: one whose attempt has ended is refused (FormSent). Raises OrderNotPayable,
    StillProcessing, GatewayNotOffered, LiveSchoolWithoutGateway, GatewayUnavailable.
    """
    plan = plan_of(order)
    if plan is None and not order.total_minor:
        return settle_free(order)
    gateway = gateways.chosen(gateway, has_plan=plan is not None)
    faultpoint("checkout.before_payment")
    payment = _open_payment(order.pk, key, gateway)
    if payment.url:
        return payment
    # An order that the school wrote has no checkout, and is paid on pages of its own.
    page = payment.order.checkout or payment.order
    back = f"{page.get_absolute_url()}return/"
    faultpoint("checkout.before_gateway")
    intent = Intent(
        key=payment.public_id,
        order_number=payment.order.number,
        description=", ".join(line.title for line in payment.order.lines.all())[:300],
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        email=payment.order.email,
        return_url=f"{settings.SITE_URL}{back}",
        plan=plan,
        closes_at=payment.closes_at,
        asked_at=payment.created_at,
    )
    with fuse.around(gateway):
        started = gateway.start(intent)
    faultpoint("checkout.after_gateway")
    Payment.objects.filter(pk=payment.pk, reference=None).update(
        reference=started.reference,
        url=started.url,
        closes_at=started.open_until or payment.closes_at,
    )
    faultpoint("checkout.after_reference")
    payment.refresh_from_db(fields=["reference", "url", "state"])
    if started.open_until:
        note_start(payment, started.open_until)
    return payment


@retried
@transaction.atomic
def _open_payment(order_id: int, key: str | None, gateway) -> Payment:
    order = locked_order(order_id)
    mine = Payment.objects.filter(key=key, order=order).first() if key else None
    if mine and mine.state not in states.OPEN_PAYMENTS:
        raise FormSent
    if order.state == states.PROCESSING:
        raise StillProcessing
    if order.state != states.AWAITING or has_run_out(order):
        raise OrderNotPayable
    if mine and _is_closed(mine):
        raise FormSent
    found = mine or order.payments.filter(state__in=states.OPEN_PAYMENTS).first()
    if found is not None and (found.gateway != gateway.name or _closes_early(found, order)):
        give_up_payment(found)
        found = None
    if found is None:
        found = _new_payment(order, key, gateway)
    found.order = order
    return found


def _is_closed(payment: Payment) -> bool:
    return payment.closes_at is not None and payment.closes_at <= clock.now()


def _closes_early(payment: Payment, order: Order) -> bool:
    """The order lasts longer by now, and hardly any time is left on the page."""
    closes_at = payment.closes_at
    return closes_at is not None and closes_at < min(order.expires_at, clock.now() + TIME_TO_PAY)


def _new_payment(order: Order, key: str | None, gateway) -> Payment:
    try:
        with transaction.atomic():
            return Payment.objects.create(
                order=order,
                key=key,
                gateway=gateway.name,
                mode=gateway.mode,
                amount_minor=order.total_minor,
                currency=order.currency,
                closes_at=ends_at(order),
            )
    except IntegrityError:
        return order.payments.filter(state__in=states.OPEN_PAYMENTS).get()
