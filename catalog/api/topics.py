"""Topics, instructors, questions and answers."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from catalog.api.items import listed
from catalog.api.reading import CatalogView
from catalog.api.serializers import (
    CourseSerializer,
    FAQListSerializer,
    InstructorDetailSerializer,
    TopicDetailSerializer,
    TopicSerializer,
)
from catalog.queries.courses import instructor_page, topic_counts
from catalog.queries.topics import faqs_on_offer, topic_page
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination


class InOrder(KeyPagination):
    ordering = ("pk",)


@budget(100)
class TopicList(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = TopicSerializer
    pagination_class = None

    @extend_schema(
        operation_id="topics_list",
        summary="All topics, by title",
        tags=["catalog"],
        responses=TopicSerializer(many=True),
    )
    def get(self, request):
        return Response(self.get_serializer(topic_counts(), many=True).data)


@budget(100)
class TopicDetail(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = TopicDetailSerializer

    @extend_schema(
        operation_id="topics_read",
        summary="A topic with its sections, questions and what it recommends",
        tags=["catalog"],
    )
    def get(self, request, slug):
        page = topic_page(slug, with_instructors=True)
        if page is None:
            raise Http404
        for place in ("lessons", "exercises", "projects"):
            for row in getattr(page, place):
                listed(row, place)
        return Response(self.get_serializer(page).data)


@budget(100)
class InstructorDetail(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = InstructorDetailSerializer

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


@budget(100)
class FAQList(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = FAQListSerializer
    pagination_class = InOrder

    @extend_schema(
        operation_id="faqs_list",
        summary="Questions and answers of topics and courses",
        tags=["catalog"],
        parameters=[
            OpenApiParameter("topic", str, description="Slug"),
            OpenApiParameter("course", str, description="Slug"),
        ],
        responses=FAQListSerializer(many=True),
    )
    def get(self, request):
        given = {
            name: request.query_params.get(name, "").replace("\0", "")[:160]
            for name in ("topic", "course")
        }
        page = self.paginate_queryset(faqs_on_offer(**given))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
