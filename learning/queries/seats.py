"""Seats of teams as their runners, their people and staff see them."""

from accounts.bearers import digest
from accounts.models import Team, TeamMember
from learning.models import SeatClaim, SeatPool
from learning.rosters import Roster
from payments.queries.offers import offers_giving

KIND = "team-seats"
# The key of an offer whose seats open every course.
EVERYTHING = "*"


def owner_of(team: Team):
    """Who owns the team: one query. None when the owner left the school."""
    member = team.members.filter(role=TeamMember.Role.OWNER).select_related("person").first()
    return member.person if member else None


def pools_of(team: Team):
    """What the team has seats of, newest first: one query."""
    return team.pools.select_related("course", "team").order_by("-pk")


def pool_run_by(person, public_id: str) -> SeatPool | None:
    """A pool of a team that the person runs, any for staff who may change pools: one query."""
    if not public_id.isprintable():
        return None
    pools = SeatPool.objects.select_related("course", "team")
    if not person.has_perm("learning.change_seatpool"):
        pools = pools.filter(team__in=Team.objects.run_by(person).values("pk"))
    return pools.filter(public_id=public_id).first()


def pools_run_by(person) -> dict[int, list[SeatPool]]:
    """What the teams that the person runs have seats of, by the team's key: one query."""
    found: dict[int, list[SeatPool]] = {}
    teams = Team.objects.run_by(person).values("pk")
    for pool in SeatPool.objects.filter(team__in=teams).select_related("course").order_by("-pk"):
        found.setdefault(pool.team_id, []).append(pool)
    return found


def more_seats(pool: SeatPool, person) -> dict | None:
    """The cheapest offer by which the team's owner gets more seats of the same; None for others,
    whose seats would come to a team of their own. Two queries."""
    owner = owner_of(pool.team)
    if owner is None or owner.pk != person.pk:
        return None
    key = pool.course.slug if pool.course else EVERYTHING
    return next(iter(offers_giving(KIND, [key])), None)


def claims_of(pool: SeatPool):
    """Who was given a seat, newest first, with those taken back: one query."""
    return pool.claims.select_related("person").order_by("-pk")


def claim_of(pool: SeatPool, public_id: str) -> SeatClaim | None:
    """One query."""
    return pool.claims.filter(public_id=public_id).first() if public_id.isprintable() else None


def claim_by_key(key: str) -> SeatClaim | None:
    """The invitation, or the seat that came of it, behind a mailed link: one query."""
    return (
        SeatClaim.objects.filter(key_digest=digest(key), state__in=SeatClaim.LIVE)
        .select_related("pool__team", "pool__course")
        .first()
    )


def pool_by_key(key: str) -> SeatPool | None:
    """The pool behind its shared link: one query."""
    return SeatPool.objects.filter(link_digest=digest(key)).select_related("team", "course").first()


def report_rows(pool: SeatPool):
    """The seat report as rows of cells: one query."""
    for claim in claims_of(pool).iterator():
        yield [
            claim.email or (claim.person.email if claim.person else ""),
            claim.name or (claim.person.name if claim.person else ""),
            claim.get_state_display(),
            *(
                moment.strftime("%Y-%m-%d %H:%M") if moment else ""
                for moment in (claim.created_at, claim.claimed_at, claim.ended_at)
            ),
        ]


REPORT_HEADING = ["e-mail address", "name", "state", "given at", "claimed at", "taken back at"]


def roster_table(pool: SeatPool, roster: Roster) -> list[dict]:
    """What a list of people would do, line by line: {"line", "is_new", "text"}. Two queries."""
    live = pool.claims.filter(state__in=SeatClaim.LIVE)
    known = set(live.values_list("email", flat=True))
    known |= set(live.filter(person__isnull=False).values_list("person__email", flat=True))
    return [
        {
            "line": line,
            "is_new": line.email not in known,
            "text": "has a seat already" if line.email in known else "will be invited",
        }
        for line in roster.lines
    ]
