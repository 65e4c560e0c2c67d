"""Seats of a team: bought in numbers, given out, claimed, taken back, reported."""

import re

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from accounts.actions import (
    erase_person,
    make_team,
    remove_member,
    set_team_role,
    team_of_buyer,
)
from accounts.models import Team, TeamMember
from accounts.queries import team_run_by
from accounts.refusals import BadTeamName, NoSuchMember, NotTeamOwner, OwnerStays, OwnsTeam
from engineroom import outbox
from learning.actions.seats import (
    claim_seat,
    close_link,
    invite_again,
    invite_people,
    renew_link,
    take_back,
)
from learning.models import Grant, SeatClaim, SeatPool
from learning.queries.access import may_open
from learning.queries.seats import pool_run_by, report_rows
from learning.queries.slots import export
from learning.refusals import (
    AlreadyOwned,
    AlreadySeated,
    BadInvitation,
    BadSeatNumber,
    CourseIsFree,
    InvitationGone,
    NoSeatsLeft,
    SeatBack,
)
from learning.sellables import TeamSeatsSellable
from payments.actions.checkouts import open_checkout
from payments.actions.details import set_instalments
from payments.actions.offers import change_offer, make_offer
from payments.actions.ordering import place_order
from payments.models import Offer, OfferItem, Order
from payments.refusals import InstalmentsNotOffered, OfferNotValid
from tests.factories.accounts import make_user
from tests.factories.learning import grant_course, make_course
from tests.factories.seats import buy_team_seats, make_pool, owner_of
from tests.factories.seats import make_team as team_of

pytestmark = pytest.mark.django_db


KEY = re.compile(r"/teams/join/([\w-]+)/")


def key_of(url: str) -> str:
    return KEY.search(url)[1]


def mailed_key(to: str) -> str:
    outbox.drain()
    found = [KEY.search(message.body) for message in mail.outbox if message.to == [to]]
    return [key for key in found if key][-1][1]


def counted(pool) -> tuple[int, int]:
    """(seats, taken); the counter must agree with the live claims."""
    pool.refresh_from_db()
    assert pool.taken == pool.claims.filter(state__in=SeatClaim.LIVE).count()
    return pool.seats, pool.taken


def test_seats_that_are_paid_come_to_the_buyers_team():
    ada, course = make_user(name="Ada"), make_course()

    order = buy_team_seats(ada, course, 3)

    pool = SeatPool.objects.get()
    assert order.attention == ""
    assert (pool.team.name, counted(pool)) == ("Team of Ada", (3, 0))
    assert not may_open(ada, course)

    buy_team_seats(ada, course, 2)
    assert counted(pool) == (5, 0)
    assert Team.objects.count() == 1


def test_an_invitation_is_mailed_claimed_and_opens_the_course():
    pool, bea = make_pool(), make_user()
    invite_people(pool=pool, people=[(bea.email, "Bea"), (bea.email.upper(), "")], actor=bea)
    assert counted(pool) == (3, 1)

    key = mailed_key(bea.email)
    claim = claim_seat(key=key, person=bea)

    assert claim_seat(key=key, person=bea) == claim
    assert may_open(bea, pool.course)
    assert Grant.objects.get().source == "seat"
    assert pool.team.members.get(person=bea).role == "member"
    assert counted(pool) == (3, 1)
    with pytest.raises(InvitationGone):
        claim_seat(key="seat_none", person=bea)


def test_a_shared_link_gives_seats_while_there_are_some_and_rotates():
    pool = make_pool(seats=1)
    first = key_of(renew_link(pool=pool, actor=owner_of(pool)))
    second = key_of(renew_link(pool=pool, actor=owner_of(pool)))

    with pytest.raises(InvitationGone):
        claim_seat(key=first, person=make_user())
    bea = make_user()
    claim_seat(key=second, person=bea)
    assert claim_seat(key=second, person=bea).person == bea
    with pytest.raises(NoSeatsLeft):
        claim_seat(key=second, person=make_user())
    close_link(pool=pool, actor=owner_of(pool))
    with pytest.raises(InvitationGone):
        claim_seat(key=second, person=make_user())
    assert counted(pool) == (1, 1)


