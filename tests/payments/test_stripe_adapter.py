"""Stripe's adapter by itself: amounts, every kind of error, and what comes of them here."""

import pytest
from django.test import Client

from payments import states
from payments.actions.ordering import place_order, start_payment
from payments.actions.refunding import finish_refund, refund_lines
from payments.actions.settling import refresh_payment
from payments.actions.webhooks import process_event
from payments.gateways.base import ChargeDeclined, Plan, RefundDeclined
from payments.gateways.stripe import amounts
from payments.gateways.stripe.client import NotTaken, api, ask, every, strict
from payments.models import GatewayEvent, Order, Payment
from payments.refusals import AmountNotCharged, GatewayUnavailable
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.factories.subscriptions import open_for
from tests.payments.gateway_contract import intent, monthly
from tests.payments.stripe_stand_in.world import StripeWorld

pytestmark = pytest.mark.django_db
KEY_REUSED = (400, {"type": "idempotency_error"})
DECLINED = (402, {"type": "card_error", "code": "card_declined"})
REFUSED = (400, {"type": "invalid_request_error", "param": "amount"})
DOWN = (500, {"type": "api_error"})
SILENT = [
    (429, {"type": "invalid_request_error", "code": "rate_limit"}),
    (400, {"type": "invalid_request_error", "code": "rate_limit"}),
    (401, {"type": "invalid_request_error"}),
    (403, {"type": "invalid_request_error"}),
    KEY_REUSED,
    (409, {"type": "invalid_request_error", "code": "idempotency_key_in_use"}),
    DOWN,
    (502, {"type": "api_error"}),
    (503, {"type": "api_error"}),
]


@pytest.fixture
def world(settings, monkeypatch):
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.001)
    with StripeWorld(settings) as world:
        yield world


def ordered(currency="EUR", amount_minor=4900) -> Order:
    offer = make_offer(currency=currency, amount_minor=amount_minor)
    return place_order(checkout=open_for(offer, make_user()), has_consented=True)


def paid(world, **fields) -> Order:
    order = ordered(**fields)
    payment = start_payment(order=order)
    world.post_form(payment.url, "good")
    return refresh_payment(payment, source="return")


def give_back(order: Order, amount: int):
    line = order.lines.get()
    return refund_lines(order=order, amounts={line.public_id: amount}, reason="x", key="k")


@pytest.mark.parametrize(
    ("ours", "currency", "theirs"),
    [
        (4900, "EUR", 4900),
        (0, "EUR", 0),
        (-500, "EUR", -500),
        (500, "JPY", 500),
        (12_340, "KWD", 12_340),
        (12_340, "TND", 12_340),
        (1, "KRW", 1),
        (500, "ISK", 50_000),
        (99_999_999, "USD", 99_999_999),
    ],
)
def test_amounts_are_stripes_and_ours_again(ours, currency, theirs):
    assert amounts.out(ours, currency) == theirs
    assert amounts.back(theirs, currency.lower()) == ours


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(12_345, "KWD"), (1, "BHD"), (-5, "OMR"), (100_000_000, "USD"), (1_000_000, "ISK")],
)
def test_what_stripe_does_not_charge_is_refused_and_never_rounded(amount, currency):
    with pytest.raises(AmountNotCharged):
        amounts.out(amount, currency)


def test_a_broken_krona_matches_no_amount_of_ours():
    assert amounts.back(50_050, "ISK") == 50_050


def test_an_order_that_stripe_does_not_charge_is_refused_and_can_be_paid_later(world):
    order = ordered("KWD", 12_345)

    with pytest.raises(AmountNotCharged):
        start_payment(order=order)

    order.refresh_from_db()
    assert order.state == states.AWAITING
    assert not [row for row in world.stripe.requests if row[0] == "POST"]


def test_a_refund_that_stripe_does_not_make_gives_its_reservation_back(world):
    order = paid(world, currency="KWD", amount_minor=12_340)

    refund = give_back(order, 1_234)

    order.refresh_from_db()
    assert (refund.state, refund.error) == (states.FAILED, amounts.WHY_NOT)
    assert (order.refunded_minor, order.lines.get().refunded_minor) == (0, 0)
    assert "refused a refund" in order.attention


