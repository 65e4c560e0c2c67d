"""R1 and R2: many at once for one place, and one person in many windows."""

from contextlib import suppress
from uuid import uuid4

from django.db import OperationalError, transaction

from engineroom.refusals import Refusal
from payments import states
from payments.actions import invoices, ordering
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.details import set_coupon
from payments.actions.ordering import place_order, start_payment
from payments.actions.settling import refresh_payment
from payments.gateways import simulator
from payments.models import (
    Coupon,
    CouponUse,
    Invoice,
    InvoiceSeries,
    Offer,
    Order,
    Payment,
)
from payments.queries import book_checks
from tests.faults.buyers import (
    PRICE,
    Buyer,
    all_at_once,
    buy,
    charged,
    new_course,
    wrong_with,
)
from tests.faults.promise import Promise, Tally, without


def _sell(stage, places: int, people: int) -> Tally:
    course, offer = new_course()
    Offer.objects.filter(pk=offer.pk).update(most_sold=places)
    offer.refresh_from_db()
    buyers = [Buyer.new() for _ in range(people)]
    answers = all_at_once(people, lambda number: buy(stage.school, buyers[number], offer))
    paid = Order.objects.filter(lines__offer=offer, state=states.PAID).count()
    offer.refresh_from_db()
    tally = Tally(attempts=people)
    if paid != places:
        tally.violations.append(f"{paid} sold of {places}")
    if offer.sold != places:
        tally.violations.append(f"{offer.sold} counted as sold of {places}")
    worst = max(answers, key=lambda answer: answer.worst)
    if worst.worst >= 500:
        tally.violations.append(f"an answer of {worst.worst}, {worst.worst_code}")
    silent = [answer for answer in answers if not answer.refusal and answer.state != states.PAID]
    if silent:
        tally.violations.append(f"{len(silent)} neither sold nor told why, such as {silent[0]}")
    for answer in answers:
        if answer.state == states.PAID:
            tally.violations += wrong_with(answer.order, course)
    return tally


def run_r1(stage, number, scale) -> Tally:
    people = 200 if stage.is_full else 24
    return _sell(stage, 1 if number % 2 == 0 else 20 if stage.is_full else 6, people)


def placed(offer, people: int, code: str = "") -> int:
    """How many of so many people get an order for the offer, at once."""
    buyers = [Buyer.new() for _ in range(people)]
    checkouts = [open_checkout(offer=offer, person=buyer.person) for buyer in buyers]
    if code:
        checkouts = [set_coupon(checkout=checkout, code=code) for checkout in checkouts]

    def place(at):
        with suppress(Refusal):
            return place_order(checkout=checkouts[at], has_consented=True)

    return sum(order is not None for order in all_at_once(people, place))


def control_r1(stage) -> bool:
    """Place orders without counting the pieces (`stock.hold_pieces`): one is sold to all of them."""
    _, offer = new_course()
    Offer.objects.filter(pk=offer.pk).update(most_sold=1)
    offer.refresh_from_db()
    return without((ordering, "hold_pieces"), lambda: placed(offer, 6)) > 1


def run_r2(stage, number, scale) -> Tally:
    course, offer = new_course()
    buyer, windows = Buyer.new(), 50 if stage.is_full else 12
    answers = all_at_once(windows, lambda _: buy(stage.school, buyer, offer))
    tally = Tally(attempts=windows)
    paid = Order.objects.filter(person=buyer.person, state=states.PAID)
    if paid.count() != 1:
        tally.violations.append(f"{paid.count()} orders paid")
    for order in paid:
        tally.violations += wrong_with(order.number, course)
    numbers = Order.objects.filter(person=buyer.person).values_list("number", flat=True)
    taken = sum(charged(order) for order in numbers)
    if taken != PRICE:
        tally.violations.append(f"{taken} taken for one course of {PRICE}")
    if max(answer.worst for answer in answers) >= 500:
        tally.violations.append("an answer of 500")
    return tally


def control_r2(stage) -> bool:
    """The windows of somebody who is not signed in are checkouts of their own: without a look at
    what is on its way (`ordering._refuse_second`) each of them pays."""
    _, offer = new_course()
    email = f"{uuid4().hex}@example.com"
    checkouts = [open_checkout(offer=offer) for _ in range(6)]

    def press(at):
        order = place_order(checkout=checkouts[at], has_consented=True, email=email)
        return start_payment(order=order)

    payments = without((ordering, "_refuse_second"), lambda: all_at_once(6, press))
    # Only now: what the first payment gives would keep the others from ordering, too.
    for payment in payments:
        simulator.pay(payment.reference, outcome="success")
    return sum(charged(payment.order.number) for payment in payments) > PRICE


