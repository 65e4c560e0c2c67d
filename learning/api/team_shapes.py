"""Shapes of teams and their seats in the API: fields listed one by one, no rules."""

from rest_framework import serializers

from accounts.models import TeamMember
from learning import rosters
from learning.models import SeatClaim

ROLES = list(TeamMember.Role.values)


class TeamSerializer(serializers.Serializer):
    """`role` is the caller's own; null for staff who do not belong to the team."""

    id = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES, allow_null=True)


class PoolSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    course = serializers.CharField(source="course.slug", allow_null=True, default=None)
    seats = serializers.IntegerField()
    taken = serializers.IntegerField()
    free = serializers.IntegerField()
    link_made_at = serializers.DateTimeField(allow_null=True)


class MemberSerializer(serializers.Serializer):
    person = serializers.CharField(source="person.public_id")
    name = serializers.CharField(source="person.name", allow_blank=True)
    email = serializers.CharField(source="person.email")
    role = serializers.ChoiceField(choices=ROLES)
    joined_at = serializers.DateTimeField()


class TeamDetailSerializer(TeamSerializer):
    pools = PoolSerializer(many=True)
    members = MemberSerializer(many=True)


class TeamNameSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)


class TeamRoleSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=ROLES)


class SeatClaimSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    email = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    person = serializers.CharField(source="person.public_id", allow_null=True, default=None)
    state = serializers.ChoiceField(choices=list(SeatClaim.State.values))
    created_at = serializers.DateTimeField()
    claimed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class InviteeSerializer(serializers.Serializer):
    email = serializers.CharField(max_length=254)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class InviteSerializer(serializers.Serializer):
    people = InviteeSerializer(many=True, min_length=1, max_length=1000)


class RosterSerializer(serializers.Serializer):
    """With `dry_run` nobody is invited; the answer says what the list would do."""

    csv = serializers.CharField(max_length=rosters.MOST_BYTES, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=True)


class RosterLineSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    is_new = serializers.BooleanField()


class RosterProblemSerializer(serializers.Serializer):
    line = serializers.IntegerField(help_text="0: the whole list.")
    text = serializers.CharField()


class RosterAnswerSerializer(serializers.Serializer):
    lines = RosterLineSerializer(many=True)
    problems = RosterProblemSerializer(many=True)
    invited = serializers.IntegerField()
    free = serializers.IntegerField()


class SeatLinkSerializer(serializers.Serializer):
    url = serializers.CharField()


class SeatKeySerializer(serializers.Serializer):
    key = serializers.CharField(max_length=100, help_text="The last part of the link's address.")


class TakenSeatSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.CharField()
    title = serializers.CharField(source="pool.title")
    course = serializers.CharField(source="pool.course.slug", allow_null=True, default=None)