def test_who_is_invited_and_comes_by_the_shared_link_takes_their_own_seat():
    pool, bea = make_pool(seats=1), make_user()
    invite_people(pool=pool, people=[(bea.email, "")], actor=bea)

    claim_seat(key=key_of(renew_link(pool=pool, actor=bea)), person=bea)

    assert counted(pool) == (1, 1)


def test_nobody_takes_two_seats_or_one_they_do_not_need():
    pool, bea, cleo = make_pool(), make_user(), make_user()
    link = key_of(renew_link(pool=pool, actor=bea))
    claim_seat(key=link, person=bea)
    invite_people(pool=pool, people=[("dora@example.com", "")], actor=bea)
    grant_course(cleo, pool.course)

    with pytest.raises(AlreadySeated):
        claim_seat(key=mailed_key("dora@example.com"), person=bea)
    with pytest.raises(AlreadyOwned):
        claim_seat(key=link, person=cleo)
    assert counted(pool) == (3, 2)


def test_a_seat_taken_back_is_free_again_and_closes_what_it_opened():
    pool, bea = make_pool(seats=1), make_user()
    link = key_of(renew_link(pool=pool, actor=bea))
    claim = claim_seat(key=link, person=bea)

    take_back(claim=claim, actor=owner_of(pool))

    assert not may_open(bea, pool.course)
    assert counted(pool) == (1, 0)
    with pytest.raises(SeatBack):
        take_back(claim=claim, actor=owner_of(pool))
    assert claim_seat(key=link, person=bea) != claim
    assert may_open(bea, pool.course)


def test_an_invitation_taken_back_or_sent_again_ends_its_link():
    pool = make_pool()
    (claim,) = invite_people(pool=pool, people=[("bea@example.com", "")], actor=owner_of(pool))
    first = mailed_key("bea@example.com")
    invite_again(claim=claim, actor=owner_of(pool))
    second = mailed_key("bea@example.com")
    with pytest.raises(InvitationGone):
        claim_seat(key=first, person=make_user())

    take_back(claim=claim, actor=owner_of(pool))

    with pytest.raises(InvitationGone):
        claim_seat(key=second, person=make_user())
    with pytest.raises(InvitationGone):
        invite_again(claim=claim, actor=owner_of(pool))


def test_all_are_invited_or_nobody():
    pool = make_pool(seats=2)
    people = [(f"person-{number}@example.org", "") for number in range(3)]

    with pytest.raises(NoSeatsLeft, match="3 seats are needed and 2 are free"):
        invite_people(pool=pool, people=people, actor=owner_of(pool))

    assert counted(pool) == (2, 0)
    assert not SeatClaim.objects.exists()
    for bad in ([("nobody", "")], [], [("a@example.com", "x" * 121)], [("a\0@example.com", "")]):
        with pytest.raises(BadInvitation):
            invite_people(pool=pool, people=bad, actor=owner_of(pool))


def test_seats_of_every_course_open_the_school():
    ada, bea, course = make_user(), make_user(), make_course()
    buy_team_seats(ada, course, 1, key="*")

    claim_seat(key=key_of(renew_link(pool=SeatPool.objects.get(), actor=ada)), person=bea)

    assert may_open(bea, course)


