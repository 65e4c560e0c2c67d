"""Offers of which there are only so many: counted when an order is placed, given back when it ends."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import F, Q

from accounts.queries import person_with_email
from payments import sellables, states
from payments.models import Coupon, Offer, Order, OrderLine
from payments.queries.counter_checks import TAKERS, pieces_taken, sold_of
from payments.refusals import OfferSoldOut, TooManyForOne

# What a refund gave back may be bought again by the same person.
COUNTED = states.LIVE_ORDERS - {states.REFUNDED, states.DRAFT}


def in_turn(lines: Iterable[OrderLine]) -> list[OrderLine]:
    """The lines in the one order in which everybody holds, gives and takes back what they name."""
    return sorted(lines, key=lambda line: (line.kind, line.key, line.pk))


def lock_places(things: Iterable[tuple[str, str]]) -> None:
    """Lock what can run out of these (kind, key): kind by kind, before a line of several is moved."""
    by_kind: dict[str, set[str]] = {}
    for kind, key in things:
        by_kind.setdefault(kind, set()).add(key)
    for kind in sorted(by_kind):
        sellables.lock(kind, sorted(by_kind[kind]))


def lock_stock(things: Iterable[tuple[str, str]], offers: Iterable, coupons: Iterable) -> None:
    """The same, then these offers, then these coupons (ids; None counts for nothing), each kind of
    row by its key. Where an order is locked too, it is locked before."""
    lock_places(things)
    if not connection.features.has_select_for_update:
        return
    for model, ids in ((Offer, offers), (Coupon, coupons)):
        # The weaker lock: a row that names the offer may be written meanwhile.
        rows = model.objects.filter(pk__in=set(ids) - {None}).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))


def lock_stock_of(*orders: Order) -> None:
    """What these orders hold or held, locked as `lock_stock` does."""
    lines = list(OrderLine.objects.filter(order__in=orders))
    lock_stock(
        [(line.kind, line.key) for line in lines],
        [line.offer_id for line in lines],
        [order.coupon_id for order in orders],
    )


def _pieces(order: Order) -> dict[int, int]:
    """How many of each offer the order takes, in the order of their keys, in which they are locked."""
    rows = order.lines.exclude(offer=None).values_list("offer", "quantity").distinct()
    return dict(sorted(rows))


def hold_pieces(order: Order) -> None:
    """Count what the order takes of its offers. In the caller's transaction.

    Raises OfferSoldOut, TooManyForOne.
    """
    if order.kind not in TAKERS:
        return
    for offer_id, count in _pieces(order).items():
        left = Q(most_sold=None) | Q(most_sold__gte=F("sold") + count)
        if not Offer.objects.filter(left, pk=offer_id).update(sold=F("sold") + count):
            offer = Offer.objects.get(pk=offer_id)
            raise OfferSoldOut(f"“{offer.title}” is sold out.")
        # From here on the row is ours until the end: two orders of one person see each other.
        _check_person(order, offer_id, count)


def _check_person(order: Order, offer_id: int, count: int) -> None:
    buyer = order.person or person_with_email(order.email)
    _check_limit(Offer.objects.get(pk=offer_id), buyer, order.email, count, but=order)


def _check_limit(offer: Offer, buyer, email: str, count: int, but: Order | None = None) -> None:
    if offer.most_per_person is None:
        return
    mine = Q(order__email__iexact=email)
    if buyer is not None:
        mine |= Q(order__person=buyer)
    rows = OrderLine.objects.filter(
        mine, offer=offer, order__kind__in=TAKERS, order__state__in=COUNTED
    )
    before = dict(rows.exclude(order=but).values_list("order", "quantity"))
    if sum(before.values()) + count > offer.most_per_person:
        raise TooManyForOne(
            f"One person can buy {offer.most_per_person} of “{offer.title}”, no more."
        )


def refuse_piece(offer: Offer, person) -> None:
    """Raises OfferSoldOut, TooManyForOne where the person cannot have one (more) of it now. Only
    `hold_pieces` makes sure of it."""
    if offer.is_gone:
        raise OfferSoldOut(f"“{offer.title}” is sold out.")
    if person is not None:
        _check_limit(offer, person, person.email, 1)


def count_late_pieces(order: Order) -> list[str]:
    """Money came after all for an order that had given its pieces back: it has them again, also
    beyond an offer's limit. Answers in words what it should not have got. Its offers are locked."""
    if order.kind not in TAKERS:
        return []
    wrong = []
    for offer_id, count in _pieces(order).items():
        left = Q(most_sold=None) | Q(most_sold__gte=F("sold") + count)
        if not Offer.objects.filter(left, pk=offer_id).update(sold=F("sold") + count):
            offer = Offer.objects.get(pk=offer_id)
            count_again(offer)
            wrong.append(f"“{offer.title}” is sold out.")
        try:
            _check_person(order, offer_id, count)
        except TooManyForOne as refusal:
            wrong.append(refusal.message)
    return wrong


def release_pieces(order: Order) -> None:
    """The order will not be paid: others can have what it took. In the caller's transaction, once,
    after the order has moved and with its offers locked.

    An offer at its limit is counted again: late money may have paid for more than there are, and
    then one piece less leaves it sold out.
    """
    if order.kind not in TAKERS:
        return
    for offer_id, count in _pieces(order).items():
        free = Q(most_sold=None) | Q(most_sold__gt=F("sold"))
        one = Offer.objects.filter(free, pk=offer_id, sold__gte=count)
        if not one.update(sold=F("sold") - count):
            count_again(Offer.objects.get(pk=offer_id))


def count_again(offer: Offer) -> None:
    """Set an offer's counter to what its orders have taken. The offer is locked."""
    taken = pieces_taken(offer=offer)[offer.public_id]
    Offer.objects.filter(pk=offer.pk).update(sold=sold_of(offer.most_sold, taken))
