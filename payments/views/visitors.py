"""Who is at the till: a signed-in person, or a guest whose session remembers their checkouts."""

from django.http import Http404

from payments.models import Checkout
from payments.queries.checkouts import checkout_of

SESSION_KEY = "checkouts"
REMEMBERED = 20


def person_of(request):
    """The signed-in person or None."""
    return request.user if request.user.is_authenticated else None


def remembered(request) -> list[str]:
    """Ids of the checkouts that this browser began, oldest first."""
    known = request.session.get(SESSION_KEY, [])
    return known if isinstance(known, list) else []


def remember(request, checkout: Checkout) -> None:
    """Let the session know the checkout, so that a guest can see its receipt."""
    known = [name for name in remembered(request) if name != checkout.public_id]
    request.session[SESSION_KEY] = [*known, checkout.public_id][-REMEMBERED:]


def visible_checkout(request, checkout_id: str) -> Checkout:
    """Raises Http404 when there is none, or it is another person's."""
    checkout = checkout_of(checkout_id, person_of(request)) if checkout_id.isprintable() else None
    if checkout is None:
        raise Http404
    return checkout
