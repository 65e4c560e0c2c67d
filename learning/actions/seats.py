"""Seats of a team: bought in numbers, given out by link, address or list, taken back.

Every change locks the pool first. `taken` moves by a conditional UPDATE, and a claim gives its seat
back only by having moved its state, so that ten seats are ten seats however many press at once.
"""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Case, F, IntegerField, When

from accounts.actions import (
    join_team,
    lock_person,
    person_for_email,
    send_sign_in_link,
    team_of_buyer,
)
from accounts.bearers import digest, new_token
from accounts.models import Team
from engineroom import audit, clock, mail
from engineroom.addresses import absolute_url
from engineroom.retrying import retried
from learning.actions.access import end_grant, give_grant, start_course
from learning.models import Grant, SeatBatch, SeatClaim, SeatPool
from learning.queries import access
from learning.queries.seats import EVERYTHING, claim_by_key, owner_of, pool_by_key
from learning.refusals import (
    AlreadyOwned,
    AlreadySeated,
    BadInvitation,
    InvitationGone,
    NoSeatsLeft,
    SeatBack,
)

INVITED, CLAIMED, TAKEN_BACK = (
    SeatClaim.State.INVITED,
    SeatClaim.State.CLAIMED,
    SeatClaim.State.TAKEN_BACK,
)


def _locked(pool_id: int) -> SeatPool:
    return (
        SeatPool.objects.select_for_update(of=("self",))
        .select_related("team", "course__published_edition")
        .get(pk=pool_id)
    )


def _pool(team: Team, key: str) -> SeatPool:
    if key == EVERYTHING:
        return SeatPool.objects.get_or_create(team=team, scope=Grant.Scope.SCHOOL, scope_key="")[0]
    course = access.course_named(key)
    return SeatPool.objects.get_or_create(
        team=team,
        scope=Grant.Scope.COURSE,
        scope_key=course.public_id,
        defaults={"course": course},
    )[0]


def _team_of(line) -> Team:
    """The team that staff named on the order, else the buyer's."""
    named = line.order.billing.get("team") if isinstance(line.order.billing, dict) else None
    if named and (team := Team.objects.filter(public_id=named).first()):
        return team
    company = line.order.billing.get("company") if isinstance(line.order.billing, dict) else ""
    return team_of_buyer(person=line.person, name=str(company or ""))


@transaction.atomic
def add_seats(*, line) -> SeatPool:
    """The line is paid: its seats come to the team's pool. Asked again, nothing more happens."""
    if found := SeatBatch.objects.filter(line=line.public_id).select_related("pool").first():
        return found.pool
    pool = _locked(_pool(_team_of(line), line.key).pk)
    batch, created = SeatBatch.objects.get_or_create(
        line=line.public_id, defaults={"pool": pool, "seats": line.quantity}
    )
    if created:
        SeatPool.objects.filter(pk=pool.pk).update(seats=F("seats") + batch.seats)
        audit.record(
            "team.seats_added", pool.public_id, actor=line.person, seats=batch.seats,
            line=line.public_id,
        )  # fmt: skip
    pool.refresh_from_db()
    return pool


@transaction.atomic
def withdraw_seats(*, line) -> list[SeatClaim]:
    """The line is refunded: exactly its seats go. Free ones first, then invitations, then the newest
    claims lose their access; the owner is told who. Returns the claims that ended."""
    batch = SeatBatch.objects.filter(line=line.public_id).first()
    if batch is None:
        return []
    pool = _locked(batch.pool_id)
    batch.refresh_from_db()
    mine = SeatBatch.objects.filter(pk=batch.pk, withdrawn_at=None)
    if not mine.update(withdrawn_at=clock.now()):
        return []
    return _shrink(pool, batch, batch.seats)


@transaction.atomic
def keep_seats(*, line, seats: int) -> list[SeatClaim]:
    """Part of the line is refunded: it keeps so many seats, the others go as when all of it is.
    Asked again, or for more than it has, nothing happens."""
    batch = SeatBatch.objects.filter(line=line.public_id).first()
    if batch is None:
        return []
    pool = _locked(batch.pool_id)
    batch.refresh_from_db()
    fewer = SeatBatch.objects.filter(pk=batch.pk, withdrawn_at=None, seats__gt=seats)
    if not fewer.update(seats=seats):
        return []
    return _shrink(pool, batch, batch.seats - seats)


