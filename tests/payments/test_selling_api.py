"""Offers and coupons by the API: the admin's actions and permissions, beside the field that is wrong."""

import pytest

from accounts.roles import INSTRUCTOR, MANAGER, SUPPORT
from engineroom.models import AuditEntry
from payments import sellables
from payments.models import Coupon, CouponBatch, Offer
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer
from tests.payments.test_api import Program

pytestmark = pytest.mark.django_db
PAPER = {
    "title": "Paper",
    "amount_minor": 4900,
    "currency": "EUR",
    "items": [{"kind": "dummy", "key": "paper"}],
}
QUARTER = {"code": "quarter", "kind": "percent", "percent": 2500}


@pytest.fixture
def program(dummy):
    return Program(make_user(is_staff=True, roles=[MANAGER]))


def staff(role):
    return Program(make_user(is_staff=True, roles=[role]))


def said(answer) -> tuple:
    problem = answer.json()
    return answer.status_code, problem["code"], [error["field"] for error in problem["errors"]]


def test_an_offer_is_made_read_changed_and_taken_off_sale(program):
    made = program.post("offers", PAPER | {"most_sold": 9, "ends_at": "2031-01-01T00:00:00Z"})
    address = f"offers/{made.json()['id']}"

    assert made.status_code == 201
    assert made["Location"] == f"/api/v1/{address}"
    whole = program.get(address).json()
    assert whole == made.json()
    assert (whole["sold"], whole["most_sold"], whole["is_open"]) == (0, 9, True)
    assert whole["items"] == [{"kind": "dummy", "key": "paper", "weight": 1}]

    items = [{"kind": "dummy", "key": key, "weight": 2} for key in ("a", "b")]
    changed = program.call("patch", address, {"amount_minor": 3900, "items": items})
    assert changed.json()["items"] == items
    assert (changed.json()["amount_minor"], changed.json()["most_sold"]) == (3900, 9)

    assert not program.call("patch", address, {"is_active": False}).json()["is_open"]
    assert program.get("offers").json()["results"] == []
    assert [row["id"] for row in program.get("offers/source").json()["results"]] == [whole["id"]]
    trail = AuditEntry.objects.filter(target=whole["id"]).order_by("pk")
    assert [entry.action for entry in trail] == ["offer.made", "offer.changed", "offer.changed"]
    assert trail[1].data["changed"] == ["amount_minor", "items"]
    assert {entry.actor.email for entry in trail} == {trail[0].actor.email}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": 49.5}, "amount_minor"),
        ({"currency": "XXX"}, "currency"),
        ({"items": []}, "items"),
        ({"items": [{"kind": "nothing", "key": "a"}]}, "items"),
        ({"list_minor": 100}, "list_minor"),
        ({"suggested_minor": 9900}, "suggested_minor"),
        ({"pricing": "auction"}, "pricing"),
        ({"period": "week"}, "period"),
        ({"trial_days": 7}, "trial_days"),
        ({"instalments": 25}, "instalments"),
        ({"period": "month", "instalments": 3}, "instalments"),
        ({"most_sold": 0}, "most_sold"),
        ({"tax_class": "books"}, "tax_class"),
        ({"starts_at": "2031-02-01T00:00:00Z", "ends_at": "2031-01-01T00:00:00Z"}, "ends_at"),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused_with_its_field(program, wrong, field):
    offer = make_offer()
    before = Offer.objects.values().get()

    made = program.post("offers", PAPER | wrong)
    changed = program.call("patch", f"offers/{offer.public_id}", wrong)

    for answer in (made, changed):
        assert answer["Content-Type"] == "application/problem+json"
        status, _, fields = said(answer)
        assert (status, fields) == (400, [field])
    assert Offer.objects.values().get() == before
    assert not AuditEntry.objects.filter(action="offer.changed").exists()


def test_things_that_nobody_knows_leave_the_offer_as_it_was(program):
    offer = make_offer()

    answer = program.call(
        "patch",
        f"offers/{offer.public_id}",
        {"amount_minor": 100, "items": [{"kind": "nothing", "key": "a"}]},
    )

    assert said(answer) == (400, "offer_not_valid", ["items"])
    offer.refresh_from_db()
    assert offer.amount_minor == 4900


