"""What the form of a checkout asks for."""

from dataclasses import dataclass

from payments import gateways, money, sellables, taxes
from payments.gateways import Choice
from payments.models import Checkout, CheckoutLine
from payments.queries.checkouts import instalments_of, later_minor, quote_of
from payments.queries.trials import trial_days
from payments.refusals import LiveSchoolWithoutGateway

ONCE = "I agree that what I buy opens at once, and I have checked the total."


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`many`: ids of the lines whose number can be chosen. `parts`: instalments that are offered."""

    lines: list[CheckoutLine]
    needs_email: bool
    needs_country: bool
    ways: list[Choice]
    many: frozenset[str]
    parts: int
    renews: str
    consent: str


def shape_of(checkout: Checkout, lines: list[CheckoutLine]) -> Shape:
    """Two queries at most."""
    is_plan = any(line.offer.period for line in lines) or checkout.in_instalments
    try:
        ways = gateways.choices(has_plan=is_plan)
    except LiveSchoolWithoutGateway:
        ways = []
    renews = _renewal(checkout, lines)
    return Shape(
        lines=lines,
        needs_email=checkout.person_id is None,
        needs_country=bool(taxes.seller().country),
        ways=ways,
        many=frozenset(line.public_id for line in lines if takes_many(line)),
        parts=instalments_of(lines) if lines else 1,
        renews=renews,
        consent=_consent(checkout, lines, renews),
    )


def takes_many(line: CheckoutLine) -> bool:
    """Whether several of it can be bought at once, such as seats for a team."""
    kinds = {part["kind"] for part in line.parts}
    known = kinds & set(sellables.kinds())
    return known == kinds and all(
        getattr(sellables.of(kind), "sells_many", False) for kind in kinds
    )


def _renewal(checkout: Checkout, lines: list[CheckoutLine]) -> str:
    """`€19.00 every month` of a membership; empty when nothing renews."""
    if len(lines) != 1 or not lines[0].offer.period:
        return ""
    price = money.text(later_minor(checkout, lines), checkout.currency)
    return f"{price} every {lines[0].offer.period}"


def _consent(checkout: Checkout, lines: list[CheckoutLine], renews: str) -> str:
    if renews:
        days = trial_days(checkout, lines[0])
        begins = f"starts with {days} free days, then costs" if days else "renews for"
        return (
            f"I agree that my membership opens at once, {begins} {renews} until I cancel it, and I"
            " have checked the total."
        )
    if checkout.in_instalments and lines:
        schedule = quote_of(checkout, lines).instalments
        if schedule:
            return (
                f"I agree that what I buy opens at once, that I pay {len(schedule)} monthly"
                " instalments, and I have checked the total."
            )
    return ONCE


def choice_fields(form, line: CheckoutLine) -> dict:
    """What can be chosen about one line, as bound fields."""
    mark = line.public_id
    gift = [form[name] for name in form.fields if name.startswith("gift_") and name.endswith(mark)]
    return {
        "line": line,
        "amount": form[f"amount-{mark}"] if f"amount-{mark}" in form.fields else None,
        "quantity": form[f"quantity-{mark}"] if f"quantity-{mark}" in form.fields else None,
        "gift": gift,
        "may_give": line.offer.is_giftable and not line.offer.period and line.quantity == 1,
    }


def part_words(quote) -> list[str]:
    """The schedule of instalments, one text a part."""
    return [money.text(part.amount_minor, quote.currency) for part in quote.instalments]
