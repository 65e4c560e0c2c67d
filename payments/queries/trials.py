"""Who has tried what for nothing already: one trial of a thing each."""

from django.db.models import Q

from payments.models import Checkout, CheckoutLine, OrderLine


def has_tried(checkout: Checkout, line: CheckoutLine) -> bool:
    """Whether the buyer, or whoever ordered under this address, has had a trial of the offer or of
    something it gives by another checkout. One query, none for a stranger."""
    person = checkout.person
    who = Q(order__person=person) if person else Q()
    if email := person.email if person else checkout.email:
        who |= Q(order__email__iexact=email)
    if not who:
        return False
    what = Q(offer=line.offer)
    for part in line.parts:
        what |= Q(kind=part["kind"], key=part["key"])
    tried = OrderLine.objects.filter(order__subscription__trial_ends_at__isnull=False)
    if checkout.pk:
        tried = tried.exclude(order__checkout=checkout)
    return tried.filter(who, what).exists()


def trial_days(checkout: Checkout, line: CheckoutLine) -> int:
    """For how many days the buyer of this line pays nothing; 0 for who has had that. A query at most."""
    days = line.offer.trial_days
    return 0 if days and has_tried(checkout, line) else days
