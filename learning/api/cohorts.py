"""Cohorts: what is coming, the waiting list; planning, for staff."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning.actions.cohorts import change_cohort, leave_line, plan_cohort, wait_for_seat
from learning.models import Cohort
from learning.queries import access
from learning.queries.cohorts import (
    all_cohorts,
    cohort_by_id,
    place_in_line,
    waiting_entry,
    with_offers,
)
from learning.refusals import NotWaiting

TAGS = ["cohorts"]


class CohortSerializer(serializers.Serializer):
    """`offer` is the id of the offer that sells a seat, when there is one."""

    id = serializers.CharField()
    course = serializers.CharField(help_text="The course's slug.")
    title = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    sells_until = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    seats_left = serializers.IntegerField()
    is_open = serializers.BooleanField()
    offer = serializers.CharField(allow_null=True)
    price = serializers.CharField(allow_null=True)
    url = serializers.CharField()


class PlanCohortSerializer(serializers.Serializer):
    course = serializers.CharField(max_length=160, help_text="The course's slug.")
    title = serializers.CharField(max_length=120)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    sells_until = serializers.DateTimeField()
    capacity = serializers.IntegerField(min_value=1, max_value=100_000)
    is_open = serializers.BooleanField(default=True)


class ChangeCohortSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=120, required=False)
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)
    sells_until = serializers.DateTimeField(required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    is_open = serializers.BooleanField(required=False)


class WaitingSerializer(serializers.Serializer):
    """`place` is 1 for who is asked next, 0 when a seat is kept for you until `offered_until`."""

    state = serializers.CharField()
    place = serializers.IntegerField()
    offered_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class MayPlan(BasePermission):
    """Anybody may read; staff with the permission plan and change."""

    def has_permission(self, request, view):
        if request.method in ("GET", "HEAD"):
            return True
        verb = "add" if request.method == "POST" else "change"
        person = request.user
        return bool(
            person
            and person.is_authenticated
            and person.is_staff
            and person.has_perm(f"learning.{verb}_cohort")
        )


def document(row) -> dict:
    cohort, offer = row.cohort, row.offer
    return {
        "id": cohort.public_id,
        "course": cohort.course.slug,
        "title": cohort.title,
        "starts_on": cohort.starts_on,
        "ends_on": cohort.ends_on,
        "sells_until": cohort.sells_until,
        "capacity": cohort.capacity,
        "seats_left": cohort.seats_left,
        "is_open": cohort.is_open,
        "offer": offer.public_id if offer else None,
        "price": offer.text if offer else None,
        "url": cohort.get_absolute_url(),
    }


def _found(cohort_id: str) -> Cohort:
    cohort = cohort_by_id(cohort_id)
    if cohort is None:
        raise Http404
    return cohort


@budget(100)
class CohortList(ApiView):
    permission_classes = [MayPlan]
    serializer_class = CohortSerializer
    pagination_class = KeyPagination

    @extend_schema(
        operation_id="cohorts_list",
        summary="Coming cohorts",
        tags=TAGS,
        parameters=[OpenApiParameter("course", str, description="Of this course only: its slug.")],
        responses=CohortSerializer(many=True),
    )
    def get(self, request):
        rows = all_cohorts()
        if slug := request.query_params.get("course", ""):
            rows = rows.filter(course__slug=slug) if slug.isprintable() else rows.none()
        found = with_offers(self.paginate_queryset(rows))
        data = self.get_serializer([document(row) for row in found], many=True).data
        return self.get_paginated_response(data)

    @extend_schema(
        operation_id="cohorts_plan",
        summary="Plan a cohort (staff)",
        tags=["staff"],
        request=PlanCohortSerializer,
        responses={201: CohortSerializer},
    )
    def post(self, request):
        form = PlanCohortSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        course = access.course_named(said.pop("course"))
        cohort = plan_cohort(course=course, actor=request.user, **said)
        data = self.get_serializer(document(with_offers([cohort])[0])).data
        return Response(data, status=status.HTTP_201_CREATED)


@budget(100)
class CohortDetail(ApiView):
    permission_classes = [MayPlan]
    serializer_class = CohortSerializer

    @extend_schema(operation_id="cohorts_read", summary="A cohort", tags=TAGS)
    def get(self, request, cohort_id):
        cohort = _found(cohort_id)
        if cohort.course.published_edition is None and not request.user.is_staff:
            raise Http404
        return Response(self.get_serializer(document(with_offers([cohort])[0])).data)

    @extend_schema(
        operation_id="cohorts_change",
        summary="Change a cohort (staff)",
        description="Seats that come free are offered to who waits.",
        tags=["staff"],
        request=ChangeCohortSerializer,
        responses=CohortSerializer,
    )
    def patch(self, request, cohort_id):
        cohort = _found(cohort_id)
        form = ChangeCohortSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = change_cohort(cohort=cohort, actor=request.user, **form.validated_data)
        return Response(self.get_serializer(document(with_offers([changed])[0])).data)


@budget(100)
class CohortWaiting(ApiView):
    """The caller's own place in the line."""

    permission_classes = [IsAuthenticated]
    serializer_class = WaitingSerializer

    def _line(self, entry, status_code=status.HTTP_200_OK):
        data = {
            "state": entry.state,
            "place": place_in_line(entry) if entry.state == "waiting" else 0,
            "offered_until": entry.offered_until,
            "created_at": entry.created_at,
        }
        return Response(self.get_serializer(data).data, status=status_code)

    @extend_schema(operation_id="waiting_read", summary="Your place in the line", tags=TAGS)
    def get(self, request, cohort_id):
        entry = waiting_entry(_found(cohort_id), request.user)
        if entry is None:
            raise Http404
        return self._line(entry)

    @extend_schema(
        operation_id="waiting_join",
        summary="Wait for a seat",
        tags=TAGS,
        request=None,
        responses={201: WaitingSerializer},
    )
    def post(self, request, cohort_id):
        entry = wait_for_seat(cohort=_found(cohort_id), person=request.user)
        return self._line(entry, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="waiting_leave", summary="Wait no longer", tags=TAGS, responses={204: None}
    )
    def delete(self, request, cohort_id):
        entry = waiting_entry(_found(cohort_id), request.user)
        if entry is None:
            raise NotWaiting
        leave_line(entry=entry, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
