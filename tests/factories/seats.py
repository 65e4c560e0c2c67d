"""Teams with seats, bought through the till or simply there."""

from itertools import count

from accounts.actions import make_team as found_team
from accounts.models import Team
from learning.models import Grant, SeatPool
from learning.queries.seats import KIND
from payments.actions.checkouts import open_checkout
from payments.actions.ordering import place_order, start_payment
from payments.models import Offer, OfferItem, Order
from tests.factories.accounts import make_user
from tests.factories.learning import make_course
from tests.factories.payments import pay

_number = count(1)


def make_team(owner=None, **fields) -> Team:
    fields = {"name": f"Team {next(_number)}"} | fields
    return found_team(owner=owner or make_user(), **fields)


def make_pool(*, seats: int = 3, team=None, course=None) -> SeatPool:
    """Seats of a course that nobody paid for."""
    course = course or make_course()
    return SeatPool.objects.create(
        team=team or make_team(),
        scope=Grant.Scope.COURSE,
        scope_key=course.public_id,
        course=course,
        seats=seats,
    )


def owner_of(pool: SeatPool):
    return pool.team.members.get(role="owner").person


def buy_team_seats(person, course, quantity: int = 3, key: str = "") -> Order:
    """A paid order of so many seats."""
    offer = Offer.objects.create(title="Seats", amount_minor=4900, currency="EUR")
    OfferItem.objects.create(offer=offer, kind=KIND, key=key or course.slug)
    checkout = open_checkout(offer=offer, person=person, quantity=quantity)
    return pay(start_payment(order=place_order(checkout=checkout, has_consented=True)))
