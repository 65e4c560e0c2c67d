"""Enrollments, what is read in them, what is finished."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from catalog.models import Lesson, Project
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning.actions import complete_item, note_place, reopen_item, start_course
from learning.api import documents, serializers
from learning.models import Enrollment
from learning.queries import access
from learning.queries.progress import outline_of, outlines_of

TAGS = ["learning"]


def own_place(request, public_id, *, is_open: bool = False) -> Enrollment:
    """The caller's own enrollment, 404 for any other; with `is_open` refused when access has ended."""
    place = access.place_by_id(request.user, public_id)
    if place is None:
        raise Http404
    return access.require_open(place) if is_open else place


@budget(100)
class EnrollmentList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.EnrollmentSerializer
    pagination_class = KeyPagination

    def get_queryset(self):
        return access.places(self.request.user).order_by("-pk")

    @extend_schema(
        operation_id="enrollments_list",
        summary="Your places in courses, with progress",
        tags=TAGS,
        responses=serializers.EnrollmentSerializer(many=True),
    )
    def get(self, request):
        places = self.paginate_queryset(self.get_queryset())
        outlines = outlines_of(places)
        rows = [documents.enrollment_document(place, outlines[place.pk]) for place in places]
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="enrollments_start",
        summary="Start a free course, or one that a grant opens",
        description="Asked again, the place you have is returned.",
        tags=TAGS,
        request=serializers.StartSerializer,
        responses={
            200: serializers.EnrollmentDetailSerializer,
            201: serializers.EnrollmentDetailSerializer,
        },
    )
    def post(self, request):
        form = serializers.StartSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        course = access.course_named(form.validated_data["course"])
        had_place = access.place(request.user, course.slug) is not None
        place = start_course(person=request.user, course=course)
        place = access.place_by_id(request.user, place.public_id)
        document = documents.enrollment_document(place, outline_of(place), with_outline=True)
        code = status.HTTP_200_OK if had_place else status.HTTP_201_CREATED
        return Response(serializers.EnrollmentDetailSerializer(document).data, status=code)


@budget(100)
class EnrollmentDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.EnrollmentDetailSerializer

    @extend_schema(
        operation_id="enrollments_read",
        summary="A place with its outline and progress",
        tags=TAGS,
    )
    def get(self, request, enrollment_id):
        place = own_place(request, enrollment_id)
        document = documents.enrollment_document(place, outline_of(place), with_outline=True)
        return Response(self.get_serializer(document).data)


class _Reading(ApiView):
    """A text of the pinned edition; reading it notes the place."""

    permission_classes = [IsAuthenticated]
    model = Lesson

    def read(self, request, enrollment_id, key):
        place = own_place(request, enrollment_id, is_open=True)
        row = (
            self.model.objects.select_related("body")
            .filter(edition_id=place.edition_id, key=key)
            .first()
        )
        if row is None:
            raise Http404
        note_place(enrollment=place, key=key)
        document = documents.reading_document(row, outline_of(place))
        return Response(self.get_serializer(document).data)


@budget(100)
class LessonDetail(_Reading):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.ReadingSerializer
    model = Lesson

    @extend_schema(operation_id="enrollments_lesson", summary="Read a lesson", tags=TAGS)
    def get(self, request, enrollment_id, key):
        return self.read(request, enrollment_id, key)


@budget(100)
class ProjectDetail(_Reading):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.BriefSerializer
    model = Project

    @extend_schema(operation_id="enrollments_project", summary="Read a project's brief", tags=TAGS)
    def get(self, request, enrollment_id, key):
        return self.read(request, enrollment_id, key)


@budget(100)
class CompletionList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.CompletionSerializer

    @extend_schema(
        operation_id="enrollments_complete",
        summary="Mark a lesson as finished",
        description="Exercises and projects are finished by doing them. Asked again: 200.",
        tags=TAGS,
        request=serializers.CompleteSerializer,
        responses={
            200: serializers.CompletionSerializer,
            201: serializers.CompletionSerializer,
        },
    )
    def post(self, request, enrollment_id):
        place = own_place(request, enrollment_id)
        form = serializers.CompleteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = form.validated_data["key"]
        is_new = complete_item(enrollment=place, key=key, actor=request.user)
        outline = outline_of(place)
        document = {"key": key, "is_new": is_new, "done": outline.done, "total": outline.total}
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(self.get_serializer(document).data, status=code)


@budget(100)
class CompletionDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.CompletionSerializer

    @extend_schema(
        operation_id="enrollments_reopen",
        summary="Mark a lesson as not finished",
        description="Asked again, or of a lesson that was not finished: 204 all the same.",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request, enrollment_id, key):
        place = own_place(request, enrollment_id)
        reopen_item(enrollment=place, key=key, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