def test_the_database_refuses_a_seat_too_many():
    pool = make_pool(seats=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        SeatPool.objects.filter(pk=pool.pk).update(taken=2)


def test_what_is_not_sold_is_refused():
    thing = TeamSeatsSellable()

    with pytest.raises(BadSeatNumber):
        thing.refuse(None, make_course().slug, 1001)
    with pytest.raises(CourseIsFree):
        thing.refuse(None, make_course(is_free=True).slug, 3)


def test_only_who_runs_a_team_sees_it():
    pool = make_pool()
    stranger, member = make_user(), make_user()
    claim_seat(key=key_of(renew_link(pool=pool, actor=stranger)), person=member)

    for person in (stranger, member):
        assert team_run_by(person, pool.team.public_id) is None
        assert pool_run_by(person, pool.public_id) is None
    set_team_role(team=pool.team, person_id=member.public_id, role="manager", actor=owner_of(pool))
    assert pool_run_by(member, pool.public_id) == pool
    with pytest.raises(NotTeamOwner):
        set_team_role(team=pool.team, person_id=member.public_id, role="owner", actor=member)


def test_a_team_keeps_one_owner():
    ada, bea, cleo = make_user(), make_user(), make_user()
    team = team_of(ada)
    team.members.create(person=bea)
    with pytest.raises(OwnsTeam):
        make_team(owner=ada, name="Another")
    with pytest.raises(OwnerStays):
        set_team_role(team=team, person_id=ada.public_id, role="member", actor=ada)
    with pytest.raises(OwnerStays):
        remove_member(team=team, person_id=ada.public_id, actor=ada)
    with pytest.raises(NoSuchMember):
        remove_member(team=team, person_id=cleo.public_id, actor=ada)
    with pytest.raises(NotTeamOwner):
        remove_member(team=team, person_id=ada.public_id, actor=bea)
    for name in (" ", "x" * 121, "a\0"):
        with pytest.raises(BadTeamName):
            make_team(owner=cleo, name=name)

    set_team_role(team=team, person_id=bea.public_id, role="owner", actor=ada)

    roles = dict(team.members.values_list("person", "role"))
    assert roles == {ada.pk: "manager", bea.pk: "owner"}
    remove_member(team=team, person_id=ada.public_id, actor=ada)
    assert team.members.get().person == bea
    assert team_of_buyer(person=bea) == team


def test_an_erased_owner_hands_the_team_on_and_an_erased_learner_keeps_the_seat_counted():
    pool = make_pool(seats=1)
    ada, bea = owner_of(pool), make_user()
    claim_seat(key=key_of(renew_link(pool=pool, actor=ada)), person=bea)
    TeamMember.objects.filter(person=bea).update(role="manager")
    assert [row["kind"] for row in export(bea)["rows"]].count("team seat") == 1

    erase_person(person=ada, actor=ada)
    assert pool.team.members.get().role == "owner"
    erase_person(person=bea, actor=bea)

    claim = SeatClaim.objects.get()
    assert (claim.person, claim.email, counted(pool)) == (None, "", (1, 1))
    assert not pool.team.members.exists()


def test_the_report_says_who_sits_where():
    pool, bea = make_pool(), make_user(name="Bea")
    claim_seat(key=key_of(renew_link(pool=pool, actor=bea)), person=bea)
    invite_people(pool=pool, people=[("dora@example.com", "Dora")], actor=bea)

    rows = list(report_rows(pool))

    assert [row[:3] for row in rows] == [
        ["dora@example.com", "Dora", "Invited"],
        [bea.email, "Bea", "Claimed"],
    ]


@pytest.mark.parametrize("terms", [{"instalments": 3}, {"period": "month"}])
def test_seats_of_a_team_are_paid_at_once(terms):
    course = make_course()
    said = {"title": "Seats", "amount_minor": 9000, "currency": "EUR"}
    items = [(TeamSeatsSellable.kind, course.slug)]

    with pytest.raises(OfferNotValid) as refused:
        make_offer(items=items, **said, **terms)
    offer = make_offer(items=items, **said)
    with pytest.raises(OfferNotValid):
        change_offer(offer=offer, **terms)

    assert refused.value.field in terms
    offer.refresh_from_db()
    assert (offer.instalments, offer.period) == (1, "")


def test_an_older_offer_of_seats_in_parts_is_not_sold_so():
    offer = Offer.objects.create(title="S", amount_minor=9000, currency="EUR", instalments=3)
    OfferItem.objects.create(offer=offer, kind=TeamSeatsSellable.kind, key=make_course().slug)
    checkout = open_checkout(offer=offer, person=make_user(), quantity=2)
    set_instalments(checkout=checkout, in_instalments=True)

    with pytest.raises(InstalmentsNotOffered):
        place_order(checkout=checkout, has_consented=True)

    assert not Order.objects.exists()
