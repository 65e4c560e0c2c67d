"""Of a plan that is limited no more are given by a change of plan than by a purchase."""

from datetime import UTC, datetime

import pytest

from payments import states
from payments.actions import changing
from payments.actions.changing import plan_change
from payments.actions.offers import change_offer
from payments.actions.selfcheck import check_everything, repair_finding
from payments.actions.steering import cancel_subscription, change_plan
from payments.models import Finding, Offer, Order, OrderKind, Subscription
from payments.queries.books import audit_books
from payments.queries.subscriptions import plans_for
from payments.refusals import CardDeclined, GatewayUnavailable, OfferSoldOut, TooManyForOne
from tests.factories.accounts import make_user
from tests.factories.subscriptions import at, make_membership, subscribe

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(gateway, thing):
    with at(START):
        yield


def change_to(subscription, offer, seen=None) -> Subscription:
    """`seen` is the offer as it was when the person looked at it."""
    subscription = Subscription.objects.select_related("person", "offer").get(pk=subscription.pk)
    expected = plan_change(subscription, seen or offer).due_minor
    return change_plan(
        subscription=subscription,
        offer=seen or offer,
        expected_minor=expected,
        actor=subscription.person,
    )


def running(offer) -> int:
    return Subscription.objects.running().filter(offer=offer).count()


def sold(offer) -> int:
    return Offer.objects.get(pk=offer.pk).sold


def test_a_plan_that_is_sold_out_is_neither_shown_nor_changed_to():
    scarce = make_membership(amount_minor=1000, most_sold=1)
    other = make_membership(amount_minor=1500)
    subscribe(scarce, person=make_user())
    scarce.refresh_from_db()
    mine = subscribe(make_membership(amount_minor=3000), person=make_user())

    assert plans_for(mine) == [other]
    with pytest.raises(OfferSoldOut):
        change_to(mine, scarce)
    assert running(scarce) == 1
    assert not Order.objects.filter(kind=OrderKind.CHANGE).exists()


def two_who_saw_the_last_one() -> Offer:
    scarce = make_membership(amount_minor=1000, most_sold=1)
    for _ in range(2):
        one = subscribe(make_membership(amount_minor=3000), person=make_user())
        try:
            change_to(one, scarce, seen=scarce)
        except OfferSoldOut:
            continue
    return scarce


def test_two_who_saw_the_last_one_do_not_both_get_it():
    scarce = two_who_saw_the_last_one()

    assert (running(scarce), sold(scarce)) == (1, 1)
    assert Order.objects.filter(kind=OrderKind.CHANGE).count() == 1


def test_without_counting_both_of_them_would_get_it(monkeypatch):
    monkeypatch.setattr(changing, "hold_pieces", lambda order: None)

    assert running(two_who_saw_the_last_one()) == 2


def test_a_change_takes_a_piece_that_leaving_the_plan_does_not_give_back():
    first = make_membership(amount_minor=3000, most_sold=5)
    second = make_membership(amount_minor=1000, most_sold=5)
    mine = subscribe(first)
    change_to(mine, second)
    assert (sold(first), sold(second)) == (1, 1)

    cancel_subscription(subscription=Subscription.objects.get(), at_period_end=False)

    assert (sold(first), sold(second)) == (1, 1)
    assert audit_books()["ok"], audit_books()["problems"]


def test_the_last_piece_taken_by_a_change_is_not_sold_to_another():
    scarce = make_membership(amount_minor=1000, most_sold=1)
    change_to(subscribe(make_membership(amount_minor=3000)), scarce)

    with pytest.raises(OfferSoldOut):
        subscribe(Offer.objects.get(pk=scarce.pk), person=make_user())


def test_one_person_has_no_more_of_a_plan_by_changing_than_by_buying():
    """What the person has left counts as well: it was taken, and is not given back."""
    limited = make_membership(amount_minor=3000, most_per_person=1)
    other = make_membership(amount_minor=1000)
    mine = subscribe(limited)
    change_to(mine, other)

    with pytest.raises(TooManyForOne):
        change_to(mine, limited)
    assert sold(limited) == 1


def test_a_declined_card_gives_the_piece_back(gateway):
    scarce = make_membership(amount_minor=9900, most_sold=1)
    mine = subscribe(make_membership(amount_minor=3000))
    gateway.kept[mine.reference].card = "bad"

    with pytest.raises(CardDeclined):
        change_to(mine, scarce)

    assert sold(scarce) == 0
    assert audit_books()["ok"], audit_books()["problems"]
    gateway.kept[mine.reference].card = "good"
    assert change_to(mine, scarce).offer == scarce


def test_a_change_that_waits_for_the_gateway_keeps_its_piece(gateway):
    scarce = make_membership(amount_minor=9900, most_sold=1)
    mine = subscribe(make_membership(amount_minor=3000))
    gateway.__class__.is_down = True
    with pytest.raises(GatewayUnavailable):
        change_to(mine, scarce)
    gateway.__class__.is_down = False

    assert sold(scarce) == 1
    assert Order.objects.get(kind=OrderKind.CHANGE).state == states.AWAITING
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_wrong_count_of_a_plan_is_named_and_counted_again_with_its_changes():
    plan = make_membership(amount_minor=1000)
    change_to(subscribe(make_membership(amount_minor=3000)), plan)
    Offer.objects.filter(pk=plan.pk).update(sold=0)

    check_everything()
    repair_finding(finding=Finding.objects.get(), actor=make_user(is_staff=True))

    assert sold(plan) == 1
    assert audit_books()["ok"], audit_books()["problems"]


def test_a_limit_set_later_counts_the_changes_made_before():
    plan = make_membership(amount_minor=1000)
    change_to(subscribe(make_membership(amount_minor=3000)), plan)

    assert change_offer(offer=Offer.objects.get(pk=plan.pk), most_sold=1).is_gone
