"""Whole minor units, and no unit invented or lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments import money, pricing
from payments.money import EXPONENTS, MoneyError
from payments.pricing import MixedCurrencies, Part, Wanted

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(0, money.MOST_MINOR)
quick = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("minor", "currency", "plain", "text"),
    [
        (4900, "EUR", "49.00", "€49.00"),
        (500, "JPY", "500", "¥500"),
        (12500, "KWD", "12.500", "KWD\N{NO-BREAK SPACE}12.500"),
        (124900, "GBP", "1249.00", "£1,249.00"),
        (-3005, "EUR", "-30.05", "−€30.05"),
        (7, "EUR", "0.07", "€0.07"),
        (0, "JPY", "0", "¥0"),
    ],
)
def test_amounts_are_written_with_the_currencys_decimals(minor, currency, plain, text):
    assert money.plain(minor, currency) == plain
    assert money.text(minor, currency) == text


@quick
@given(amounts, currencies)
def test_what_is_written_reads_back_as_the_same_amount(minor, currency):
    assert money.parse(money.plain(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("49.000", "EUR"),
        ("5.0", "JPY"),
        ("1.2345", "KWD"),
        ("49,00", "EUR"),
        ("-1", "EUR"),
        ("+1", "EUR"),
        (" 1", "EUR"),
        ("1e3", "EUR"),
        ("", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
        ("٤٩", "EUR"),
        ("9" * 16, "EUR"),
        ("9" * 15, "EUR"),
        ("1", "XXX"),
        ("1", "eur"),
        (1.5, "EUR"),
        (None, "EUR"),
    ],
)
def test_anything_else_is_refused(amount, currency):
    with pytest.raises(MoneyError):
        money.parse(amount, currency)


def test_fewer_decimals_are_filled_up():
    assert money.parse("49", "EUR") == 4900
    assert money.parse("49.5", "EUR") == 4950
    assert money.parse("1.25", "KWD") == 1250


@quick
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_split_adds_up_and_is_fair(amount, weights):
    parts = money.split(amount, weights)

    assert sum(parts) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = amount * (weight if whole else 1)
        assert abs(part * (whole or len(weights)) - exact) <= (whole or len(weights))


def test_the_larger_remainder_gets_the_unit_and_the_earlier_part_wins_a_tie():
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(1, [1, 2]) == [0, 1]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]
    for weights in ([], [1, -1]):
        with pytest.raises(ValueError):
            money.split(1, weights)


def wanted(currency, amount, parts, quantity=1):
    return Wanted(
        offer="offer",
        title="Offer",
        amount_minor=amount,
        currency=currency,
        tax_class="standard",
        quantity=quantity,
        parts=[Part(kind="dummy", key=str(n), title=str(n), weight=w) for n, w in enumerate(parts)],
    )


@quick
@given(
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.lists(
        st.tuples(
            st.integers(1, 10**7),
            st.lists(st.integers(0, 9), min_size=1, max_size=5),
            st.integers(1, 9),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_no_cart_invents_or_loses_a_minor_unit(currency, carts):
    quote = pricing.price([wanted(currency, *cart) for cart in carts], currency)

    assert quote.total_minor == sum(amount * quantity for amount, _, quantity in carts)
    assert quote.total_minor == sum(line.total_minor for line in quote.lines)
    assert quote.steps[-1] == {
        "step": "total",
        "label": "Total",
        "amount_minor": quote.total_minor,
    }
    assert all(line.steps[-1]["amount_minor"] == line.total_minor for line in quote.lines)
    assert all(type(line.total_minor) is int for line in quote.lines)


def test_one_order_has_one_currency():
    with pytest.raises(MixedCurrencies):
        pricing.price([wanted("EUR", 1, [1]), wanted("JPY", 1, [1])], "EUR")
