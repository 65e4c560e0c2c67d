"""Putting things on sale."""

from django.db import transaction

from engineroom import audit
from payments import money, sellables
from payments.actions.stock import count_again
from payments.models import Offer, OfferItem
from payments.queries.offers import COURSE, course_reference
from payments.refusals import OfferNotValid, PriceNotYours
from payments.vat import CLASSES


def _checked(title: str, amount_minor: int, currency: str) -> None:
    if not title.strip():
        raise OfferNotValid("Give the offer a title.", field="title")
    if currency not in money.EXPONENTS:
        raise OfferNotValid("This currency is not known here.", field="currency")
    if not 0 < amount_minor <= money.MOST_MINOR:
        raise OfferNotValid("The price must be above zero.", field="amount")


def _check_may_price(actor) -> None:
    if actor is not None and not actor.has_perm("payments.change_offer"):
        raise PriceNotYours


@transaction.atomic
def price_course(
    *, slug: str, title: str, amount_minor: int, currency: str, actor=None
) -> Offer | None:
    """Make or change the offer that sells this course alone. Zero takes it off sale.

    Asking for what is already so changes nothing and leaves no audit entry. Without an actor it is
    the school itself (a command) that asks. Raises OfferNotValid, and PriceNotYours for an actor
    who may not change offers.
    """
    reference = course_reference(slug)
    found = Offer.objects.select_for_update().filter(reference=reference).first()
    if not amount_minor:
        if found and found.is_active:
            _check_may_price(actor)
            Offer.objects.filter(pk=found.pk).update(is_active=False)
            audit.record("offer.closed", found.public_id, actor=actor, course=slug)
        return None
    title = title[:200]
    _checked(title, amount_minor, currency)
    wanted = {"title": title, "amount_minor": amount_minor, "currency": currency, "is_active": True}
    if found and all(getattr(found, name) == value for name, value in wanted.items()):
        return found
    _check_may_price(actor)
    offer, created = Offer.objects.update_or_create(reference=reference, defaults=wanted)
    OfferItem.objects.get_or_create(offer=offer, kind=COURSE, key=slug)
    audit.record(
        "offer.made" if created else "offer.changed",
        offer.public_id,
        actor=actor,
        course=slug,
        amount_minor=amount_minor,
        currency=currency,
    )
    return offer


# What an offer says beside its title, price and things, and what holds when nothing is said.
TERMS = {
    "pricing": Offer.Pricing.FIXED,
    "list_minor": None,
    "suggested_minor": None,
    "period": Offer.Period.ONCE,
    "trial_days": 0,
    "instalments": 1,
    "most_sold": None,
    "most_per_person": None,
    "is_giftable": True,
    "tax_class": "standard",
    "is_active": True,
    "starts_at": None,
    "ends_at": None,
}
LONGEST_TRIAL = 365
MOST_PARTS = 24


def _check_terms(said: dict) -> None:
    """Raises OfferNotValid beside the first field that does not fit the others."""
    for holds, field, why in [*_rules_of_price(said), *_rules_of_reach(said)]:
        if not holds:
            raise OfferNotValid(why, field=field)
    _check_window(said["starts_at"], said["ends_at"])


def _rules_of_price(said: dict) -> list[tuple]:
    """(whether it holds, field, why not) of what the price says."""
    price, period = said["amount_minor"], said["period"]
    return [
        (said["pricing"] in Offer.Pricing.values, "pricing", "Choose fixed or open."),
        (period in Offer.Period.values, "period", "Choose once, every month or every year."),
        (
            said["list_minor"] is None or price <= said["list_minor"] <= money.MOST_MINOR,
            "list_price",
            "The ordinary price cannot be below the offer's price.",
        ),
        (
            said["suggested_minor"] is None or said["pricing"] == Offer.Pricing.OPEN,
            "suggested",
            "Only an open price has a suggestion.",
        ),
        (
            said["suggested_minor"] is None or price <= said["suggested_minor"] <= MOST_OPEN,
            "suggested",
            "The suggestion cannot be below the least.",
        ),
        (
            not period or said["pricing"] == Offer.Pricing.FIXED,
            "pricing",
            "A membership has a fixed price.",
        ),
    ]


