"""Coupons in the admin: each kind made and changed, codes in bulk, and what is wrong said beside it."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from engineroom.models import AuditEntry
from payments.actions.coupons import make_coupon, make_coupon_batch
from payments.models import Coupon, CouponBatch
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer

pytestmark = pytest.mark.django_db
ADD, BULK = "admin:payments_coupon_add", "admin:payments_couponbatch_add"
WINDOW = {
    **{"starts_at_0": "2031-01-01", "starts_at_1": "08:00"},
    **{"ends_at_0": "2031-02-01", "ends_at_1": "08:00"},
}
BACKWARDS = WINDOW | {"ends_at_0": "2030-12-01"}


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def desk(staff):
    client = Client()
    client.force_login(staff)
    return client


def filled(**changes):
    form = {"code": "spring-25", "kind": "percent", "percent": "25", "duration": "first"}
    return form | {"is_active": "on"} | changes


def in_bulk(**changes):
    form = {"title": "Letters", "count": "40", "kind": "percent", "percent": "12.5"}
    return form | {"duration": "first"} | changes


def errors_of(answer) -> dict[str, str]:
    """By name of the field: what is said about it, however the form was drawn."""
    form = answer.context["adminform"].form
    return {name: " ".join(said) for name, said in form.errors.items()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"percent": 2500, "amount_minor": None, "currency": "", "duration": "first"}),
        ({"percent": "12.5", "duration": "always"}, {"percent": 1250, "duration": "always"}),
        ({"percent": "100"}, {"percent": 10_000}),
        (
            {"kind": "fixed", "percent": "", "amount": "10.00", "currency": "EUR"},
            {"percent": None, "amount_minor": 1000, "currency": "EUR"},
        ),
        (
            {"kind": "fixed", "percent": "", "amount": "500", "currency": "JPY"},
            {"amount_minor": 500, "currency": "JPY"},
        ),
        ({"most_uses": "50", "most_per_person": "1"}, {"most_uses": 50, "most_per_person": 1}),
    ],
)
def test_a_coupon_of_each_kind_is_made(desk, staff, changes, expected):
    answer = desk.post(reverse(ADD), filled(**changes))

    assert answer.status_code == 302
    coupon = Coupon.objects.get()
    assert coupon.code == "SPRING-25"
    assert {name: getattr(coupon, name) for name in expected} == expected
    entry = AuditEntry.objects.get(action="coupon.made")
    assert (entry.target, entry.actor) == (coupon.public_id, staff)


def test_a_coupon_holds_in_its_window_and_for_the_chosen_offers(desk):
    offer = make_offer()

    desk.post(reverse(ADD), filled(offers=[offer.pk], **WINDOW))

    coupon = Coupon.objects.get()
    assert coupon.starts_at == datetime(2031, 1, 1, 8, tzinfo=UTC)
    assert coupon.ends_at == datetime(2031, 2, 1, 8, tzinfo=UTC)
    assert list(coupon.offers.all()) == [offer]
    assert not coupon.is_valid_now


WRONG = [
    ({"percent": "0"}, "percent"),
    ({"percent": "100.01"}, "percent"),
    ({"percent": "a quarter"}, "percent"),
    ({"percent": ""}, "percent"),
    ({"kind": "half"}, "kind"),
    ({"kind": "fixed", "amount": "10.00", "currency": ""}, "currency"),
    ({"kind": "fixed", "amount": "10,00", "currency": "EUR"}, "amount"),
    ({"kind": "fixed", "amount": "0", "currency": "EUR"}, "amount"),
    ({"kind": "fixed", "amount": "", "currency": "EUR"}, "amount"),
    ({"kind": "fixed", "amount": "-1", "currency": "EUR"}, "amount"),
    ({"duration": "twice"}, "duration"),
    (BACKWARDS, "ends_at"),
    ({"starts_at_0": "some day", "starts_at_1": "08:00"}, "starts_at"),
    ({"offers": ["99999"]}, "offers"),
]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *WRONG,
        ({"code": ""}, "code"),
        ({"code": "a b"}, "code"),
        ({"code": "taken"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"most_uses": "0"}, "most_uses"),
        ({"most_uses": "-1"}, "most_uses"),
        ({"most_per_person": "0"}, "most_per_person"),
    ],
)
def test_a_coupon_that_cannot_be_is_refused_beside_its_field(desk, changes, field):
    make_coupon(code="TAKEN", kind="percent", percent=100)

    answer = desk.post(reverse(ADD), filled(**changes))

    assert answer.status_code == 200
    assert list(errors_of(answer)) == [field], errors_of(answer)
    page = answer.content.decode()
    assert re.search(rf'id="id_{field}(_\w+)?_error"|errorlist', page)
    if field != "percent":
        assert 'value="25"' in page, "What was typed stays."
    assert [coupon.code for coupon in Coupon.objects.all()] == ["TAKEN"]
    assert not AuditEntry.objects.filter(action="coupon.changed").exists()


def test_a_coupon_is_changed_and_ended_but_keeps_its_code(desk):
    coupon = make_coupon(code="OLD", kind="fixed", amount_minor=1000, currency="EUR")
    address = reverse("admin:payments_coupon_change", args=[coupon.pk])

    page = desk.get(address).content.decode()
    desk.post(address, filled(code="NEW", percent="50", most_uses="9"))

    assert 'value="10.00"' in page
    coupon.refresh_from_db()
    assert (coupon.code, coupon.percent, coupon.amount_minor) == ("OLD", 5000, None)
    form = filled(percent="50", most_uses="9")
    del form["is_active"]
    desk.post(address, form)
    coupon.refresh_from_db()
    assert not coupon.is_valid_now
    changes = AuditEntry.objects.filter(action="coupon.changed").order_by("pk")
    assert [entry.data["changed"] for entry in changes][1] == ["is_active"]


def test_fewer_uses_than_there_were_are_refused(desk):
    coupon = make_coupon(code="OLD", kind="percent", percent=100, most_uses=9)
    Coupon.objects.update(uses=5)

    answer = desk.post(
        reverse("admin:payments_coupon_change", args=[coupon.pk]), filled(most_uses="4")
    )

    assert errors_of(answer) == {"most_uses": "It was used 5 times already."}
    coupon.refresh_from_db()
    assert (coupon.most_uses, coupon.percent) == (9, 100)


def test_codes_are_made_in_bulk_downloaded_and_ended(desk, staff):
    offer = make_offer()

    desk.post(reverse(BULK), in_bulk(offers=[offer.pk], **WINDOW))

    batch = CouponBatch.objects.get()
    codes = batch.coupons.all()
    assert {(row.percent, row.most_uses, row.duration) for row in codes} == {(1250, 1, "first")}
    assert len({row.code for row in codes}) == 40
    assert {row.ends_at for row in codes} == {datetime(2031, 2, 1, 8, tzinfo=UTC)}
    assert {offer_ for row in codes for offer_ in row.offers.all()} == {offer}
    table = desk.get(reverse("admin:payments_couponbatch_codes", args=[batch.pk]))
    assert len(table.content.decode().split()) == 41

    said = {"action": "close", "_selected_action": [batch.pk]}
    asked = desk.post(reverse("admin:payments_couponbatch_changelist"), said)
    assert "Nobody can redeem them after that." in asked.content.decode()
    assert codes.filter(is_active=True).count() == 40
    desk.post(reverse("admin:payments_couponbatch_changelist"), said | {"confirmed": "1"})
    assert not codes.filter(is_active=True).exists()
    trail = AuditEntry.objects.filter(target=batch.public_id).order_by("pk")
    assert [(entry.action, entry.actor) for entry in trail] == [
        (action, staff) for action in ("coupons.made", "coupons.exported", "coupons.closed")
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *WRONG,
        ({"title": ""}, "title"),
        ({"count": "0"}, "count"),
        ({"count": "10001"}, "count"),
        ({"count": "many"}, "count"),
    ],
)
def test_codes_that_cannot_be_are_refused_beside_the_field(desk, changes, field):
    answer = desk.post(reverse(BULK), in_bulk(**changes))

    assert answer.status_code == 200
    assert list(errors_of(answer)) == [field]
    assert not CouponBatch.objects.exists()
    assert not Coupon.objects.exists()


def test_a_batch_is_never_changed_afterwards(desk):
    batch = make_coupon_batch(title="Letters", count=2, kind="percent", percent=100)

    answer = desk.post(
        reverse("admin:payments_couponbatch_change", args=[batch.pk]), in_bulk(percent="100")
    )

    assert answer.status_code == 403
    assert {row.percent for row in batch.coupons.all()} == {100}
