"""The self-check: eight ways to corrupt the rows, each named and repaired."""

import json
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engineroom import clock, slots
from engineroom.models import AuditEntry, OutboxEvent
from payments.actions.selfcheck import check_everything, repair_everything
from payments.gateways import simulator
from payments.models import Finding, GatewayEvent, LedgerEntry, Order, Payment
from payments.queries.books import audit_books
from payments.queries.selfcheck import from_rows
from tests.factories.accounts import make_user
from tests.factories.payments import make_order, make_paid_order, make_payment

pytestmark = pytest.mark.django_db


@contextmanager
def guards_aside():
    """The database's own triggers step aside, as for somebody with the keys to the machine."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield cursor
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            # Foreign keys are checked at the end; the table must have nothing waiting.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE payments_ledgerentry DISABLE TRIGGER USER")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            yield cursor
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE payments_ledgerentry ENABLE TRIGGER USER")


@pytest.fixture(autouse=True)
def room(dummy):
    """The room above the till that gives dummy things, and can say to which lines."""
    given: set[str] = set()
    held: set[str] = set()

    def holdings():
        told = {"given": set(given), "held": set(held), "ended": set(), "partly": set()}
        return {"kinds": {"dummy"}} | told

    def end_holding(line):
        given.discard(line)
        held.discard(line)

    deliver, withdraw = dummy.deliver, dummy.withdraw
    dummy.deliver = lambda line: (deliver(line), given.add(line.public_id))
    dummy.withdraw = lambda line: (withdraw(line), given.discard(line.public_id))
    dummy.given, dummy.held = given, held
    slots.fill("payments.holdings", holdings)
    slots.fill("payments.end_holding", end_holding)
    yield dummy
    slots._slots["payments.holdings"].remove(holdings)
    slots._slots["payments.end_holding"].remove(end_holding)


def reconcile(*options) -> tuple[int, dict]:
    """(exit code, report) of the command."""
    out, code = StringIO(), 0
    try:
        call_command("reconcile", "--json", *options, stdout=out)
    except SystemExit as stop:
        code = stop.code
    return code, json.loads(out.getvalue())


def lose_access(dummy):
    dummy.given.discard(make_paid_order().lines.get().public_id)


def open_without_payment(dummy):
    dummy.given.add(make_order(person=make_user()).lines.get().public_id)


def charge_twice(dummy):
    order = make_paid_order()
    first = order.payments.get()
    twin = simulator.SimulatorGateway().start(
        simulator_intent(order, key=f"{first.public_id}-twin")
    )
    simulator.pay(twin.reference, outcome="success")
    OutboxEvent.objects.filter(done_at=None).delete()
    payment = Payment.objects.create(
        public_id=f"{first.public_id}-twin",
        order=order,
        gateway=first.gateway,
        mode=first.mode,
        reference=twin.reference,
        state="captured",
        amount_minor=first.amount_minor,
        currency=first.currency,
        captured_at=clock.now(),
    )
    LedgerEntry.objects.create(
        debit="test:gateway:simulator",
        credit="test:customers",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        ref=f"capture:{payment.public_id}",
        order=order,
    )


def simulator_intent(order, key):
    from payments.gateways.base import Intent

    return Intent(
        key=key,
        order_number=order.number,
        description="Twin",
        amount_minor=order.total_minor,
        currency=order.currency,
        email=order.email,
        return_url="/",
    )


def change_an_amount(dummy):
    payment = make_paid_order().payments.get()
    with guards_aside() as cursor:
        cursor.execute(
            "UPDATE payments_payment SET amount_minor = amount_minor + 100 WHERE id = %s",
            [payment.pk],
        )


def lose_an_entry(dummy):
    order = make_paid_order()
    with guards_aside() as cursor:
        cursor.execute(
            "DELETE FROM payments_ledgerentry WHERE order_id = %s AND ref LIKE %s",
            [order.pk, "sale:%"],
        )


def stick(dummy):
    order = make_order()
    early = clock.now() - timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(state="processing", placed_at=early)
    payment = Payment.objects.create(
        order=order,
        gateway="simulator",
        mode="test",
        state="failed",
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    assert payment.reference is None


def lose_the_news(dummy):
    payment = make_payment(person=make_user())
    simulator.pay(payment.reference, outcome="success")
    OutboxEvent.objects.all().delete()


def hold_for_nobody(dummy):
    line = make_order().lines.get()
    Order.objects.filter(pk=line.order_id).update(state="expired")
    dummy.held.add(line.public_id)


CORRUPTIONS = {
    "paid_without_access": lose_access,
    "access_without_payment": open_without_payment,
    "double_charge": charge_twice,
    "amount_mismatch": change_an_amount,
    "unbalanced_books": lose_an_entry,
    "stuck_processing": stick,
    "missing_webhook": lose_the_news,
    "orphan_seat": hold_for_nobody,
}


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_each_corruption_is_named_and_repaired(kind, dummy):
    make_paid_order()
    with clock.moved_by(timedelta(seconds=10)):
        assert reconcile()[0] == 0, "sound rows are sound"
        CORRUPTIONS[kind](dummy)
    with clock.moved_by(timedelta(seconds=30)):
        code, report = reconcile()
        assert code == 1
        assert kind in {one["kind"] for one in report["findings"]}, report

        code, report = reconcile("--repair")
        if code:
            code, report = reconcile("--repair")

        assert (code, report["findings"]) == (0, []), report
    assert audit_books()["ok"], audit_books()["problems"]
    closed = Finding.objects.exclude(closed_at=None)
    assert closed.filter(kind=kind).exists()
    assert AuditEntry.objects.filter(action="finding.repaired").exists()


def test_a_line_is_missed_though_its_order_needs_attention_for_something_else(dummy):
    order = make_paid_order()
    Order.objects.filter(pk=order.pk).update(attention="Taxed in DE, but the network says FR.")
    dummy.given.clear()

    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        assert [one.kind for one in check_everything()] == ["paid_without_access"]


def test_a_repair_that_changed_nothing_leaves_the_finding_open(settings):
    settings.STRIPE_SECRET_KEY = ""
    GatewayEvent.objects.create(gateway="stripe", event_id="evt_a", type="x", payload={})

    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        check_everything()
        ((_, said),) = repair_everything()

    assert Finding.objects.get().closed_at is None
    assert said == "The event was tried again and stays. The gateway stripe is not in use."


def test_what_a_room_gives_no_second_time_is_not_called_repaired(dummy, monkeypatch):
    make_paid_order()
    dummy.given.clear()
    monkeypatch.setattr(dummy, "deliver", lambda line: None)

    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        check_everything()
        ((_, said),) = repair_everything()

    assert Finding.objects.get().closed_at is None
    assert said.startswith("It was given once and has ended.")


def test_the_same_thing_found_again_is_one_finding(dummy):
    lose_an_entry(dummy)

    for _ in range(3):
        check_everything()

    assert Finding.objects.filter(closed_at=None).count() == 1


def test_what_has_gone_away_is_closed(dummy):
    order = make_paid_order()
    Order.objects.filter(pk=order.pk).update(refunded_minor=1)
    check_everything()
    Order.objects.filter(pk=order.pk).update(refunded_minor=0)

    check_everything()

    assert Finding.objects.get().how == "It was not found again."


def test_a_wrong_entry_is_reversed_and_never_changed(dummy):
    order = make_paid_order()
    entry = LedgerEntry.objects.get(order=order, ref__startswith="sale:")
    with guards_aside() as cursor:
        cursor.execute("UPDATE payments_ledgerentry SET amount_minor = 1 WHERE id = %s", [entry.pk])
    check_everything()

    repair_everything()

    assert LedgerEntry.objects.get(pk=entry.pk).amount_minor == 1
    refs = LedgerEntry.objects.filter(ref__startswith=f"{entry.ref}#").values_list("ref", flat=True)
    assert sorted(refs) == [f"{entry.ref}#1", f"{entry.ref}#2"]
    assert audit_books()["ok"]


def test_looking_at_more_orders_takes_no_more_queries(dummy):
    def count():
        with CaptureQueriesContext(connection) as captured:
            assert from_rows() == []
        return len(captured)

    make_paid_order()
    of_one = count()
    for _ in range(4):
        make_paid_order()

    assert count() == of_one
