"""Coupons and their batches as staff see them."""

from django.db.models import Count, Q

from payments.models import Coupon, CouponBatch
from payments.queries.terms import clean_code


def coupons_newest_first(*, batch: str = "", code: str = ""):
    """Coupons with their offers and batch, of one batch or of one code: two queries."""
    found = Coupon.objects.select_related("batch").prefetch_related("offers").order_by("-pk")
    if batch:
        found = found.filter(batch__public_id=batch)
    return found.filter(code=clean_code(code)) if code else found


def coupon_by_id(public_id: str) -> Coupon | None:
    """The coupon with its offers and batch: two queries."""
    return coupons_newest_first().filter(public_id=public_id).first()


def batches_newest_first():
    """Batches with how many codes each has, how many were used and how many are free: one query."""
    return CouponBatch.objects.annotate(
        count=Count("coupons"),
        used=Count("coupons", filter=Q(coupons__uses__gt=0)),
        free=Count("coupons", filter=Q(coupons__uses=0, coupons__is_active=True)),
    ).order_by("-pk")


def batch_by_id(public_id: str) -> CouponBatch | None:
    return batches_newest_first().filter(public_id=public_id).first()