def test_a_change_that_stripe_does_not_charge_writes_nothing_there(world):
    plan = monthly(2900, currency="KWD")
    started = world.gateway.start(intent(amount=2900, currency="KWD", plan=plan))
    world.pay(started)
    name = world.gateway.fetch(started.reference).subscription
    before = len([row for row in world.stripe.requests if row[0] == "POST"])
    other: Plan = monthly(9900, currency="KWD")

    for due in (3_501, -501):
        with pytest.raises(ChargeDeclined):
            world.gateway.change_subscription(name, other, due_minor=due, key="u1")

    assert len([row for row in world.stripe.requests if row[0] == "POST"]) == before


def test_a_subscription_goes_by_the_test_clock_that_is_set(world, settings):
    settings.STRIPE_TEST_CLOCK = "clock_1"
    started = world.gateway.start(intent(amount=2900, plan=monthly()))
    world.pay(started)
    world.pay(world.gateway.start(intent(key="pay-2")))

    name = world.gateway.fetch(started.reference).subscription
    (customer,) = world.stripe.memory.rows("customer")
    assert world.stripe.memory.get("subscription", name)["customer"] == customer["id"]
    assert (customer["test_clock"], customer["email"]) == ("clock_1", "mira@example.com")


@pytest.mark.parametrize("said", SILENT)
def test_what_says_nothing_about_the_payment_is_no_answer(world, said):
    world.stripe.says = said

    for call in (strict, ask):
        with pytest.raises(GatewayUnavailable):
            call(api().refunds.create, payment_intent="pi_1", amount=1)
    with pytest.raises(GatewayUnavailable):
        every(api().refunds.list)


@pytest.mark.parametrize(("said", "error"), [(DECLINED, ChargeDeclined), (REFUSED, NotTaken)])
def test_a_declined_card_and_a_refused_request_are_told_apart(world, said, error):
    world.stripe.says = said

    with pytest.raises(error):
        strict(api().refunds.create, payment_intent="pi_1", amount=1)


def test_where_we_must_have_erred_a_refusal_is_no_answer_either(world):
    world.stripe.says = REFUSED

    with pytest.raises(GatewayUnavailable):
        ask(api().refunds.create, payment_intent="pi_1", amount=1)


def test_nobody_at_the_address_is_no_answer(world, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(GatewayUnavailable):
        world.gateway.fetch("cs_test_1")


def test_a_purchase_begun_while_stripe_is_silent_goes_on_with_the_same_payment(world):
    order = ordered()
    world.stripe.says = DOWN
    with pytest.raises(GatewayUnavailable):
        start_payment(order=order)

    world.stripe.says = None
    payment = start_payment(order=order)

    assert Payment.objects.get() == payment
    assert len(world.stripe.memory.rows("checkout.session")) == 1


@pytest.mark.parametrize("said", [DOWN, KEY_REUSED])
def test_a_refund_without_an_answer_waits_and_goes_back_once(world, said):
    order = paid(world)
    world.stripe.says = said
    refund = give_back(order, 900)
    assert refund.state == states.PENDING

    world.stripe.says = None
    for _ in range(2):
        refund = finish_refund(refund)

    assert refund.state == states.DONE
    assert [row["amount"] for row in world.stripe.memory.rows("refund")] == [900]


@pytest.mark.parametrize("said", [DECLINED, REFUSED])
def test_a_refund_that_is_refused_for_good_fails(world, said):
    order = paid(world)
    reference = order.payments.get().reference
    answer = world.stripe.answer
    world.stripe.answer = lambda method, *asked: (
        (said[0], {"error": said[1]}) if method == "POST" else answer(method, *asked)
    )

    with pytest.raises(RefundDeclined):
        world.gateway.refund(reference, amount_minor=900, currency="EUR", key="r1")
    assert give_back(order, 900).state == states.FAILED
    order.refresh_from_db()
    assert order.refunded_minor == 0


def test_an_event_is_kept_while_stripe_is_silent_and_acted_on_later(world):
    payment = start_payment(order=ordered())
    world.post_form(payment.url, "good")
    event = world.events()[-1]
    world.stripe.says = DOWN
    body, signature = world.post(event)
    headers = {"Stripe-Signature": signature}
    answer = Client().post(
        "/webhooks/stripe/", body, content_type="application/json", headers=headers
    )

    kept = GatewayEvent.objects.get()
    assert (answer.status_code, kept.attempts, kept.processed_at) == (200, 1, None)
    assert Order.objects.get().state == states.AWAITING
    world.stripe.says = None
    process_event(kept)

    assert Order.objects.get().state == states.PAID