def run_coupon(stage, number, scale) -> Tally:
    """A code that ten may use, and fifty who do."""
    _, offer = new_course()
    code = f"C{uuid4().hex[:12]}".upper()
    make_coupon(code=code, kind="percent", percent=1000, most_uses=10)
    people = 50 if stage.is_full else 14
    buyers = [Buyer.new() for _ in range(people)]
    checkouts = [open_checkout(offer=offer, person=buyer.person) for buyer in buyers]
    checkouts = [set_coupon(checkout=checkout, code=code) for checkout in checkouts]

    def place(at):
        try:
            return place_order(checkout=checkouts[at], has_consented=True)
        except Refusal as refusal:
            return refusal

    answers = all_at_once(people, place)
    orders = [answer for answer in answers if isinstance(answer, Order)]
    tally, coupon = Tally(attempts=people), Coupon.objects.get(code=code)
    held = CouponUse.objects.filter(coupon=coupon, released_at=None).count()
    if (len(orders), coupon.uses, held) != (10, 10, 10):
        tally.violations.append(f"{len(orders)} orders, {coupon.uses} uses, {held} held of 10")
    wrong = [order.number for order in orders if order.discount_minor != PRICE // 10]
    tally.violations += [f"{name}: another discount" for name in wrong]
    return tally


def control_coupon(stage) -> bool:
    """Place orders without counting the uses (`coupons.hold_coupon`): all of them have the discount."""
    _, offer = new_course()
    code = f"N{uuid4().hex[:12]}".upper()
    make_coupon(code=code, kind="percent", percent=1000, most_uses=1)
    return without((ordering, "hold_coupon"), lambda: placed(offer, 6, code)) > 1


def run_invoices(stage, number, scale) -> Tally:
    """Fifty orders are paid at once: their invoices have the next fifty numbers, without a gap."""
    _, offer = new_course()
    count = 50 if stage.is_full else 12
    payments = []
    for _ in range(count):
        checkout = open_checkout(offer=offer, person=Buyer.new().person)
        payments.append(start_payment(order=place_order(checkout=checkout, has_consented=True)))
        simulator.pay(payments[-1].reference, outcome="success")

    def settle(at):
        payment = Payment.objects.select_related("order").get(pk=payments[at].pk)
        for attempt in range(5):
            try:
                refresh_payment(payment, source="race")
                return
            except OperationalError:
                if attempt == 4:
                    raise

    all_at_once(count, settle)
    tally = Tally(attempts=count)
    orders = [payment.order_id for payment in payments]
    rows = Invoice.objects.filter(order__in=orders, kind="invoice")
    if rows.count() != count:
        tally.violations.append(f"{rows.count()} invoices of {count} orders")
    tally.violations += [problem.text for problem in book_checks.invoices_add_up()]
    return tally


def _skipping(prefix: str) -> tuple[InvoiceSeries, int]:
    """A number that was counted for something else before, as by a counter that others use too."""
    for _ in range(2):
        series, number = NEXT_NUMBER(prefix)
    return series, number


NEXT_NUMBER = invoices.next_number


def control_invoices(stage) -> bool:
    """Settle with a counter of invoices that skips a number (`invoices.next_number`)."""
    checkout = open_checkout(offer=new_course()[1], person=Buyer.new().person)
    payment = start_payment(order=place_order(checkout=checkout, has_consented=True))
    simulator.pay(payment.reference, outcome="success")
    invoices.next_number = _skipping
    try:
        with transaction.atomic():
            refresh_payment(payment, source="race")
            found = book_checks.invoices_add_up()
            transaction.set_rollback(True)
    finally:
        invoices.next_number = NEXT_NUMBER
    refresh_payment(payment, source="race")
    return bool(found)


PROMISES = [
    Promise("R1", "The last places are sold once", run_r1, {"short": 2, "full": 40}, control_r1),
    Promise("R2", "One person, one charge", run_r2, {"short": 1, "full": 20}, control_r2),
    Promise(
        "C",
        "A coupon is used so often, no more",
        run_coupon,
        {"short": 1, "full": 10},
        control_coupon,
    ),
    Promise(
        "I", "Invoice numbers have no gap", run_invoices, {"short": 1, "full": 10}, control_invoices
    ),
]
