"""What speaks for a buyer's VAT id and country: VIES and a proxy."""

import pytest

from engineroom.addresses import visitor_country
from payments import vies
from payments.actions.evidence import UNCHECKED, note_evidence, note_network, note_vat_id_check
from tests.factories.invoices import make_taxable_order, tax_order
from tests.factories.payments import make_checkout

pytestmark = pytest.mark.usefixtures("german_seller")


# ---- VIES


def answer(status, body):
    return lambda _question: (status, body)


def asleep(_question):
    raise TimeoutError


@pytest.mark.parametrize(
    ("call", "known"),
    [
        (answer(200, b'{"valid": true}'), True),
        (answer(200, b'{"valid": false}'), False),
        (answer(200, b'{"actionSucceed": false, "errorWrappers": []}'), None),
        (answer(503, b'{"valid": false}'), None),
        (answer(200, b"<html>"), None),
        (answer(200, b"[" * 60_000), None),
        (asleep, None),
    ],
)
def test_vies_says_yes_no_or_nothing(call, known):
    assert vies.is_known("DE136695976", call=call) is known


@pytest.mark.django_db
def test_an_order_says_that_its_vat_id_is_unchecked_until_vies_answers(german_seller):
    order = tax_order(make_taxable_order(), kind="reverse", country="FR", vat_id="FR40303265045")

    note_evidence(order, "FR")
    order.refresh_from_db()
    assert order.evidence["vat_id_check"] == UNCHECKED

    note_vat_id_check(order=order, outcome="unknown")
    order.refresh_from_db()
    assert order.evidence["vat_id_check"] == "unknown"
    assert "VIES" in order.attention


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "said", "kept"),
    [(1, "fr", "FR"), (0, "FR", ""), (1, "XX", ""), (1, "T1", ""), (1, "France", "")],
)
def test_a_trusted_proxys_country_is_kept_as_evidence(settings, rf, proxies, said, kept):
    settings.GEO_COUNTRY_HEADER, settings.TRUSTED_PROXIES = "X-Country", proxies
    checkout = make_checkout()

    country = visitor_country(rf.get("/", headers={"X-Country": said}))
    note_network(checkout=checkout, country=country)

    checkout.refresh_from_db()
    assert checkout.evidence.get("network", "") == kept