def _shrink(pool: SeatPool, batch: SeatBatch, count: int) -> list[SeatClaim]:
    too_many = max(0, pool.taken - (pool.seats - count))
    unused_first = Case(When(state=INVITED, then=0), default=1, output_field=IntegerField())
    live = pool.claims.filter(state__in=SeatClaim.LIVE)
    losing = list(live.select_related("person").order_by(unused_first, "-pk")[:too_many])
    for claim in losing:
        _end(pool, claim, reason="refunded")
    SeatPool.objects.filter(pk=pool.pk).update(seats=F("seats") - count)
    audit.record(
        "team.seats_withdrawn", pool.public_id, seats=count,
        ended=[claim.public_id for claim in losing],
    )  # fmt: skip
    _tell_owner(pool, batch, count, losing)
    return losing


def _tell_owner(pool: SeatPool, batch: SeatBatch, count: int, losing: list[SeatClaim]) -> None:
    owner = owner_of(pool.team)
    if owner is None or not owner.is_active:
        return
    words = {
        "team": pool.team.name,
        "title": pool.title,
        "seats": count,
        "count": len(losing),
        "people": [claim.who for claim in losing],
        "url": absolute_url(pool.get_absolute_url()),
    }
    mail.send("seats_ended", owner.email, words, key=f"seats-ended:{batch.line}:{batch.seats}")


def _take(pool: SeatPool, count: int = 1) -> None:
    """Count seats as taken, all or none. Raises NoSeatsLeft."""
    enough = SeatPool.objects.filter(pk=pool.pk, taken__lte=F("seats") - count)
    if not enough.update(taken=F("taken") + count):
        raise NoSeatsLeft


def _end(pool: SeatPool, claim: SeatClaim, *, reason: str, actor=None) -> bool:
    live = SeatClaim.objects.filter(pk=claim.pk, state__in=SeatClaim.LIVE)
    if not live.update(state=TAKEN_BACK, ended_at=clock.now(), key_digest=None):
        return False
    SeatPool.objects.filter(pk=pool.pk, taken__gt=0).update(taken=F("taken") - 1)
    end_grant(source=Grant.Source.SEAT, source_key=claim.public_id, reason=reason, actor=actor)
    return True


@retried
@transaction.atomic
def take_back(*, claim: SeatClaim, actor) -> SeatClaim:
    """End an invitation or a claim: what it opened ends, and the seat is free again.

    Raises SeatBack when it was taken back already.
    """
    pool = _locked(claim.pool_id)
    if not _end(pool, claim, reason="seat taken back", actor=actor):
        raise SeatBack
    audit.record("team.seat_taken_back", pool.public_id, actor=actor, claim=claim.public_id)
    claim.refresh_from_db()
    return claim