def _rules_of_reach(said: dict) -> list[tuple]:
    """The same of trial, parts, taxes and limits."""
    price, period = said["amount_minor"], said["period"]
    return [
        (0 <= said["trial_days"] <= LONGEST_TRIAL, "trial_days", "Give 0 to 365 days."),
        (not said["trial_days"] or period, "trial_days", "Only a membership has a trial."),
        (1 <= said["instalments"] <= MOST_PARTS, "instalments", "Give 1 to 24 instalments."),
        (
            said["instalments"] == 1 or not period,
            "instalments",
            "A membership is paid by its periods, not in instalments.",
        ),
        (
            said["instalments"] <= price,
            "instalments",
            "The price is too small for so many parts.",
        ),
        (
            said["tax_class"] in CLASSES,
            "tax_class",
            f"Tax classes are {', '.join(CLASSES)}.",
        ),
        (_is_limit(said["most_sold"]), "most_sold", "Give a number above zero, or none."),
        (
            _is_limit(said["most_per_person"]),
            "most_per_person",
            "Give a number above zero, or none.",
        ),
    ]


MOST_OPEN = money.MOST_MINOR // 1000


def _is_limit(number: int | None) -> bool:
    return number is None or 1 <= number <= 1_000_000_000


@transaction.atomic
def make_offer(
    *,
    title: str,
    amount_minor: int,
    currency: str,
    items: list[tuple],
    actor=None,
    **terms,
) -> Offer:
    """A new offer of one or more (kind, key) or (kind, key, weight). Every thing must exist.

    `terms` are those of TERMS. Raises OfferNotValid with the field.
    """
    _checked(title, amount_minor, currency)
    said = TERMS | terms
    _check_terms(said | {"amount_minor": amount_minor})
    offer = Offer.objects.create(title=title, amount_minor=amount_minor, currency=currency, **said)
    set_items(offer=offer, items=items)
    audit.record(
        "offer.made", offer.public_id, actor=actor, amount_minor=amount_minor, currency=currency
    )
    return offer


def _check_window(starts_at, ends_at) -> None:
    if starts_at and ends_at and ends_at <= starts_at:
        raise OfferNotValid("The end must come after the start.", field="ends_at")


@transaction.atomic
def change_offer(*, offer: Offer, items: list[tuple] | None = None, actor=None, **fields) -> Offer:
    """Change what the offer says and costs, and with `items` what it gives. Orders already placed
    keep what they froze.

    Raises OfferNotValid with the field.
    """
    # Fresh from the database: what a form has set on the object in hand is not there yet.
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    changed = {name for name, value in fields.items() if getattr(offer, name) != value}
    for name, value in fields.items():
        setattr(offer, name, value)
    _checked(offer.title, offer.amount_minor, offer.currency)
    _check_terms({name: getattr(offer, name) for name in [*TERMS, "amount_minor"]})
    if items is None and {"period", "instalments"} & fields.keys():
        _check_periods(offer, set(offer.items.values_list("kind", flat=True)))
    if offer.most_sold is not None and offer.most_sold < offer.sold:
        raise OfferNotValid(f"{offer.sold} are sold already.", field="most_sold")
    offer.save(update_fields=list(fields))
    if "most_sold" in changed:
        count_again(offer)
    if items is not None and set_items(offer=offer, items=items):
        changed.add("items")
    audit.record(
        "offer.changed",
        offer.public_id,
        actor=actor,
        changed=sorted(changed),
        amount_minor=offer.amount_minor,
        currency=offer.currency,
    )
    return offer


def _check_periods(offer: Offer, kinds: set[str]) -> None:
    """What cannot end again must not be given for the first part of its price."""
    for kind in sorted(kinds):
        if not (offer.period or offer.instalments > 1) or sellables.takes_periods(kind):
            continue
        field = "period" if offer.period else "instalments"
        raise OfferNotValid(f"What is of the kind “{kind}” is paid at once.", field=field)


@transaction.atomic
def set_items(*, offer: Offer, items: list[tuple]) -> bool:
    """What the offer gives: (kind, key) or (kind, key, weight), the weight being its share of the
    price. Whether that is other than before. Raises OfferNotValid for things nobody knows."""
    weights = {(kind, key): rest[0] if rest else 1 for kind, key, *rest in items}
    if not items or len(items) > 50 or len(weights) != len(items):
        raise OfferNotValid("An offer gives between 1 and 50 different things.", field="items")
    if not all(0 <= weight <= 1_000_000 for weight in weights.values()):
        raise OfferNotValid("Give weights from 0 to 1,000,000.", field="items")
    for kind, key in weights:
        if kind not in sellables.kinds():
            raise OfferNotValid(f"Nothing of the kind “{kind}” is sold here.", field="items")
        sellables.of(kind).describe(key)
    _check_periods(offer, {kind for kind, _key in weights})
    before = {(item.kind, item.key): item.weight for item in offer.items.all()}
    kept = [
        OfferItem.objects.update_or_create(
            offer=offer, kind=kind, key=key, defaults={"weight": weight}
        )[0].pk
        for (kind, key), weight in weights.items()
    ]
    OfferItem.objects.filter(offer=offer).exclude(pk__in=kept).delete()
    return weights != before
