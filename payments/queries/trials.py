"""Who has tried what for nothing already: one trial of a thing each."""

from django.db.models import Q

from payments.models import Checkout, CheckoutLine, OrderLine


def has_tried(person, email: str, line: CheckoutLine) -> bool:
    """Whether this person, or whoever ordered under this address, has had a trial of the offer or of
    something it gives. One query."""
    who = Q(order__person=person) if person else Q()
    if email:
        who |= Q(order__email__iexact=email)
    if not who:
        return False
    what = Q(offer=line.offer)
    for part in line.parts:
        what |= Q(kind=part["kind"], key=part["key"])
    tried = OrderLine.objects.filter(order__subscription__trial_ends_at__isnull=False)
    return tried.filter(who, what).exists()


def trial_days(checkout: Checkout, line: CheckoutLine) -> int:
    """For how many days the buyer of this line pays nothing; 0 for who has had that. A query at most."""
    days = line.offer.trial_days
    email = checkout.person.email if checkout.person else checkout.email
    return 0 if days and has_tried(checkout.person, email, line) else days
