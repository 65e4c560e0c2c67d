"""R1 and R2: many at once for one place, and one person in many windows."""

from threading import Barrier
from uuid import uuid4

from django.db import OperationalError

from engineroom.refusals import Refusal
from payments import states
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
    SimulatorPayment,
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
from tests.faults.promise import Promise, Tally


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
    worst = max(answer.worst for answer in answers)
    if worst >= 500:
        tally.violations.append(f"an answer of {worst}")
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


def control_r1(stage) -> bool:
    """Look, then sell: as many as looked before the first had sold are sold."""
    _, offer = new_course()
    Offer.objects.filter(pk=offer.pk).update(most_sold=1)
    barrier = Barrier(6, timeout=30)
    sales = []

    def careless(number):
        is_free = Offer.objects.get(pk=offer.pk).sold < 1
        barrier.wait()
        if is_free:
            sales.append(number)

    all_at_once(6, careless)
    return len(sales) > 1


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
    """Without one checkout a person and one open payment an order, each window pays."""
    _, offer = new_course()
    buyer, barrier = Buyer.new(), Barrier(6, timeout=30)

    def careless(number):
        owns = Order.objects.filter(person=buyer.person, state=states.PAID).exists()
        barrier.wait()
        if not owns:
            SimulatorPayment.objects.create(
                key=f"control-{buyer.person.pk}-{number}",
                order_number="control",
                description=offer.title,
                amount_minor=1,
                currency="EUR",
                return_url="/",
                state="succeeded",
            )

    all_at_once(6, careless)
    mine = SimulatorPayment.objects.filter(key__startswith=f"control-{buyer.person.pk}-")
    count = mine.count()
    mine.delete()
    return count > 1


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
    """Look how often it was used, then use it."""
    coupon = make_coupon(
        code=f"N{uuid4().hex[:12]}".upper(), kind="percent", percent=1000, most_uses=1
    )
    barrier, used = Barrier(6, timeout=30), []

    def careless(number):
        is_left = Coupon.objects.get(pk=coupon.pk).uses < 1
        barrier.wait()
        if is_left:
            used.append(number)

    all_at_once(6, careless)
    return len(used) > 1


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


def control_invoices(stage) -> bool:
    """Numbered by what was the last one when looked at: numbers come twice."""
    series = InvoiceSeries.objects.first()
    barrier, numbers = Barrier(6, timeout=30), []

    def careless(_):
        last = InvoiceSeries.objects.get(pk=series.pk).last_number
        barrier.wait()
        numbers.append(last + 1)

    all_at_once(6, careless)
    return len(set(numbers)) < len(numbers)


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
