"""Coupons: made and changed by staff, held by orders, given back by those that are not paid."""

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts.queries import person_with_email
from engineroom import audit, clock
from payments import money, tables
from payments.models import Coupon, CouponBatch, CouponUse, Offer, Order
from payments.models.orders import LETTERS
from payments.pricing import WHOLE
from payments.queries.terms import clean_code
from payments.refusals import CouponClosed, CouponNotValid, CouponUnknown, CouponUsedUp

MOST_CODES = 10_000
CODE_LENGTH = 12
MOST_OFFERS = 50


def hold_coupon(order: Order) -> None:
    """Count one use of the order's coupon, if it has one. In the caller's transaction.

    Raises CouponUnknown, CouponClosed, CouponUsedUp.
    """
    if order.coupon_id is None:
        return
    now = clock.now()
    taken = Coupon.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=now),
        Q(ends_at=None) | Q(ends_at__gt=now),
        Q(most_uses=None) | Q(uses__lt=F("most_uses")),
        pk=order.coupon_id,
        is_active=True,
    ).update(uses=F("uses") + 1)
    coupon = Coupon.objects.filter(pk=order.coupon_id).first()
    if coupon is None:
        raise CouponUnknown
    if not taken:
        raise CouponUsedUp if coupon.is_valid_now else CouponClosed
    # From here on the row is ours until the end: two orders of one person see each other.
    buyer = order.person or person_with_email(order.email)
    _check_person(coupon, order, buyer)
    CouponUse.objects.update_or_create(
        order=order,
        defaults={
            "coupon": coupon,
            "person": buyer,
            "email": order.email,
            "discount_minor": order.discount_minor,
            "currency": order.currency,
            "released_at": None,
        },
    )


def _check_person(coupon: Coupon, order: Order, buyer) -> None:
    if coupon.most_per_person is None:
        return
    mine = Q(email__iexact=order.email)
    if buyer is not None:
        mine |= Q(person=buyer)
    held = coupon.redemptions.filter(mine, released_at=None).exclude(order=order).count()
    if held >= coupon.most_per_person:
        raise CouponUsedUp("You have used this code as often as one person can.")


def release_coupon(order: Order) -> None:
    """The order will not be paid: its coupon may be used again. Asked again, nothing more happens."""
    released = CouponUse.objects.filter(order=order, released_at=None).update(
        released_at=clock.now()
    )
    if released:
        Coupon.objects.filter(redemptions__order=order, uses__gt=0).update(uses=F("uses") - 1)


def _clean(terms: dict) -> dict:
    """The terms of a coupon, checked. Raises CouponNotValid with the field."""
    kind = terms["kind"]
    if kind == Coupon.Kind.PERCENT:
        if not 1 <= (terms.get("percent") or 0) <= WHOLE:
            raise CouponNotValid("Give a percentage above 0, up to 100.", field="percent")
        terms |= {"amount_minor": None, "currency": ""}
    elif kind == Coupon.Kind.FIXED:
        if terms.get("currency") not in money.EXPONENTS:
            raise CouponNotValid("Choose the currency of the amount.", field="currency")
        if not 0 < (terms.get("amount_minor") or 0) <= money.MOST_MINOR:
            raise CouponNotValid("Give an amount above zero.", field="amount")
        terms |= {"percent": None}
    else:
        raise CouponNotValid("A coupon takes off percents or a fixed amount.", field="kind")
    if terms.get("duration", Coupon.Duration.FIRST) not in Coupon.Duration.values:
        raise CouponNotValid("Choose how long it holds.", field="duration")
    starts_at, ends_at = terms.get("starts_at"), terms.get("ends_at")
    if starts_at and ends_at and ends_at <= starts_at:
        raise CouponNotValid("The end must come after the start.", field="ends_at")
    for name in ("most_uses", "most_per_person"):
        limit = terms.get(name)
        if limit is not None and not 1 <= limit <= 1_000_000_000:
            raise CouponNotValid("Give a number above zero, or none.", field=name)
    return terms


def _check_offers(offers: list[Offer]) -> None:
    if len(offers) > MOST_OFFERS:
        raise CouponNotValid(f"Name up to {MOST_OFFERS} offers, or none for all.", field="offers")


