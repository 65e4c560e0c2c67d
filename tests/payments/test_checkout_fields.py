"""Each field of the checkout: what is wrong is said beside it, what was typed stays, nothing changes."""

import re
from html import unescape

import pytest
from django.test import Client

from engineroom.models import AuditEntry
from payments import sellables
from payments.actions.checkouts import open_checkout
from payments.actions.coupons import make_coupon
from payments.models import Checkout, CheckoutLine, CouponUse, Order
from tests.factories.accounts import make_user
from tests.factories.payments import DummySellable, make_offer

pytestmark = pytest.mark.django_db


class ManySellable(DummySellable):
    sells_many = True


@pytest.fixture
def seats():
    sellables.register("seats", ManySellable())
    yield
    sellables.forget("seats")


def opened(*, is_gift=False, kind="dummy", **fields):
    person = make_user()
    client = Client()
    client.force_login(person)
    offer = make_offer(**fields)
    if kind != "dummy":
        offer.items.update(kind=kind)
    return client, open_checkout(offer=offer, person=person, is_gift=is_gift)


def kept() -> list:
    """What nobody may have changed."""
    tables = (Checkout, CheckoutLine, Order, CouponUse)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def hidden(page) -> dict:
    return {
        name: re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]
        for name in ("form_key", "expected_minor")
    }


def control_of(text: str, name: str) -> str:
    """The tag of a field, or the group of radio buttons that answers for it."""
    group = re.search(rf'<fieldset[^>]* id="id_{name}"[^>]*>', text)
    found = group or re.search(rf'<(?:input|select|textarea)[^>]* name="{name}"[^>]*>', text)
    assert found, f"{name} is not on the page"
    return found[0]


def refused(client, checkout, name, value, act="pay", **more) -> str:
    """Send one wrong value; what the page says beside its field."""
    address = checkout.get_absolute_url()
    said = hidden(client.get(address)) | {"consent": "on", "act": act, **more}
    line = checkout.lines.get().public_id
    field = name.replace("LINE", line)
    before, entries = kept(), AuditEntry.objects.count()

    page = client.post(
        address, {k.replace("LINE", line): v for k, v in said.items()} | {field: value}
    )

    assert 400 <= page.status_code < 500
    assert "<title>Error: " in page.text
    assert kept() == before
    assert AuditEntry.objects.count() == entries
    control = control_of(page.text, field)
    assert 'aria-invalid="true"' in control
    described = re.search(r'aria-describedby="([^"]+)"', control)[1].split()
    assert f"id_{field}-error" in described
    texts = {
        each: re.search(rf'<p[^>]* id="{each}"[^>]*>(.*?)</p>', page.text, re.DOTALL)
        for each in described
    }
    assert all(texts.values()), "What a field is described by is on the page."
    _is_kept(page.text, control, field, value)
    return unescape(re.sub(r"<[^>]+>", "", texts[f"id_{field}-error"][1])).strip()


def _is_kept(text: str, control: str, field: str, value: str) -> None:
    if control.startswith("<input") and not value:
        assert " value=" not in control
    elif control.startswith("<input"):
        assert f'value="{value}"' in unescape(control)
    elif control.startswith("<textarea"):
        inside = re.search(rf'<textarea[^>]* name="{field}"[^>]*>(.*?)</textarea>', text, re.DOTALL)
        assert unescape(inside[1]).strip() == value


@pytest.fixture
def codes():
    make_coupon(code="ENDED", kind="percent", percent=1000, is_active=False)
    make_coupon(code="OTHER", kind="percent", percent=1000, offers=[make_offer()])
    make_coupon(code="DOLLARS", kind="fixed", amount_minor=100, currency="USD")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("NOSUCH", "code"),
        ("'; DROP TABLE", "code"),
        ("x" * 41, "at most 40"),
        ("ENDED", "code"),
        ("OTHER", "something else"),
        ("DOLLARS", "code"),
    ],
)
@pytest.mark.parametrize("act", ["update", "pay"])
def test_a_code_that_does_not_hold_is_said_beside_the_code(codes, value, words, act):
    client, checkout = opened()

    assert words in refused(client, checkout, "coupon", value, act, city="Ghent")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("country", "", "Choose your country"),
        ("country", "XX", "valid choice"),
        ("country", "Germany", "valid choice"),
        ("vat_id", "DE123", "VAT id"),
        ("vat_id", "FR136695976", "VAT id"),
        ("vat_id", "X" * 31, "at most 30"),
        ("name", "n" * 121, "at most 120"),
        ("company", "c" * 121, "at most 120"),
        ("street", "s" * 201, "at most 200"),
        ("postal_code", "p" * 21, "at most 20"),
        ("city", "c" * 121, "at most 120"),
    ],
)
def test_an_address_that_cannot_be_is_said_beside_its_field(settings, name, value, words):
    settings.SELLER_COUNTRY = "DE"
    client, checkout = opened()

    said = refused(client, checkout, name, value, **{"country": "DE"} if name != "country" else {})

    assert words in said


@pytest.mark.parametrize("value", ["", "abc", "4,00", "4.999", "3.99", "-5", "9" * 19])
def test_an_own_price_that_cannot_be_is_said_beside_the_price(value):
    client, checkout = opened(pricing="open", amount_minor=400)

    assert refused(client, checkout, "amount-LINE", value)


@pytest.mark.parametrize("value", ["0", "-1", "1001", "1.5", "many", ""])
def test_a_number_that_cannot_be_is_said_beside_the_number(seats, value):
    client, checkout = opened(kind="seats")

    assert refused(client, checkout, "quantity-LINE", value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gift_email-LINE", "nobody", "valid email"),
        ("gift_email-LINE", "a@b@c.example", "valid email"),
        ("gift_name-LINE", "n" * 121, "at most 120"),
        ("gift_sender-LINE", "s" * 121, "at most 120"),
        ("gift_note-LINE", "w" * 501, "at most 500"),
        ("gift_deliver_on-LINE", "some day", "valid date"),
        ("gift_deliver_on-LINE", "2026-02-30", "valid date"),
        ("gift_deliver_on-LINE", "2001-01-01", ""),
        ("gift_deliver_on-LINE", "2199-01-01", ""),
    ],
)
def test_a_gift_that_cannot_be_is_said_beside_its_field(name, value, words):
    client, checkout = opened(is_gift=True)

    said = refused(client, checkout, name, value)

    assert said
    assert words in said


@pytest.mark.parametrize("value", ["never", "parts "])
def test_instalments_that_are_not_offered_are_said_beside_the_choice(value):
    client, checkout = opened(instalments=3)

    assert "valid choice" in refused(client, checkout, "pay_in", value)


def test_what_was_typed_elsewhere_stays_beside_the_one_that_is_wrong():
    client, checkout = opened()
    address = checkout.get_absolute_url()
    said = hidden(client.get(address)) | {"consent": "on", "act": "pay", "coupon": "NOSUCH"}

    page = client.post(address, said | {"city": "Ghent", "street": "Korenmarkt 1"})

    assert 'value="Ghent"' in page.text
    assert 'value="Korenmarkt 1"' in page.text
    assert re.search(r'<details class="disclose[^"]*" open>', page.text)


def test_the_keyboard_begins_at_what_is_wrong():
    client, checkout = opened()
    address = checkout.get_absolute_url()

    page = client.post(address, hidden(client.get(address)) | {"act": "pay"})

    (summary,) = re.findall(r'<div class="error-summary"[^>]*>', page.text)
    assert "autofocus" in summary
    assert 'href="#id_consent">Confirm that you agree' in page.text
    assert "autofocus" not in client.get(address).text
