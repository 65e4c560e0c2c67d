"""What a buyer says about the order in a checkout: address, coupon, parts, numbers, amounts."""

from django.db import transaction

from payments import money, sellables, taxes
from payments.actions.checkouts import drop_unpaid_order, locked_checkout
from payments.models import Checkout, CheckoutLine, Coupon, Offer
from payments.queries.checkouts import instalments_of, lines_of
from payments.queries.terms import coupon_by_code, coupon_terms
from payments.refusals import (
    AmountNotValid,
    BillingNotValid,
    CouponClosed,
    CouponNotForThis,
    CouponUnknown,
    CouponUsedUp,
    InstalmentsNotOffered,
    LineMissing,
    QuantityNotValid,
)

# Fields of a billing address and how long they may be.
BILLING = {
    "name": 120,
    "company": 120,
    "street": 200,
    "postal_code": 20,
    "city": 120,
    "region": 120,
}


def clean_billing(said: dict) -> dict[str, str]:
    """The filled fields of an address, without what lines cannot hold. Raises BillingNotValid."""
    found = {}
    for name, longest in BILLING.items():
        text = said.get(name) or ""
        if not isinstance(text, str) or not text.replace("\n", "").replace("\r", "").isprintable():
            raise BillingNotValid("Write plain text.", field=name)
        text = " ".join(text.split())
        if len(text) > longest:
            raise BillingNotValid(f"Write at most {longest} characters.", field=name)
        if text:
            found[name] = text
    return found


@transaction.atomic
def set_billing(
    *, checkout: Checkout, billing: dict | None = None, country: str = "", vat_id: str = ""
) -> Checkout:
    """Where the invoice goes, and by which the tax is decided. Empty fields are left out of it.

    Raises BillingNotValid, CountryNotValid, VatIdNotValid, and what changing a checkout raises.
    """
    checkout = locked_checkout(checkout.pk)
    country = taxes.check_country(country)
    address = clean_billing(billing or {})
    evidence = {name: said for name, said in checkout.evidence.items() if name != "territory"}
    evidence |= taxes.address_evidence(country, address.get("postal_code", ""))
    wanted = {
        "billing": address,
        "country": country,
        "vat_id": taxes.check_vat_id(vat_id, country),
        "evidence": evidence if country else {},
    }
    if any(getattr(checkout, name) != value for name, value in wanted.items()):
        drop_unpaid_order(checkout)
        _write(checkout, **wanted)
    return checkout


def check_coupon(coupon: Coupon | None, checkout: Checkout, lines: list[CheckoutLine]) -> None:
    """Raises CouponUnknown, CouponClosed, CouponNotForThis."""
    if coupon is None:
        raise CouponUnknown
    if not coupon.is_valid_now:
        raise CouponClosed
    terms = coupon_terms(coupon, checkout.currency)
    if terms is None:
        raise CouponNotForThis(f"This code takes off an amount in {coupon.currency} only.")
    if lines and not any(terms.holds_for(line.offer.public_id) for line in lines):
        raise CouponNotForThis


@transaction.atomic
def set_coupon(*, checkout: Checkout, code: str) -> Checkout:
    """Use a code; an empty one takes it out again. It is counted when the order is placed.

    Raises CouponUnknown, CouponClosed, CouponUsedUp, CouponNotForThis.
    """
    checkout = locked_checkout(checkout.pk)
    if not code.strip():
        coupon = None
    else:
        coupon = coupon_by_code(code)
        check_coupon(coupon, checkout, lines_of(checkout))
        is_mine = coupon.redemptions.filter(order__checkout=checkout, released_at=None).exists()
        if coupon.most_uses is not None and coupon.uses >= coupon.most_uses and not is_mine:
            raise CouponUsedUp
    if checkout.coupon_id != (coupon.pk if coupon else None):
        drop_unpaid_order(checkout)
        _write(checkout, coupon=coupon)
    return checkout


@transaction.atomic
def set_instalments(*, checkout: Checkout, in_instalments: bool) -> Checkout:
    """Pay in parts, or at once. Raises InstalmentsNotOffered."""
    checkout = locked_checkout(checkout.pk)
    if in_instalments and instalments_of(lines_of(checkout)) < 2:
        raise InstalmentsNotOffered
    if checkout.in_instalments != in_instalments:
        drop_unpaid_order(checkout)
        _write(checkout, in_instalments=in_instalments)
    return checkout


def check_amount(offer: Offer, amount_minor: int) -> None:
    """Raises AmountNotValid: below the least, beyond what we can count, or not the buyer's to say."""
    if offer.pricing != Offer.Pricing.OPEN:
        raise AmountNotValid("The price of this is fixed.")
    if not offer.amount_minor <= amount_minor <= money.MOST_MINOR // 1000:
        raise AmountNotValid(f"Choose {offer.text} or more.")


@transaction.atomic
def change_line(
    *,
    checkout: Checkout,
    line_id: str,
    quantity: int | None = None,
    amount_minor: int | None = None,
) -> CheckoutLine:
    """How many, and how much of an open price. None: as it was.

    Raises LineMissing, QuantityNotValid, AmountNotValid, and what the sellables refuse.
    """
    checkout = locked_checkout(checkout.pk)
    line = checkout.lines.select_related("offer").filter(public_id=line_id).first()
    if line is None:
        raise LineMissing
    wanted = {}
    if quantity is not None and quantity != line.quantity:
        if not 1 <= quantity <= 1000 or (quantity > 1 and line.gift):
            raise QuantityNotValid("A gift is one of it." if line.gift else None)
        for item in line.offer.items.all():
            sellables.of(item.kind).refuse(checkout.person, item.key, quantity)
        wanted["quantity"] = quantity
    if amount_minor is not None and amount_minor != line.unit_minor:
        check_amount(line.offer, amount_minor)
        wanted["amount_minor"] = amount_minor
    if wanted:
        drop_unpaid_order(checkout)
        CheckoutLine.objects.filter(pk=line.pk).update(**wanted)
        for name, value in wanted.items():
            setattr(line, name, value)
    return line


def _write(checkout: Checkout, **fields) -> None:
    Checkout.objects.filter(pk=checkout.pk).update(**fields)
    for name, value in fields.items():
        setattr(checkout, name, value)