def test_a_coupon_is_made_found_changed_and_ended(program):
    offer = make_offer()
    made = program.post("coupons", QUARTER | {"offers": [offer.public_id], "most_uses": 5})
    address = f"coupons/{made.json()['id']}"

    assert made.status_code == 201
    assert made.json()["code"] == "QUARTER"
    assert program.get(address).json() == made.json()
    assert made.json()["offers"] == [offer.public_id]
    found = program.get("coupons?code=%20quarter&fields=code,uses").json()["results"]
    assert found == [{"code": "QUARTER", "uses": 0}]

    fixed = {"kind": "fixed", "amount_minor": 500, "currency": "EUR", "offers": []}
    changed = program.call("patch", address, fixed | {"code": "OTHER"}).json()
    assert (changed["percent"], changed["amount_minor"], changed["offers"]) == (None, 500, [])
    assert (changed["code"], changed["most_uses"]) == ("QUARTER", 5)
    assert not program.call("patch", address, {"is_active": False}).json()["is_active"]
    entry = AuditEntry.objects.filter(action="coupon.changed").order_by("pk").first()
    assert entry.data["changed"] == ["amount_minor", "currency", "kind", "offers", "percent"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"code": "taken"}, "code"),
        ({"percent": 10_001}, "percent"),
        ({"percent": None}, "percent"),
        ({"kind": "half"}, "kind"),
        ({"kind": "fixed", "currency": "EUR"}, "amount_minor"),
        ({"kind": "fixed", "amount_minor": 100}, "currency"),
        ({"duration": "twice"}, "duration"),
        ({"offers": ["offer_none"]}, "offers"),
        ({"most_uses": 0}, "most_uses"),
        ({"starts_at": "2031-02-01T00:00:00Z", "ends_at": "2031-01-01T00:00:00Z"}, "ends_at"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused_with_its_field(program, wrong, field):
    program.post("coupons", QUARTER | {"code": "TAKEN"})

    status, _, fields = said(program.post("coupons", QUARTER | wrong))

    assert (status, fields) == (400, [field])
    assert [coupon.code for coupon in Coupon.objects.all()] == ["TAKEN"]


def test_one_time_codes_are_made_once_however_often_the_call_comes(program):
    wanted = {"title": "Letters", "count": 30, "kind": "percent", "percent": 5000}
    assert said_no_key(program.post("coupon-batches", wanted, key=None))

    first = program.post("coupon-batches", wanted, key="once")
    again = program.post("coupon-batches", wanted, key="once")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (first.json()["count"], Coupon.objects.count()) == (30, 30)
    batch = CouponBatch.objects.get().public_id
    page = program.get(f"coupons?batch={batch}").json()
    assert (len(page["results"]), bool(page["next"])) == (20, True)
    assert {row["batch"] for row in page["results"]} == {batch}

    table = program.get(f"coupon-batches/{batch}/codes")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert len(table.content.decode().split()) == 31
    ended = program.post(f"coupon-batches/{batch}/ending")
    assert ended.json() == {"ended": 30}
    assert program.get(f"coupon-batches/{batch}").json()["free"] == 0
    assert {"coupons.made", "coupons.exported", "coupons.closed"} <= set(
        AuditEntry.objects.filter(target=batch).values_list("action", flat=True)
    )


def said_no_key(answer) -> bool:
    return (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize("count", [0, 10_001, "many"])
def test_a_batch_of_a_number_that_makes_no_sense_makes_no_codes(program, count):
    answer = program.post("coupon-batches", QUARTER | {"title": "T", "count": count})

    assert said(answer)[::2] == (400, ["count"])
    assert not CouponBatch.objects.exists()


@pytest.mark.parametrize("role", [INSTRUCTOR, SUPPORT])
def test_who_does_not_sell_changes_nothing(program, role):
    offer, asker = make_offer(), staff(role)
    coupon = program.post("coupons", QUARTER).json()["id"]
    batch = program.post("coupon-batches", QUARTER | {"title": "T", "count": 2}).json()["id"]
    reads = {asker.get(f"{path}").status_code for path in (
        *("offers/source", f"offers/{offer.public_id}", "coupons", f"coupons/{coupon}"),
        *("coupon-batches", f"coupon-batches/{batch}"),
    )}  # fmt: skip
    before = list(Offer.objects.values()), list(Coupon.objects.order_by("pk").values())

    refused = {
        asker.post("offers", PAPER).status_code,
        asker.call("patch", f"offers/{offer.public_id}", {"is_active": False}).status_code,
        asker.post("coupons", QUARTER | {"code": "MORE"}).status_code,
        asker.call("patch", f"coupons/{coupon}", {"percent": 10_000}).status_code,
        asker.post("coupon-batches", QUARTER | {"title": "T", "count": 2}).status_code,
        asker.post(f"coupon-batches/{batch}/ending").status_code,
        asker.get(f"coupon-batches/{batch}/codes").status_code,
    }

    assert reads == ({200} if role == SUPPORT else {403})
    assert refused == {403}
    assert (list(Offer.objects.values()), list(Coupon.objects.order_by("pk").values())) == before


def test_lists_cost_the_same_for_one_row_and_for_five(program, django_assert_max_num_queries):
    counts = []
    for more in (1, 4):
        for number in range(more):
            program.post("coupons", QUARTER | {"code": f"C{more}{number}", "offers": [
                make_offer().public_id]})  # fmt: skip
            program.post("coupon-batches", QUARTER | {"title": "T", "count": 2})
        for path in ("coupons", "coupon-batches", "offers/source"):
            with django_assert_max_num_queries(9) as seen:
                assert program.get(path).status_code == 200
            counts.append(len(seen))

    assert counts[:3] == counts[3:]


class Book:
    """Cannot end, so that it is not sold by periods."""

    def describe(self, key):
        return {"title": key, "url": ""}


def test_things_and_period_changed_at_once_are_judged_together(program):
    sellables.register("book", Book())
    offer = make_offer()
    offer.items.update(kind="book")
    address = f"offers/{offer.public_id}"

    alone = program.call("patch", address, {"period": "month"})
    both = program.call("patch", address, {"period": "month", "items": PAPER["items"]})
    back = program.call("patch", address, {"items": [{"kind": "book", "key": "a"}]})

    sellables.forget("book")
    assert said(alone)[::2] == (400, ["period"])
    assert (both.status_code, both.json()["period"]) == (200, "month")
    assert said(back)[::2] == (400, ["period"])
