"""The stand-in's answers against Stripe's published samples: nothing is missing or of another type."""

import json
import sys
from collections import defaultdict
from copy import deepcopy
from datetime import timedelta

import pytest

from payments import periods
from tests.payments.gateway_contract import BACK, intent, monthly
from tests.payments.stripe_stand_in import samples
from tests.payments.stripe_stand_in.world import StripeWorld

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(samples.published() is None, reason="Stripe's samples are not here."),
]
# What the adapter reads, or is told by events.
ANSWERED = {
    "balance_transaction", "billing_portal.session", "charge", "checkout.session", "coupon",
    "customer", "customer_balance_transaction", "dispute", "event", "invoice", "invoice_payment",
    "invoiceitem", "payment_intent", "payment_method", "payout", "price", "refund", "subscription",
    "subscription_item",
}  # fmt: skip


def objects_in(thing):
    """Every object of Stripe's in an answer, those inside of others too."""
    if isinstance(thing, dict):
        kind = thing.get("object")
        if isinstance(kind, str) and kind in samples.CLASSES:
            yield thing
        for inner in thing.values():
            yield from objects_in(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from objects_in(inner)


def folded(ours: dict, sample: dict) -> dict:
    """As it is unless asked for whole: an expanded object is its id again."""
    return {
        name: value["id"]
        if isinstance(value, dict) and "id" in value and isinstance(sample.get(name), str)
        else value
        for name, value in ours.items()
    }


def judge(answers) -> tuple[dict[str, list[int]], list[str]]:
    """({kind: [objects, fields]}, what is wrong) of everything in these answers."""
    known, table, wrong = samples.published(), defaultdict(lambda: [0, 0]), set()
    for ours in objects_in(answers):
        kind = ours["object"]
        sample = known[kind]
        count, found = samples.compare(folded(ours, sample), sample, samples.CLASSES[kind])
        table[kind][0] += 1
        table[kind][1] += count
        wrong |= {f"{kind}: {one}" for one in found}
    return dict(table), sorted(wrong)


def buy_everything(world) -> None:
    """A purchase, a refund, a dispute, a debit, subscriptions that change and renew, a payout."""
    gateway, since = world.gateway, world.now() - timedelta(days=1)
    paid, contested, debit = (gateway.start(intent(key=key)) for key in ("one", "two", "three"))
    world.pay(paid, card="declined")
    world.pay(paid)
    world.pay(contested)
    world.pay(debit, card="debit")
    gateway.refund(paid.reference, amount_minor=900, currency="EUR", key="r1")
    dispute = world.dispute(contested)
    gateway.answer_dispute(dispute, evidence={"product": "Knots"}, key="e1")
    world.decide(dispute, is_won=True)
    gateway.fetch_dispute(dispute)
    names = []
    for key, first, card in (("good", 1900, "good"), ("dies", 2900, "dies")):
        started = gateway.start(intent(key=key, amount=first, plan=monthly(key=key)))
        world.pay(started, card=card)
        names.append(gateway.fetch(started.reference).subscription)
    good, dies = names
    gateway.change_subscription(good, monthly(9900, key="good"), due_minor=3500, key="u1")
    gateway.change_subscription(good, monthly(4900, key="good"), due_minor=-500, key="u2")
    world.advance(periods.after(world.now(), "month") + timedelta(minutes=1))
    for name in names:
        gateway.fetch_subscription(name)
    gateway.card_url(dies, return_url=BACK)
    gateway.cancel_subscription(good, at_period_end=False, key="c1")
    for reference in (paid.reference, contested.reference, debit.reference):
        gateway.fetch(reference)
    gateway.cancel(gateway.start(intent(key="four")).reference)
    world.pay_out()
    assert list(gateway.payouts_since(since))


@pytest.fixture
def answers(settings, monkeypatch):
    """What the SDK was answered and what was posted to us."""
    with StripeWorld(settings) as world:
        heard, answer = [], world.stripe.answer

        def listening(*asked):
            status, said = answer(*asked)
            assert status == 200 or "error" in said
            heard.append(deepcopy(said))
            return status, said

        monkeypatch.setattr(world.stripe, "answer", listening)
        buy_everything(world)
        return heard + [json.loads(world.post(event)[0]) for event in world.events()]


def test_every_object_has_every_field_of_the_published_sample(answers):
    table, wrong = judge(answers)

    sums = [sum(row[place] for row in table.values()) for place in (0, 1)]
    rows = [("object", "objects", "fields")]
    rows += [(kind, *table[kind]) for kind in sorted(table)] + [("all", *sums)]
    text = "\n".join(f"{one:32}{two:>8}{three:>8}" for one, two, three in rows)
    sys.stdout.write(f"\n{text}\nwrong: {len(wrong)}\n")
    assert not wrong, "\n".join(wrong)
    assert set(table) >= ANSWERED


def test_what_is_left_out_or_of_another_type_is_found(answers):
    """The control: one field less and one wrong type, at the top and inside."""
    charge = deepcopy(next(one for one in objects_in(answers) if one["object"] == "charge"))
    assert judge([charge])[1] == []

    del charge["outcome"]
    charge["amount"] = str(charge["amount"])
    del charge["billing_details"]["email"]
    charge["invented"] = 1

    assert judge([charge])[1] == [
        "charge: amount is text, not number",
        "charge: billing_details.email is missing",
        "charge: invented is known to nobody",
        "charge: outcome is missing",
    ]
