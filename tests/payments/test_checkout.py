"""Filling a checkout and turning it into an order."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from engineroom import clock
from engineroom.models import AuditEntry
from payments import states
from payments.actions import checkouts
from payments.actions.canceling import expire_overdue
from payments.actions.checkouts import add_line, open_checkout, remove_line, set_email
from payments.actions.ordering import place_order, start_payment
from payments.gateways import simulator
from payments.models import Checkout, Offer, Order, Payment
from payments.refusals import (
    AlreadyOwned,
    CheckoutEmpty,
    CheckoutExpired,
    CheckoutFinished,
    ConsentNeeded,
    EmailFixed,
    EmailNeeded,
    EmailNotValid,
    FormSent,
    LineMissing,
    LiveSchoolWithoutGateway,
    OfferClosed,
    OtherCurrency,
    PriceChanged,
    StillProcessing,
    TooManyLines,
)
from tests.factories.accounts import make_user
from tests.factories.payments import (
    make_checkout,
    make_offer,
    make_order,
    make_paid_order,
    make_payment,
    pay,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["finished", "expired"])
def test_one_that_is_over_before_it_is_locked_gives_way_to_a_new_one(state, monkeypatch):
    person = make_user()
    seen = open_checkout(offer=make_offer(), person=person)
    Checkout.objects.filter(pk=seen.pk).update(state=state)
    monkeypatch.setattr(checkouts, "_open_one", lambda *who: seen)  # read a moment ago

    fresh = open_checkout(offer=make_offer(), person=person)

    assert fresh.pk != seen.pk
    assert fresh.lines.count() == 1


def test_a_person_has_one_open_checkout_and_adding_twice_changes_nothing():
    person, offer = make_user(), make_offer()

    first = open_checkout(offer=offer, person=person)
    again = open_checkout(offer=offer, person=person)
    more = open_checkout(offer=make_offer(), person=person)

    assert first.pk == again.pk == more.pk
    assert more.lines.count() == 2


def test_the_database_itself_keeps_one_open_checkout_per_person():
    checkout = make_checkout(person=make_user())

    with pytest.raises(IntegrityError), transaction.atomic():
        Checkout.objects.create(
            person=checkout.person, currency="EUR", expires_at=checkout.expires_at
        )


def test_a_guest_who_signs_in_takes_the_checkout_along():
    checkout = make_checkout()
    set_email(checkout=checkout, email="Guest@Example.com")
    person = make_user()

    taken = open_checkout(offer=make_offer(), person=person, guest_id=checkout.public_id)

    assert taken.pk == checkout.pk
    assert (taken.person, taken.email, taken.lines.count()) == (person, "", 2)


def test_another_persons_checkout_cannot_be_filled_by_its_id():
    checkout = make_checkout(person=make_user())

    other = open_checkout(offer=make_offer(), person=None, guest_id=checkout.public_id)

    assert other.pk != checkout.pk


@pytest.mark.parametrize(
    "fields",
    [
        {"is_active": False},
        {"starts_at": timedelta(hours=1)},
        {"ends_at": timedelta(seconds=-1)},
    ],
)
def test_a_closed_offer_cannot_be_bought(fields):
    offer = make_offer(
        **{
            name: clock.now() + value if isinstance(value, timedelta) else value
            for name, value in fields.items()
        }
    )

    with pytest.raises(OfferClosed):
        open_checkout(offer=offer)

    assert not Checkout.objects.exists()


def test_an_offer_that_ends_while_somebody_fills_in_the_form_is_not_ordered():
    checkout = make_checkout(ends_at=clock.now() + timedelta(minutes=5))

    with clock.moved_by(timedelta(minutes=5)), pytest.raises(OfferClosed):
        place_order(checkout=checkout, has_consented=True, email="guest@example.com")

    assert not Order.objects.exists()


def test_twenty_lines_fit_and_no_more():
    checkout = make_checkout(offers=20)

    with pytest.raises(TooManyLines):
        add_line(checkout=checkout, offer=make_offer())

    assert checkout.lines.count() == 20


def test_one_checkout_has_one_currency():
    checkout = make_checkout()

    with pytest.raises(OtherCurrency):
        add_line(checkout=checkout, offer=make_offer(currency="JPY"))

    remove_line(checkout=checkout, line_id=checkout.lines.get().public_id)
    add_line(checkout=checkout, offer=make_offer(currency="JPY"))
    checkout.refresh_from_db()
    assert checkout.currency == "JPY"


def test_a_line_that_is_not_there_cannot_be_removed():
    other = make_checkout().lines.get()

    with pytest.raises(LineMissing):
        remove_line(checkout=make_checkout(), line_id=other.public_id)


def test_the_order_freezes_title_price_and_every_step(dummy):
    person = make_user()
    checkout = make_checkout(offers=2, person=person, amount_minor=4900)

    order = place_order(checkout=checkout, has_consented=True, expected_minor=9800)
    Offer.objects.update(amount_minor=1, title="Other")
    order.refresh_from_db()

    lines = list(order.lines.order_by("pk"))
    assert (order.total_minor, order.currency, order.mode) == (9800, "EUR", "test")
    assert order.email == person.email
    assert [step["step"] for step in order.steps] == ["list", "list", "total"]
    assert lines[0].title.startswith("Thing thing-")
    assert lines[0].steps[-1]["amount_minor"] == lines[0].total_minor == 4900
    assert dummy.count("hold") == 2
    assert AuditEntry.objects.filter(action="order.placed", target=order.number).count() == 1


def test_an_offer_of_several_things_becomes_a_line_for_each_and_adds_up():
    order = make_order(keys=["a", "b", "c"], amount_minor=10000)

    totals = [line.total_minor for line in order.lines.order_by("pk")]
    assert totals == [3334, 3333, 3333]


def test_placing_again_gives_the_same_order():
    checkout = make_checkout()

    first = place_order(checkout=checkout, has_consented=True, email="a@example.com")
    again = place_order(checkout=checkout, has_consented=True, email="a@example.com")

    assert first.pk == again.pk
    assert Order.objects.count() == 1


def test_changing_the_checkout_cancels_the_unpaid_order_and_gives_its_places_back(dummy):
    order = make_order()
    payment = start_payment(order=order)

    add_line(checkout=order.checkout, offer=make_offer())

    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.state, payment.state) == (states.CANCELED, states.STOPPED)
    assert dummy.count("release") == 1
    new = place_order(checkout=order.checkout, has_consented=True)
    assert new.pk != order.pk
    assert new.total_minor == 9800


def test_another_total_than_the_one_shown_is_refused():
    checkout = make_checkout()
    Offer.objects.update(amount_minor=5900)

    with pytest.raises(PriceChanged):
        place_order(
            checkout=checkout, has_consented=True, email="a@example.com", expected_minor=4900
        )

    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "email", ["nobody", "a@b", "a\0@example.com", "a@example.com\n", "x" * 300]
)
def test_an_address_that_is_none_is_refused(email):
    checkout = make_checkout()

    if email.strip() == "a@example.com":
        assert set_email(checkout=checkout, email=email).email == "a@example.com"
        return
    with pytest.raises(EmailNotValid):
        set_email(checkout=checkout, email=email)


def test_what_is_missing_is_asked_for():
    checkout = make_checkout()
    with pytest.raises(EmailNeeded):
        place_order(checkout=checkout, has_consented=True)
    with pytest.raises(ConsentNeeded):
        place_order(checkout=checkout, has_consented=False, email="a@example.com")
    remove_line(checkout=checkout, line_id=checkout.lines.get().public_id)
    with pytest.raises(CheckoutEmpty):
        place_order(checkout=checkout, has_consented=True, email="a@example.com")
    with pytest.raises(EmailFixed):
        set_email(checkout=make_checkout(person=make_user()), email="a@example.com")
    assert not Order.objects.exists()


def test_an_expired_checkout_takes_nothing_more():
    checkout = make_checkout()

    with clock.moved_by(timedelta(hours=24)):
        with pytest.raises(CheckoutExpired):
            place_order(checkout=checkout, has_consented=True, email="a@example.com")
        fresh = open_checkout(offer=make_offer(), guest_id=checkout.public_id)

    assert fresh.pk != checkout.pk


def test_a_finished_checkout_takes_nothing_more():
    order = make_paid_order()

    for change in (
        lambda: add_line(checkout=order.checkout, offer=make_offer()),
        lambda: place_order(checkout=order.checkout, has_consented=True),
        lambda: set_email(checkout=order.checkout, email="other@example.com"),
    ):
        with pytest.raises(CheckoutFinished):
            change()


def test_something_owned_is_refused_with_the_reason(dummy):
    person = make_user()
    offer = make_offer(keys=["a"])
    dummy.refusal = AlreadyOwned()
    dummy.owned.add((person.pk, "a"))

    with pytest.raises(AlreadyOwned):
        open_checkout(offer=offer, person=person)

    assert not Checkout.objects.filter(lines__isnull=False).exists()


def test_a_guest_with_the_address_of_an_owner_is_refused_beside_the_address(dummy):
    person = make_user(email="owner@example.com")
    checkout = open_checkout(offer=make_offer(keys=["a"]))
    dummy.refusal = AlreadyOwned()
    dummy.owned.add((person.pk, "a"))

    with pytest.raises(AlreadyOwned) as refused:
        place_order(checkout=checkout, has_consented=True, email="Owner@example.com")

    assert refused.value.field == "email"
    assert not Order.objects.exists()


def test_a_second_purchase_of_something_still_processing_is_refused():
    person, offer = make_user(), make_offer()
    first = open_checkout(offer=offer, person=person)
    order = place_order(checkout=first, has_consented=True)
    Order.objects.filter(pk=order.pk).update(state=states.PROCESSING)
    with pytest.raises(StillProcessing):
        place_order(checkout=first, has_consented=True)
    Checkout.objects.filter(pk=first.pk).update(state=Checkout.State.EXPIRED)

    second = open_checkout(offer=offer, person=person)
    with pytest.raises(StillProcessing):
        place_order(checkout=second, has_consented=True)
    guest = open_checkout(offer=offer)
    with pytest.raises(StillProcessing):
        place_order(checkout=guest, has_consented=True, email=person.email.upper())

    assert Order.objects.count() == 1


def test_a_live_school_without_a_gateway_says_that_it_cannot_sell_yet(settings):
    settings.TEST_SCHOOL = False
    checkout = make_checkout()

    with pytest.raises(LiveSchoolWithoutGateway):
        place_order(checkout=checkout, has_consented=True, email="a@example.com")

    assert not Order.objects.exists()


def test_an_open_attempt_is_found_again_and_an_ended_one_is_not_repeated():
    order = make_order()
    first = start_payment(order=order, key="form-1")

    assert start_payment(order=order, key="form-1").pk == first.pk
    assert start_payment(order=order, key="form-2").pk == first.pk
    pay(first, "decline")
    with pytest.raises(FormSent):
        start_payment(order=order, key="form-1")

    second = start_payment(order=order, key="form-3")
    assert second.pk != first.pk
    assert Payment.objects.count() == 2


def test_unpaid_orders_run_out_and_give_their_places_back(dummy):
    payment = make_payment()

    assert expire_overdue() == 0
    with clock.moved_by(timedelta(hours=25)):
        assert expire_overdue() == 1

    payment.refresh_from_db()
    assert payment.order.state == states.EXPIRED
    assert payment.state == states.STOPPED
    assert payment.order.checkout.state == Checkout.State.EXPIRED
    assert dummy.count("release") == 1


def test_money_that_arrives_before_the_order_runs_out_is_found():
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    with clock.moved_by(timedelta(hours=25)):
        expire_overdue()

    payment.order.refresh_from_db()
    assert payment.order.state == states.PAID


def test_the_database_refuses_amounts_and_currencies_that_cannot_be():
    offer = make_offer()
    for change in (
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"currency": "eur"},
        {"currency": "E"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Offer.objects.filter(pk=offer.pk).update(**change)
    order = make_order()
    for change in (
        {"refunded_minor": order.total_minor + 1},
        {"refunded_minor": -1},
        {"state": "lost"},
        {"state": "paid"},
        {"total_minor": -1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**change)


def test_no_money_column_is_a_decimal_or_a_float():
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        kinds = {
            (table, column.name): connection.introspection.get_field_type(column.type_code, column)
            for table in tables
            if table.startswith("payments_")
            for column in connection.introspection.get_table_description(cursor, table)
        }

    assert not [name for name, kind in kinds.items() if kind in ("DecimalField", "FloatField")]
    assert [kind for (_, name), kind in kinds.items() if name.endswith("_minor")]
