"""Coupons as prices know them."""

from payments.models import Coupon
from payments.pricing import CouponTerms


def coupon_terms(coupon: Coupon, currency: str) -> CouponTerms | None:
    """What the coupon takes off in this currency; None: nothing, a fixed amount is of another one.

    One query, for the offers it holds for.
    """
    if coupon.amount_minor and coupon.currency != currency:
        return None
    offers = frozenset(coupon.offers.values_list("public_id", flat=True))
    return CouponTerms(
        code=coupon.code,
        label=coupon.title or "Coupon",
        percent=coupon.percent or 0,
        amount_minor=coupon.amount_minor or 0,
        offers=offers or None,
    )


def coupon_by_code(text: str) -> Coupon | None:
    """The coupon of that code, however it was typed: one query, none for what is no code."""
    code = clean_code(text)
    return Coupon.objects.filter(code=code).first() if code else None


def clean_code(text: str) -> str:
    """The code as it is kept: capital letters and digits, and dashes between them."""
    code = text.strip().upper()
    is_code = code.isascii() and code.replace("-", "").isalnum() and len(code) <= 40
    return code if is_code else ""
