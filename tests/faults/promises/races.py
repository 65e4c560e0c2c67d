"""R1 and R2: many at once for one place, and one person in many windows."""

from threading import Barrier

from payments import states
from payments.models import Offer, Order, SimulatorPayment
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


PROMISES = [
    Promise("R1", "The last places are sold once", run_r1, {"short": 2, "full": 40}, control_r1),
    Promise("R2", "One person, one charge", run_r2, {"short": 1, "full": 20}, control_r2),
]
