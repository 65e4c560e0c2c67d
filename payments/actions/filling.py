"""Everything a buyer says in one form, taken in at once or not at all."""

from django.db import transaction

from engineroom.refusals import Refusal
from payments.actions.checkouts import add_line, set_email
from payments.actions.details import change_line, set_billing, set_coupon, set_instalments
from payments.actions.giving import set_gift
from payments.models import Checkout, CheckoutLine, Offer


@transaction.atomic
def fill_in(
    *,
    checkout: Checkout,
    email: str = "",
    billing: dict | None = None,
    country: str = "",
    vat_id: str = "",
    coupon: str = "",
    in_instalments: bool = False,
    lines: dict[str, dict] | None = None,
) -> Checkout:
    """`lines` is by the id of a line: amount, quantity, gift. What is empty is taken out.

    Raises what the single actions raise; the refusal's field of a line carries its id
    (`amount-<id>`, `gift_email-<id>`).
    """
    if email and checkout.person_id is None:
        set_email(checkout=checkout, email=email)
    for line_id, said in (lines or {}).items():
        _fill_line(checkout, line_id, said)
    set_billing(checkout=checkout, billing=billing, country=country, vat_id=vat_id)
    set_coupon(checkout=checkout, code=coupon)
    set_instalments(checkout=checkout, in_instalments=in_instalments)
    checkout.refresh_from_db()
    return checkout


def _fill_line(checkout: Checkout, line_id: str, said: dict) -> None:
    prefix = ""
    try:
        change_line(
            checkout=checkout,
            line_id=line_id,
            quantity=said.get("quantity"),
            amount_minor=said.get("amount"),
        )
        if "gift" in said:
            prefix = "gift_"
            set_gift(checkout=checkout, line_id=line_id, gift=said["gift"])
    except Refusal as refusal:
        if refusal.field:
            refusal.field = f"{prefix}{refusal.field}-{line_id}"
        raise


@transaction.atomic
def change_checkout(*, checkout: Checkout, **said) -> Checkout:
    """What is named is changed, the rest stays: email, billing, country, vat_id, coupon,
    in_instalments. Raises what the single actions raise."""
    if "email" in said:
        set_email(checkout=checkout, email=said["email"])
    if said.keys() & {"billing", "country", "vat_id"}:
        address = {name: said.get(name, getattr(checkout, name)) for name in ADDRESS}
        set_billing(checkout=checkout, **address)
    if "coupon" in said:
        set_coupon(checkout=checkout, code=said["coupon"])
    if "in_instalments" in said:
        set_instalments(checkout=checkout, in_instalments=said["in_instalments"])
    checkout.refresh_from_db()
    return checkout


ADDRESS = ("billing", "country", "vat_id")


@transaction.atomic
def add_filled_line(*, checkout: Checkout, offer: Offer, **said) -> CheckoutLine:
    """Add an offer with what is said about it: quantity, amount_minor, gift."""
    line = add_line(
        checkout=checkout,
        offer=offer,
        quantity=said.get("quantity", 1),
        is_gift=said.get("gift") is not None,
    )
    return change_filled_line(checkout=checkout, line_id=line.public_id, **said)


@transaction.atomic
def change_filled_line(*, checkout: Checkout, line_id: str, **said) -> CheckoutLine:
    """Change what is named of a line: quantity, amount_minor, gift."""
    line = change_line(
        checkout=checkout,
        line_id=line_id,
        quantity=said.get("quantity"),
        amount_minor=said.get("amount_minor"),
    )
    if "gift" in said:
        line = set_gift(checkout=checkout, line_id=line_id, gift=said["gift"])
    return line
