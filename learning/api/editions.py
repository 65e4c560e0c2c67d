"""A new edition: what it changes for one learner, and moving up to it."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from learning.actions import move_up
from learning.api.documents import enrollment_document, outlook_document
from learning.api.places import TAGS, own_place
from learning.api.serializers import EditionsSerializer, EnrollmentDetailSerializer
from learning.queries import access
from learning.queries.editions import outlook
from learning.queries.progress import outline_of


class CountSerializer(serializers.Serializer):
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class ItemChangeSerializer(serializers.Serializer):
    """`is_done`: whether you had finished it. `words` say what of it changed."""

    kind = serializers.CharField(help_text="lesson, exercise or project.")
    key = serializers.CharField()
    title = serializers.CharField()
    is_done = serializers.BooleanField()
    words = serializers.ListField(child=serializers.CharField())


class EditionChangesSerializer(serializers.Serializer):
    """`now` and `then` count the finished steps before and after moving up; null when there is no
    edition to move to."""

    editions = EditionsSerializer()
    now = CountSerializer(allow_null=True)
    then = CountSerializer(allow_null=True)
    added = ItemChangeSerializer(many=True)
    removed = ItemChangeSerializer(many=True)
    changed = ItemChangeSerializer(many=True)


class MoveUpSerializer(serializers.Serializer):
    edition = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1,
        help_text="The number you have seen the changes of. Left out: whichever is on offer.",
    )  # fmt: skip


class EditionMoveSerializer(serializers.Serializer):
    """`from` and `to` are numbers of editions; `closed` counts begun exercises that are gone."""

    is_new = serializers.BooleanField()
    to = serializers.IntegerField(source="to_number")
    closed = serializers.IntegerField()
    enrollment = EnrollmentDetailSerializer()

    def get_fields(self):
        return {"from": serializers.IntegerField(source="from_number"), **super().get_fields()}


@budget(200)
class EditionChanges(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = EditionChangesSerializer

    @extend_schema(
        operation_id="enrollments_edition_changes",
        summary="What the edition on offer changes for you",
        tags=TAGS,
    )
    def get(self, request, enrollment_id):
        place = own_place(request, enrollment_id)
        return Response(self.get_serializer(outlook_document(place, outlook(place))).data)


@budget(100)
class EditionMoves(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = EditionMoveSerializer

    @extend_schema(
        operation_id="enrollments_move_up",
        summary="Move up to the edition on offer",
        description="What you finished is carried over by key. There is no way back. Asked again: 200.",
        tags=TAGS,
        request=MoveUpSerializer,
        responses={200: EditionMoveSerializer, 201: EditionMoveSerializer},
    )
    def post(self, request, enrollment_id):
        place = own_place(request, enrollment_id)
        form = MoveUpSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        move = move_up(enrollment=place, number=form.validated_data["edition"], actor=request.user)
        place = access.place_by_id(request.user, enrollment_id)
        document = enrollment_document(place, outline_of(place), with_outline=True)
        names = ("from_number", "to_number", "is_new", "closed")
        answer = {name: getattr(move, name) for name in names} | {"enrollment": document}
        code = status.HTTP_201_CREATED if move.is_new else status.HTTP_200_OK
        return Response(self.get_serializer(answer).data, status=code)
