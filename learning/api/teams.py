"""Teams, their seats, and taking one."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.actions import make_team, remove_member, rename_team, set_team_role
from accounts.queries import members_of, team_run_by, teams_of
from engineroom import throttles
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning import rosters
from learning.actions.seats import (
    claim_seat,
    close_link,
    invite_again,
    invite_people,
    renew_link,
    take_back,
)
from learning.api.team_shapes import (
    InviteSerializer,
    MemberSerializer,
    RosterAnswerSerializer,
    RosterSerializer,
    SeatClaimSerializer,
    SeatKeySerializer,
    SeatLinkSerializer,
    TakenSeatSerializer,
    TeamDetailSerializer,
    TeamNameSerializer,
    TeamRoleSerializer,
    TeamSerializer,
)
from learning.queries.seats import claim_of, claims_of, pool_run_by, pools_of, roster_table
from learning.refusals import BadRoster

TAGS = ["teams"]


def _team(request, team_id):
    team = team_run_by(request.user, team_id)
    if team is None:
        raise Http404
    return team


def _pool(request, team_id, pool_id):
    pool = pool_run_by(request.user, pool_id)
    if pool is None or pool.team.public_id != team_id:
        raise Http404
    return pool


def _claim(request, team_id, pool_id, claim_id):
    claim = claim_of(_pool(request, team_id, pool_id), claim_id)
    if claim is None:
        raise Http404
    return claim


def _team_document(request, team) -> dict:
    members = list(members_of(team)[:500])
    mine = next((one.role for one in members if one.person_id == request.user.pk), None)
    return {
        "id": team.public_id,
        "name": team.name,
        "role": mine,
        "pools": list(pools_of(team)),
        "members": members,
    }


@budget(100)
class TeamList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = TeamSerializer
    pagination_class = KeyPagination

    @extend_schema(
        operation_id="teams_list", summary="Teams you belong to", tags=TAGS,
        responses=TeamSerializer(many=True),
    )  # fmt: skip
    def get(self, request):
        rows = self.paginate_queryset(teams_of(request.user))
        found = [
            {"id": row.team.public_id, "name": row.team.name, "role": row.role} for row in rows
        ]
        return self.get_paginated_response(self.get_serializer(found, many=True).data)

    @extend_schema(
        operation_id="teams_make",
        summary="Make a team of your own",
        tags=TAGS,
        request=TeamNameSerializer,
        responses={201: TeamDetailSerializer},
    )
    def post(self, request):
        form = TeamNameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        team = make_team(owner=request.user, name=form.validated_data["name"])
        data = TeamDetailSerializer(_team_document(request, team)).data
        return Response(data, status=status.HTTP_201_CREATED)


@budget(100)
class TeamDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = TeamDetailSerializer

    @extend_schema(operation_id="teams_read", summary="A team that you run", tags=TAGS)
    def get(self, request, team_id):
        team = _team(request, team_id)
        return Response(self.get_serializer(_team_document(request, team)).data)

    @extend_schema(
        operation_id="teams_rename", summary="Rename a team", tags=TAGS,
        request=TeamNameSerializer, responses=TeamDetailSerializer,
    )  # fmt: skip
    def patch(self, request, team_id):
        team = _team(request, team_id)
        form = TeamNameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rename_team(team=team, name=form.validated_data["name"], actor=request.user)
        return Response(self.get_serializer(_team_document(request, team)).data)


@budget(100)
class TeamMemberDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = MemberSerializer

    @extend_schema(
        operation_id="team_members_role", summary="Give a member of your team a role", tags=TAGS,
        request=TeamRoleSerializer, responses=MemberSerializer,
    )  # fmt: skip
    def patch(self, request, team_id, person_id):
        team = _team(request, team_id)
        form = TeamRoleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        role = form.validated_data["role"]
        member = set_team_role(team=team, person_id=person_id, role=role, actor=request.user)
        return Response(self.get_serializer(member).data)

    @extend_schema(
        operation_id="team_members_remove",
        summary="Take somebody out of your team",
        description="Their seat stays until it is taken back.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request, team_id, person_id):
        remove_member(team=_team(request, team_id), person_id=person_id, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class ClaimList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = SeatClaimSerializer
    pagination_class = KeyPagination
    needs_idempotency_key = True

    @extend_schema(
        operation_id="team_seats_list", summary="Who sits where: the seat report", tags=TAGS,
        responses=SeatClaimSerializer(many=True),
    )  # fmt: skip
    def get(self, request, team_id, pool_id):
        rows = self.paginate_queryset(claims_of(_pool(request, team_id, pool_id)))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="team_seats_invite",
        summary="Invite people to seats",
        description="All of them or nobody. Who has a seat or an invitation already is left out.",
        tags=TAGS,
        request=InviteSerializer,
        responses={201: SeatClaimSerializer(many=True)},
    )
    def post(self, request, team_id, pool_id):
        pool = _pool(request, team_id, pool_id)
        form = InviteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        people = [(one["email"], one["name"]) for one in form.validated_data["people"]]
        made = invite_people(pool=pool, people=people, actor=request.user)
        data = self.get_serializer(made, many=True).data
        return Response(data, status=status.HTTP_201_CREATED)


@budget(100)
class ClaimDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = SeatClaimSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="team_seats_take_back", summary="Take a seat back", tags=TAGS,
        responses={204: None},
    )  # fmt: skip
    def delete(self, request, team_id, pool_id, claim_id):
        take_back(claim=_claim(request, team_id, pool_id, claim_id), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class ClaimMails(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = SeatClaimSerializer

    @extend_schema(
        operation_id="team_seats_mail", summary="Mail an invitation again", tags=TAGS,
        request=None, responses=SeatClaimSerializer,
    )  # fmt: skip
    def post(self, request, team_id, pool_id, claim_id):
        claim = _claim(request, team_id, pool_id, claim_id)
        throttles.spend(request, "seat-mail", key=claim.public_id, rate="20/h")
        invite_again(claim=claim, actor=request.user)
        return Response(self.get_serializer(claim).data)


@budget(100)
class PoolLink(ApiView):
    """The link is a secret that is shown once, so that no answer of it is kept."""

    permission_classes = [IsAuthenticated]
    serializer_class = SeatLinkSerializer
    keeps_answers = False

    @extend_schema(
        operation_id="team_seats_link",
        summary="Make the shared link anew",
        description="Shown once. The link before it ends.",
        tags=TAGS,
        request=None,
        responses={201: SeatLinkSerializer},
    )
    def post(self, request, team_id, pool_id):
        url = renew_link(pool=_pool(request, team_id, pool_id), actor=request.user)
        return Response({"url": url}, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="team_seats_link_close", summary="Close the shared link", tags=TAGS,
        responses={204: None},
    )  # fmt: skip
    def delete(self, request, team_id, pool_id):
        close_link(pool=_pool(request, team_id, pool_id), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(500)
class PoolRosters(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = RosterAnswerSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="team_seats_roster",
        summary="Check a list of people, or invite them",
        description="CSV with `email` and, if you like, `name`; up to 1,000 people and 256 KB.",
        tags=TAGS,
        request=RosterSerializer,
        responses=RosterAnswerSerializer,
    )
    def post(self, request, team_id, pool_id):
        pool = _pool(request, team_id, pool_id)
        form = RosterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        roster = rosters.read_roster(form.validated_data["csv"])
        table, made = roster_table(pool, roster), []
        if not form.validated_data["dry_run"]:
            if not roster.is_sound:
                raise BadRoster(
                    errors=[
                        {"field": f"line {number}", "code": BadRoster.code, "detail": text}
                        for number, text in roster.problems
                    ]
                )
            people = [(line.email, line.name) for line in roster.lines]
            made = invite_people(pool=pool, people=people, actor=request.user)
            pool.refresh_from_db()
        answer = {
            "lines": [
                {
                    "line": row["line"].number,
                    "email": row["line"].email,
                    "name": row["line"].name,
                    "is_new": row["is_new"],
                }
                for row in table
            ],
            "problems": [{"line": number, "text": text} for number, text in roster.problems],
            "invited": len(made),
            "free": pool.free,
        }
        return Response(self.get_serializer(answer).data)


@budget(100)
class SeatClaims(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = TakenSeatSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="team_seats_claim", summary="Take a seat by the key of its link", tags=TAGS,
        request=SeatKeySerializer, responses={201: TakenSeatSerializer},
    )  # fmt: skip
    def post(self, request):
        form = SeatKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        throttles.spend_address(request, "join", "60/m")
        claim = claim_seat(key=form.validated_data["key"], person=request.user)
        return Response(self.get_serializer(claim).data, status=status.HTTP_201_CREATED)
