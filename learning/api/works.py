"""Handed-in work."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning.actions import submit_work
from learning.api import serializers
from learning.api.places import own_place
from learning.queries.works import works_of

TAGS = ["learning"]


@budget(100)
class SubmissionList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.SubmissionSerializer
    pagination_class = KeyPagination

    def get_queryset(self):
        return works_of(self.request.user)

    @extend_schema(
        operation_id="submissions_list",
        summary="What you handed in",
        tags=TAGS,
        responses=serializers.SubmissionSerializer(many=True),
    )
    def get(self, request):
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="submissions_hand_in",
        summary="Hand in work for a project",
        description="Handing in again replaces it, consent to the gallery included.",
        tags=TAGS,
        request=serializers.SubmitSerializer,
        responses={201: serializers.SubmissionSerializer},
    )
    def post(self, request):
        form = serializers.SubmitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        place = own_place(request, values.pop("enrollment"))
        work = submit_work(
            enrollment=place, project_key=values.pop("project"), actor=request.user, **values
        )
        return Response(self.get_serializer(work).data, status=status.HTTP_201_CREATED)


@budget(100)
class SubmissionDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.SubmissionSerializer

    @extend_schema(operation_id="submissions_read", summary="One of your works", tags=TAGS)
    def get(self, request, submission_id):
        work = works_of(request.user).filter(public_id=submission_id).first()
        if work is None:
            raise Http404
        return Response(self.get_serializer(work).data)
