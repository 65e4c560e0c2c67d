"""What the preview says is what is charged."""

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.actions.checkouts import add_line, open_checkout
from payments.actions.coupons import make_coupon
from payments.actions.filling import change_checkout, change_filled_line
from payments.actions.ordering import place_order
from payments.actions.previewing import preview_price
from payments.models import Checkout, Order
from tests.factories.payments import make_offer


@st.composite
def carts(draw):
    """A cart as plain values: offers, a coupon, a country, parts."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    lines = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "amount_minor": st.integers(1, 10**7),
                    "above_list": st.integers(0, 500),
                    "is_open": st.booleans(),
                    "chosen": st.integers(0, 10**6),
                    "quantity": st.integers(1, 9),
                    "things": st.integers(1, 3),
                }
            ),
            min_size=1,
            max_size=4,
        )
    )
    coupon = draw(
        st.one_of(
            st.none(),
            st.fixed_dictionaries({"kind": st.just("percent"), "percent": st.integers(1, 10_000)}),
            st.fixed_dictionaries(
                {
                    "kind": st.just("fixed"),
                    "amount_minor": st.integers(1, 10**6),
                    "currency": st.just(currency),
                }
            ),
        )
    )
    parts = draw(st.integers(1, 12)) if len(lines) == 1 else 1
    where = draw(st.sampled_from([("DE", ""), ("FR", ""), ("AT", "ATU13585627"), ("US", "")]))
    return currency, lines, coupon, parts, where


def previewed_and_charged(cart) -> tuple[int, int, int]:
    """(total of the preview, total of the order, sum of the order's lines) of one cart.

    Writes rows: call it in a transaction of your own. A kind "dummy" must be registered.
    """
    currency, lines, coupon, parts, (country, vat_id) = cart
    offers = [
        make_offer(
            amount_minor=line["amount_minor"],
            list_minor=line["amount_minor"] + line["above_list"],
            pricing="open" if line["is_open"] else "fixed",
            currency=currency,
            instalments=parts,
            keys=[f"{at}-{thing}" for thing in range(line["things"])],
        )
        for at, line in enumerate(lines)
    ]
    chosen = [line["amount_minor"] + line["chosen"] if line["is_open"] else None for line in lines]
    code = make_coupon(code="PREVIEW", **coupon).code if coupon else ""
    in_parts = parts > 1
    quote = preview_price(
        lines=[
            (offer, line["quantity"], amount)
            for offer, line, amount in zip(offers, lines, chosen, strict=True)
        ],
        coupon=code,
        country=country,
        vat_id=vat_id,
        in_instalments=in_parts,
    )
    checkout = open_checkout(offer=offers[0])
    for offer, line, amount in zip(offers, lines, chosen, strict=True):
        row = add_line(checkout=checkout, offer=offer)
        change_filled_line(
            checkout=checkout,
            line_id=row.public_id,
            quantity=line["quantity"],
            amount_minor=amount,
        )
    change_checkout(
        checkout=checkout, country=country, vat_id=vat_id, coupon=code, in_instalments=in_parts
    )
    order = place_order(checkout=checkout, has_consented=True, email="cart@example.com")
    return (
        quote.total_minor,
        order.total_minor,
        sum(line.total_minor for line in order.lines.all()),
    )


def check_carts(examples: int) -> int:
    """Random carts, so many; returns how many were previewed and ordered alike. Leaves no rows."""
    done = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(carts())
    def one(cart):
        nonlocal done
        with transaction.atomic():
            previewed, charged, in_lines = previewed_and_charged(cart)
            transaction.set_rollback(True)
        assert previewed == charged == in_lines
        done += 1

    with override_settings(SELLER_COUNTRY="DE"):
        one()
    return done


@pytest.mark.django_db
def test_the_preview_is_the_price_that_is_charged():
    assert check_carts(60) >= 60
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_a_preview_by_the_api_writes_nothing_and_says_each_step(client):
    offer = make_offer(amount_minor=11900, list_minor=14900)
    make_coupon(code="PAPER20", kind="percent", percent=2000)

    with override_settings(SELLER_COUNTRY="DE"):
        answer = client.post(
            "/api/v1/price-previews",
            {"lines": [{"offer": offer.public_id}], "coupon": "paper20", "country": "DE"},
            content_type="application/json",
        )

    said = answer.json()
    assert answer.status_code == 200, said
    assert said["total_minor"] == 9520
    assert [step["step"] for step in said["steps"]] == ["list", "offer", "coupon", "tax", "total"]
    assert said["lines"][0]["net_minor"] + said["lines"][0]["tax_minor"] == 9520
    assert not Checkout.objects.exists()


@pytest.mark.django_db
def test_a_preview_knows_by_the_postal_code_where_a_countrys_vat_does_not_hold(client):
    offer = make_offer(amount_minor=11900)

    def tax(postal_code):
        body = {"lines": [{"offer": offer.public_id}], "country": "DE", "postal_code": postal_code}
        answer = client.post("/api/v1/price-previews", body, content_type="application/json")
        return answer.json()["tax_minor"]

    with override_settings(SELLER_COUNTRY="DE"):
        assert (tax("10115"), tax("27498")) == (1900, 0)


@pytest.mark.django_db
def test_wrong_previews_are_refused_with_their_field(client):
    offer = make_offer()

    def ask(**said):
        body = {"lines": [{"offer": offer.public_id}], **said}
        return client.post("/api/v1/price-previews", body, content_type="application/json")

    assert ask(coupon="NOSUCH").status_code == 400
    assert ask(lines=[]).status_code == 400
    assert ask(lines=[{"offer": "offer_none"}]).status_code == 404
    assert ask(in_instalments=True).status_code == 409
    assert ask(lines=[{"offer": offer.public_id, "amount_minor": 1}]).status_code == 400


@pytest.mark.django_db
def test_codes_cannot_be_guessed_quickly(client):
    offer = make_offer()
    answers = [
        client.post(
            "/api/v1/price-previews",
            {"lines": [{"offer": offer.public_id}], "coupon": f"GUESS{number}"},
            content_type="application/json",
        ).status_code
        for number in range(35)
    ]

    assert answers == [400] * 30 + [429] * 5
