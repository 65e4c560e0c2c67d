"""The clock of a test school."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from engineroom import clock
from engineroom.budgets import budget
from engineroom.clockwork import move_clock
from engineroom.restviews import ApiView

TAGS = ["test school"]


class MayMoveClock(BasePermission):
    """Staff with the permission to move the clock."""

    def has_permission(self, request, view):
        return bool(
            request.user
            and request.user.is_authenticated
            and request.user.has_perm("engineroom.move_clock")
        )


class ClockSerializer(serializers.Serializer):
    now = serializers.DateTimeField(help_text="The school's time.")
    real = serializers.DateTimeField(help_text="The world's time.")
    ahead_seconds = serializers.IntegerField()


class ClockMoveSerializer(serializers.Serializer):
    """Either `by_seconds` or `to`. It cannot be taken back, so that `confirmed` must be true."""

    by_seconds = serializers.IntegerField(min_value=1, max_value=10**9, required=False)
    to = serializers.DateTimeField(required=False)
    confirmed = serializers.BooleanField(default=False)


def _standing() -> dict:
    now, ahead = clock.now(), clock.ahead()
    return {"now": now, "real": clock.real(), "ahead_seconds": int(ahead.total_seconds())}


@budget(100)
class Clock(ApiView):
    """Exists in test schools only."""

    permission_classes = [MayMoveClock]
    serializer_class = ClockSerializer
    needs_idempotency_key = True

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if not settings.TEST_SCHOOL:
            raise Http404

    @extend_schema(operation_id="clock_read", summary="The school's clock (staff)", tags=TAGS)
    def get(self, request):
        return Response(self.get_serializer(_standing()).data)

    @extend_schema(
        operation_id="clock_move",
        summary="Move the school's clock forwards (staff)",
        description="What is due by then is done by the worker within seconds: renewals, retries, "
        "gifts, expiries. Sign-in and tokens do not notice.",
        tags=TAGS,
        request=ClockMoveSerializer,
        responses=ClockSerializer,
    )
    def post(self, request):
        form = ClockMoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        by = timedelta(seconds=said["by_seconds"]) if "by_seconds" in said else None
        ahead = move_clock(
            by=by, to=said.get("to"), is_confirmed=said["confirmed"], actor=request.user
        )
        real = clock.real()
        words = {"now": real + ahead, "real": real, "ahead_seconds": int(ahead.total_seconds())}
        return Response(self.get_serializer(words).data)