@transaction.atomic
def make_coupon(*, code: str, offers: list[Offer] | None = None, actor=None, **terms) -> Coupon:
    """A new coupon. `terms` are kind, percent (hundredths) or amount_minor and currency, title,
    duration, starts_at, ends_at, most_uses, most_per_person, is_active. Without offers it holds for
    all of them. Raises CouponNotValid."""
    found = clean_code(code)
    if not found or len(found) < 3:
        raise CouponNotValid("Use 3 to 40 letters and digits.", field="code")
    _check_offers(offers or [])
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(code=found, **_clean(dict(terms)))
    except IntegrityError as error:
        raise CouponNotValid("There is such a code already.", field="code") from error
    coupon.offers.set(offers or [])
    audit.record("coupon.made", coupon.public_id, actor=actor, code=coupon.code)
    return coupon


@transaction.atomic
def change_coupon(
    *, coupon: Coupon, offers: list[Offer] | None = None, actor=None, **terms
) -> Coupon:
    """Other terms. Orders placed keep what they froze. The code itself never changes.

    Raises CouponNotValid.
    """
    coupon = Coupon.objects.select_for_update(of=("self",)).get(pk=coupon.pk)
    now = {name: getattr(coupon, name) for name in TERMS}
    wanted = _clean(now | terms)
    if wanted["most_uses"] is not None and wanted["most_uses"] < coupon.uses:
        raise CouponNotValid(f"It was used {coupon.uses} times already.", field="most_uses")
    given = set()
    if offers is not None:
        _check_offers(offers)
        given = {"offers"} if set(offers) != set(coupon.offers.all()) else set()
        coupon.offers.set(offers)
    fits = Q(uses__lte=wanted["most_uses"]) if wanted["most_uses"] is not None else Q()
    if not Coupon.objects.filter(fits, pk=coupon.pk).update(**wanted):
        raise CouponNotValid("It was used more often meanwhile.", field="most_uses")
    changed = {name for name in TERMS if wanted[name] != now[name]}
    audit.record("coupon.changed", coupon.public_id, actor=actor, changed=sorted(changed | given))
    coupon.refresh_from_db()
    return coupon


TERMS = (
    "title",
    "kind",
    "percent",
    "amount_minor",
    "currency",
    "duration",
    "is_active",
    "starts_at",
    "ends_at",
    "most_uses",
    "most_per_person",
)


@transaction.atomic
def make_coupon_batch(
    *,
    title: str,
    count: int,
    kind: str,
    percent: int | None = None,
    amount_minor: int | None = None,
    currency: str = "",
    duration: str = Coupon.Duration.FIRST,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    offers: list[Offer] | None = None,
    actor=None,
) -> CouponBatch:
    """Up to 10,000 codes that nobody can guess, each good for one order. Raises CouponNotValid."""
    title = title.strip()[:120]
    if not title:
        raise CouponNotValid("Give the codes a title.", field="title")
    if not 1 <= count <= MOST_CODES:
        raise CouponNotValid(f"Make 1 to {MOST_CODES:,} codes at once.", field="count")
    _check_offers(offers or [])
    terms = _clean(
        {
            "kind": kind,
            "percent": percent,
            "amount_minor": amount_minor,
            "currency": currency,
            "duration": duration,
            "starts_at": starts_at,
            "ends_at": ends_at,
        }
    )
    batch = CouponBatch.objects.create(title=title, actor=actor)
    codes = set()
    while len(codes) < count:
        codes.add("".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)))
    rows = [
        Coupon(code=code, title=title, batch=batch, most_uses=1, **terms) for code in sorted(codes)
    ]
    made = Coupon.objects.bulk_create(rows, batch_size=500)
    links = Coupon.offers.through
    for offer in offers or []:
        links.objects.bulk_create(
            [links(coupon_id=coupon.pk, offer_id=offer.pk) for coupon in made], batch_size=500
        )
    audit.record("coupons.made", batch.public_id, actor=actor, count=count)
    return batch


@transaction.atomic
def close_coupon_batch(*, batch: CouponBatch, actor=None) -> int:
    """End all codes of it that are not used; returns how many that were."""
    closed = batch.coupons.filter(is_active=True, uses=0).update(is_active=False)
    audit.record("coupons.closed", batch.public_id, actor=actor, count=closed)
    return closed


@transaction.atomic
def export_codes(*, batch: CouponBatch, actor) -> str:
    """The codes of a batch as CSV, with what became of them."""
    rows = batch.coupons.order_by("code").values_list("code", "title", "uses", "is_active")
    audit.record("coupons.exported", batch.public_id, actor=actor)
    return tables.csv_text(
        ["code", "title", "state"],
        [
            [code, title, "used" if uses else "free" if is_active else "ended"]
            for code, title, uses, is_active in rows
        ],
    )
