"""Instructors: as everybody reads them, and as staff write them."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from catalog.actions.topics import delete_instructor, save_instructor
from catalog.api.reading import CatalogView, MayWrite
from catalog.api.serializers import (
    CourseSerializer,
    InstructorDetailSerializer,
    InstructorSourceSerializer,
)
from catalog.api.writing import InstructorWriteSerializer
from catalog.models import Instructor
from catalog.queries.courses import instructor_page
from catalog.queries.people import WRITES_EVERY_COURSE
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.refusals import NotAllowed

STAFF = ["catalog staff"]


class InOrder(KeyPagination):
    ordering = ("pk",)


def given_values(request, *, partial=False) -> dict:
    """What was sent. Who an instructor is decides who writes the courses: not everybody says it."""
    form = InstructorWriteSerializer(data=request.data, partial=partial)
    names_person = isinstance(request.data, dict) and "person" in request.data
    if names_person and not request.user.has_perm(WRITES_EVERY_COURSE):
        raise NotAllowed("Only managers say which person an instructor is.", field="person")
    form.is_valid(raise_exception=True)
    return form.validated_data


@budget(100)
class InstructorList(CatalogView):
    permission_classes = [MayWrite]
    serializer_class = InstructorSourceSerializer
    pagination_class = InOrder
    written = "instructor"
    reading = "view"

    @extend_schema(
        operation_id="instructors_list",
        summary="All instructors (staff)",
        tags=STAFF,
        responses=InstructorSourceSerializer(many=True),
    )
    def get(self, request):
        page = self.paginate_queryset(Instructor.objects.select_related("person"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="instructors_create",
        summary="Add an instructor (staff)",
        tags=STAFF,
        request=InstructorWriteSerializer,
        responses={201: InstructorSourceSerializer},
    )
    def post(self, request):
        instructor = Instructor(**given_values(request))
        instructor = save_instructor(instructor=instructor, actor=request.user)
        headers = {"Location": f"/api/v1/instructors/{instructor.slug}"}
        return Response(self.get_serializer(instructor).data, status=201, headers=headers)


@budget(100)
class InstructorDetail(CatalogView):
    permission_classes = [MayWrite]
    serializer_class = InstructorDetailSerializer
    written = "instructor"

    def found(self, request, slug) -> Instructor:
        """Raises Http404, and NotAllowed when it is somebody else."""
        instructor = Instructor.objects.select_related("person").filter(slug=slug).first()
        if instructor is None:
            raise Http404
        if instructor.person != request.user and not request.user.has_perm(WRITES_EVERY_COURSE):
            raise NotAllowed("Only managers change other instructors.")
        return instructor

    @extend_schema(
        operation_id="instructors_read",
        summary="An instructor with the courses on offer",
        tags=["catalog"],
    )
    def get(self, request, slug):
        found = instructor_page(slug, with_instructors=True)
        if found is None:
            raise Http404
        instructor, courses = found
        body = {
            "slug": instructor.slug,
            "name": instructor.name,
            "bio": instructor.bio,
            "courses": CourseSerializer(courses, many=True).data,
        }
        return Response(body)

    @extend_schema(
        operation_id="instructors_change",
        summary="Change an instructor; another slug redirects (staff)",
        tags=STAFF,
        request=InstructorWriteSerializer,
        responses=InstructorSourceSerializer,
    )
    def patch(self, request, slug):
        instructor = self.found(request, slug)
        for name, value in given_values(request, partial=True).items():
            setattr(instructor, name, value)
        instructor = save_instructor(instructor=instructor, actor=request.user)
        return Response(InstructorSourceSerializer(instructor).data)

    @extend_schema(
        operation_id="instructors_delete",
        summary="Delete an instructor; the courses stay (staff)",
        tags=STAFF,
        responses={204: None},
    )
    def delete(self, request, slug):
        delete_instructor(instructor=self.found(request, slug), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
