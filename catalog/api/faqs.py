"""Questions and answers of topics and courses."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.response import Response

from catalog.actions.topics import delete_faq, save_faq
from catalog.api.reading import CatalogView, MayWrite, own_course
from catalog.api.serializers import FAQListSerializer, FAQSourceSerializer
from catalog.api.writing import FAQChangeSerializer, FAQWriteSerializer
from catalog.models import FAQ
from catalog.queries.topics import faqs_on_offer
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination

STAFF = ["catalog staff"]


class InOrder(KeyPagination):
    ordering = ("pk",)


@budget(100)
class FAQList(CatalogView):
    permission_classes = [MayWrite]
    serializer_class = FAQListSerializer
    pagination_class = InOrder
    written = "faq"

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

    @extend_schema(
        operation_id="faqs_create",
        summary="Add a question with its answer to a topic or course (staff)",
        tags=STAFF,
        request=FAQWriteSerializer,
        responses={201: FAQSourceSerializer},
    )
    def post(self, request):
        form = FAQWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if course := form.validated_data.get("course"):
            own_course(request, course.slug)
        faq = save_faq(faq=FAQ(**form.validated_data), actor=request.user)
        headers = {"Location": f"/api/v1/faqs/{faq.public_id}"}
        return Response(FAQSourceSerializer(faq).data, status=201, headers=headers)


@budget(100)
class FAQDetail(CatalogView):
    permission_classes = [MayWrite]
    serializer_class = FAQSourceSerializer
    written = "faq"
    reading = "view"

    def found(self, request, faq_id, *, writes=True) -> FAQ:
        """Raises Http404, and NotAllowed when it belongs to a course that others write."""
        faqs = FAQ.objects.select_related("topic", "course")
        faq = faqs.filter(public_id=faq_id).first()
        if faq is None:
            raise Http404
        if writes and faq.course:
            own_course(request, faq.course.slug)
        return faq

    @extend_schema(
        operation_id="faqs_read",
        summary="A question and its answer as it is written (staff)",
        tags=STAFF,
    )
    def get(self, request, faq_id):
        return Response(self.get_serializer(self.found(request, faq_id, writes=False)).data)

    @extend_schema(
        operation_id="faqs_change",
        summary="Change a question or its answer (staff)",
        tags=STAFF,
        request=FAQChangeSerializer,
    )
    def patch(self, request, faq_id):
        faq = self.found(request, faq_id)
        form = FAQChangeSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        for name, value in form.validated_data.items():
            setattr(faq, name, value)
        return Response(self.get_serializer(save_faq(faq=faq, actor=request.user)).data)

    @extend_schema(
        operation_id="faqs_delete",
        summary="Delete a question and its answer (staff)",
        tags=STAFF,
        responses={204: None},
    )
    def delete(self, request, faq_id):
        delete_faq(faq=self.found(request, faq_id), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
