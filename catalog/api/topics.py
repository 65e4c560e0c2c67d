"""Topics: as everybody reads them, and as staff write them."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from catalog.actions import topics as actions
from catalog.api.items import listed
from catalog.api.reading import CatalogView, MayWrite
from catalog.api.serializers import (
    TopicDetailSerializer,
    TopicSerializer,
    TopicSourceSerializer,
)
from catalog.api.writing import (
    RecommendationsSerializer,
    ResourcesSerializer,
    SectionWriteSerializer,
    TopicWriteSerializer,
)
from catalog.models import Recommendation, Topic, TopicResource, TopicSection
from catalog.queries.courses import topic_counts
from catalog.queries.topics import topic_page, topic_source
from engineroom.budgets import budget

STAFF = ["catalog staff"]


class TopicView(CatalogView):
    # Views that write a topic answer with all of it.
    written = "topic"

    @staticmethod
    def source(slug: str) -> Topic:
        topic = topic_source(slug)
        if topic is None:
            raise Http404
        return topic

    def whole(self, slug: str, code=status.HTTP_200_OK, **kwargs):
        return Response(TopicSourceSerializer(self.source(slug)).data, status=code, **kwargs)


@budget(300)
class TopicList(TopicView):
    permission_classes = [MayWrite]
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

    @extend_schema(
        operation_id="topics_create",
        summary="Add a topic (staff)",
        tags=STAFF,
        request=TopicWriteSerializer,
        responses={201: TopicSourceSerializer},
    )
    def post(self, request):
        form = TopicWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        topic = actions.save_topic(topic=Topic(**form.validated_data), actor=request.user)
        headers = {"Location": f"/api/v1/topics/{topic.slug}"}
        return self.whole(topic.slug, status.HTTP_201_CREATED, headers=headers)


@budget(300)
class TopicDetail(TopicView):
    permission_classes = [MayWrite]
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

    @extend_schema(
        operation_id="topics_change",
        summary="Change a topic; another slug redirects (staff)",
        tags=STAFF,
        request=TopicWriteSerializer,
        responses=TopicSourceSerializer,
    )
    def patch(self, request, slug):
        topic = self.source(slug)
        form = TopicWriteSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        for name, value in form.validated_data.items():
            setattr(topic, name, value)
        topic = actions.save_topic(topic=topic, actor=request.user)
        return self.whole(topic.slug)

    @extend_schema(
        operation_id="topics_delete",
        summary="Delete a topic (staff)",
        tags=STAFF,
        responses={204: None},
    )
    def delete(self, request, slug):
        actions.delete_topic(topic=self.source(slug), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(300)
class TopicSource(TopicView):
    permission_classes = [MayWrite]
    serializer_class = TopicSourceSerializer
    reading = "view"

    @extend_schema(
        operation_id="topics_source",
        summary="A topic as it is written, published or not (staff)",
        tags=STAFF,
    )
    def get(self, request, slug):
        return self.whole(slug)


@budget(500)
class SectionNew(TopicView):
    permission_classes = [MayWrite]
    serializer_class = TopicSourceSerializer
    rights = {"POST": "change"}

    @extend_schema(
        operation_id="topics_save_section",
        summary="Add a section to a topic, or change the one with this key (staff)",
        tags=STAFF,
        request=SectionWriteSerializer,
        responses={201: TopicSourceSerializer},
    )
    def post(self, request, slug):
        topic = self.source(slug)
        form = SectionWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        found = topic.sections.filter(key=values["key"]).first()
        section = found or TopicSection(topic=topic)
        source = values.pop("source", None if found else "")
        for name, value in values.items():
            setattr(section, name, value)
        actions.save_section(section=section, actor=request.user, source=source)
        return self.whole(slug, status.HTTP_201_CREATED)


@budget(300)
class SectionDetail(TopicView):
    permission_classes = [MayWrite]
    serializer_class = TopicSourceSerializer
    rights = {"DELETE": "change"}

    @extend_schema(
        operation_id="topics_delete_section",
        summary="Delete a section of a topic (staff)",
        tags=STAFF,
        responses={204: None},
    )
    def delete(self, request, slug, key):
        section = self.source(slug).sections.filter(key=key).first()
        if section is None:
            raise Http404
        actions.delete_topic_part(part=section, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(500)
class Recommendations(TopicView):
    permission_classes = [MayWrite]
    serializer_class = TopicSourceSerializer

    @extend_schema(
        operation_id="topics_recommend",
        summary="Say all that a topic recommends, in order (staff)",
        tags=STAFF,
        request=RecommendationsSerializer,
    )
    def put(self, request, slug):
        topic = self.source(slug)
        form = RecommendationsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rows = [Recommendation(**row) for row in form.validated_data["recommendations"]]
        actions.set_recommendations(topic=topic, actor=request.user, rows=rows)
        return self.whole(slug)


@budget(500)
class Resources(TopicView):
    permission_classes = [MayWrite]
    serializer_class = TopicSourceSerializer

    @extend_schema(
        operation_id="topics_name_resources",
        summary="Say all resources that a topic names, in order (staff)",
        tags=STAFF,
        request=ResourcesSerializer,
    )
    def put(self, request, slug):
        topic = self.source(slug)
        form = ResourcesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rows = [TopicResource(**row) for row in form.validated_data["resources"]]
        actions.set_resources(topic=topic, actor=request.user, rows=rows)
        return self.whole(slug)
