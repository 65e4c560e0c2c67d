"""Attempts: start, answer, submit. What is right leaves the server only with a graded attempt."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning.actions import save_answers, start_attempt, submit_attempt
from learning.api import documents, serializers
from learning.api.places import own_place
from learning.models import Attempt
from learning.queries import access
from learning.queries.exercises import attempts_of, own_attempt

TAGS = ["learning"]


def reach(request, attempt_id) -> Attempt:
    """The caller's own attempt, 404 for any other, refused when access has ended."""
    attempt = own_attempt(request.user, attempt_id)
    if attempt is None:
        raise Http404
    access.require_open(attempt.enrollment)
    return attempt


class _AttemptView(ApiView):
    permission_classes = [IsAuthenticated]

    def answer(self, attempt, code=status.HTTP_200_OK):
        document = documents.attempt_document(attempt)
        return Response(serializers.AttemptSerializer(document).data, status=code)


@budget(100)
class AttemptList(_AttemptView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.AttemptRowSerializer
    pagination_class = KeyPagination

    def get_queryset(self):
        place = self.request.query_params.get("enrollment", "")
        return attempts_of(self.request.user, place)

    @extend_schema(
        operation_id="attempts_list",
        summary="Your attempts",
        tags=TAGS,
        parameters=[OpenApiParameter("enrollment", str, description="Only of this enrollment.")],
        responses=serializers.AttemptRowSerializer(many=True),
    )
    def get(self, request):
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="attempts_start",
        summary="Start an exercise, or go on with the open attempt",
        tags=TAGS,
        request=serializers.StartAttemptSerializer,
        responses={200: serializers.AttemptSerializer, 201: serializers.AttemptSerializer},
    )
    def post(self, request):
        form = serializers.StartAttemptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        place = own_place(request, form.validated_data["enrollment"])
        attempt = start_attempt(
            enrollment=place, exercise_key=form.validated_data["exercise"], actor=request.user
        )
        code = status.HTTP_201_CREATED if attempt.is_new else status.HTTP_200_OK
        return self.answer(attempt, code)


@budget(100)
class AttemptDetail(_AttemptView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.AttemptSerializer

    @extend_schema(
        operation_id="attempts_read",
        summary="An attempt; with what was right once it is graded",
        tags=TAGS,
    )
    def get(self, request, attempt_id):
        return self.answer(reach(request, attempt_id))


@budget(100)
class AnswerList(_AttemptView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.AttemptSerializer

    @extend_schema(
        operation_id="attempts_answer",
        summary="Save answers of an open attempt",
        description="Only the questions named are touched. An unreadable answer refuses all.",
        tags=TAGS,
        request=serializers.AnswersSerializer,
        responses=serializers.AttemptSerializer,
    )
    def put(self, request, attempt_id):
        attempt = reach(request, attempt_id)
        form = serializers.AnswersSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        save_answers(attempt=attempt, answers=form.validated_data["answers"])
        return self.answer(attempt)


@budget(100)
class AttemptSubmission(_AttemptView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.AttemptSerializer

    @extend_schema(
        operation_id="attempts_submit",
        summary="Have the attempt graded",
        description="Graded once: asked again, the same result is returned.",
        tags=TAGS,
        request=None,
        responses=serializers.AttemptSerializer,
    )
    def post(self, request, attempt_id):
        attempt = reach(request, attempt_id)
        return self.answer(submit_attempt(attempt=attempt, actor=request.user))