def _checked(people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    found = {}
    for email, name in people:
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise BadInvitation(f"“{email[:60]}” is no e-mail address.") from error
        if len(email) > 254 or not (email + name).isprintable() or len(name) > 120:
            raise BadInvitation
        found.setdefault(email, name.strip())
    if not 1 <= len(found) <= 1000:
        raise BadInvitation("Name 1 to 1,000 people.")
    return list(found.items())


@retried
@transaction.atomic
def invite_people(*, pool: SeatPool, people: list[tuple[str, str]], actor) -> list[SeatClaim]:
    """Keep a seat for each (address, name) and mail them its link: all of them or nobody. Who has a
    seat or an invitation already is left out. Raises NoSeatsLeft, BadInvitation."""
    pool = _locked(pool.pk)
    wanted = _checked(people)
    emails = [email for email, _ in wanted]
    live = pool.claims.filter(state__in=SeatClaim.LIVE)
    known = set(live.filter(email__in=emails).values_list("email", flat=True))
    known |= set(live.filter(person__email__in=emails).values_list("person__email", flat=True))
    fresh = [(email, name) for email, name in wanted if email not in known]
    if not fresh:
        return []
    try:
        _take(pool, len(fresh))
    except NoSeatsLeft as error:
        pool.refresh_from_db()
        raise NoSeatsLeft(f"{len(fresh)} seats are needed and {pool.free} are free.") from error
    claims = [SeatClaim.objects.create(pool=pool, email=email, name=name) for email, name in fresh]
    for claim in claims:
        _mail_invitation(pool, claim)
    audit.record("team.invited", pool.public_id, actor=actor, count=len(claims))
    return claims


def _mail_invitation(pool: SeatPool, claim: SeatClaim) -> None:
    key = new_token("seat")
    SeatClaim.objects.filter(pk=claim.pk).update(key_digest=digest(key))
    words = {
        "team": pool.team.name,
        "title": pool.title,
        "url": absolute_url(f"/teams/join/{key}/"),
    }
    mail.send(
        "seat_invitation", claim.email, words, key=f"seat:{claim.public_id}:{digest(key)[:16]}"
    )


@transaction.atomic
def invite_again(*, claim: SeatClaim, actor) -> None:
    """Mail the invitation with a new link; the old one ends. Raises InvitationGone."""
    pool = _locked(claim.pool_id)
    if not pool.claims.filter(pk=claim.pk, state=INVITED).exists():
        raise InvitationGone
    _mail_invitation(pool, claim)
    audit.record("team.invited_again", pool.public_id, actor=actor, claim=claim.public_id)


@transaction.atomic
def renew_link(*, pool: SeatPool, actor) -> str:
    """A link by which anybody takes a seat while there are some; the one before it ends. Only its
    digest is kept: it is shown now and never again."""
    key = new_token("team")
    SeatPool.objects.filter(pk=pool.pk).update(link_digest=digest(key), link_made_at=clock.now())
    audit.record("team.link_made", pool.public_id, actor=actor)
    return absolute_url(f"/teams/join/{key}/")


@transaction.atomic
def close_link(*, pool: SeatPool, actor) -> None:
    """The pool's link ends without another."""
    SeatPool.objects.filter(pk=pool.pk).update(link_digest=None, link_made_at=None)
    audit.record("team.link_closed", pool.public_id, actor=actor)


@retried
@transaction.atomic
def claim_seat(*, key: str, person) -> SeatClaim:
    """Take the seat behind an invitation's or a pool's link. The person's own seat is returned again.

    Raises InvitationGone, NoSeatsLeft, AlreadySeated (they have another seat of this pool) and
    AlreadyOwned (they need none: the course is open to them for good).
    """
    invitation, shared = claim_by_key(key), pool_by_key(key)
    if invitation is None and shared is None:
        raise InvitationGone
    # Seats of two teams, or a seat and a purchase: the second sees what the first has given.
    lock_person(person.pk)
    pool = _locked(invitation.pool_id if invitation else shared.pk)
    own = pool.claims.filter(person=person, state=CLAIMED).first()
    if own and (invitation is None or own.pk == invitation.pk):
        return own
    if own:
        raise AlreadySeated("You already have a seat of this team. Pass the invitation on.")
    if access.owns_for_good(person, pool.scope, pool.course):
        raise AlreadyOwned("This is open to you already: leave the seat to somebody else.")
    if invitation is None:
        invitation = pool.claims.filter(email__iexact=person.email, state=INVITED).first()
    claim = _accept(pool, invitation, person) if invitation else _sit_down(pool, person)
    _open(pool, claim, person)
    audit.record("team.seat_claimed", pool.public_id, actor=person, claim=claim.public_id)
    return claim


def _accept(pool: SeatPool, invitation: SeatClaim, person) -> SeatClaim:
    mine = SeatClaim.objects.filter(pk=invitation.pk, state=INVITED)
    if not mine.update(state=CLAIMED, person=person, claimed_at=clock.now()):
        raise InvitationGone
    invitation.refresh_from_db()
    return invitation


def _sit_down(pool: SeatPool, person) -> SeatClaim:
    _take(pool)
    try:
        with transaction.atomic():
            return SeatClaim.objects.create(
                pool=pool,
                person=person,
                email=person.email,
                state=CLAIMED,
                claimed_at=clock.now(),
            )
    except IntegrityError as error:
        raise AlreadySeated("You already have a seat of this team.") from error


def _open(pool: SeatPool, claim: SeatClaim, person) -> None:
    grant = give_grant(
        person=person,
        scope=pool.scope,
        scope_key=pool.scope_key,
        source=Grant.Source.SEAT,
        source_key=claim.public_id,
    )
    join_team(team=pool.team, person=person)
    course = pool.course
    if grant.is_valid and course is not None and course.published_edition is not None:
        start_course(person=person, course=course)


@transaction.atomic
def ask_to_join(*, key: str, email: str) -> None:
    """For somebody without an account: a mail that signs them in and leads back to the seat.

    Raises InvitationGone.
    """
    if claim_by_key(key) is None and pool_by_key(key) is None:
        raise InvitationGone
    person, _created = person_for_email(email=email.strip().lower())
    send_sign_in_link(person=person, next_url=f"/teams/join/{key}/")
