"""A person's invoices and credit notes, also as PDF and XML."""

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.api.invoice_serializers import InvoiceSerializer
from payments.models import Invoice
from payments.queries.invoices import invoice_for, invoices_of
from payments.views.invoices import download

TAGS = ["buying"]


class _File(BaseRenderer):
    """Lets a caller ask for the file's own type; the bytes are made by the view."""

    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return JSONRenderer().render(data)


class PdfRenderer(_File):
    media_type, format = "application/pdf", "pdf"


class XmlRenderer(_File):
    media_type, format = "application/xml", "xml"


def _own(request, invoice_id: str) -> Invoice:
    invoice = invoice_for(invoice_id, request.user, []) if invoice_id.isprintable() else None
    if invoice is None:
        raise Http404
    return invoice


@budget(100)
class InvoiceList(ListModelMixin, ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = InvoiceSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Invoice.objects.none()
        return invoices_of(self.request.user)

    @extend_schema(
        operation_id="invoices_list", summary="Your invoices and credit notes", tags=TAGS
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class InvoiceDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = InvoiceSerializer

    @extend_schema(operation_id="invoices_read", summary="One of your invoices", tags=TAGS)
    def get(self, request, invoice_id):
        return Response(self.get_serializer(_own(request, invoice_id)).data)


@budget(500)
class InvoicePdf(ApiView):
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer, PdfRenderer]

    @extend_schema(
        operation_id="invoices_read_pdf",
        summary="One of your invoices as PDF/UA-1",
        tags=TAGS,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request, invoice_id):
        return download(_own(request, invoice_id), "pdf")


@budget(250)
class InvoiceXml(ApiView):
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer, XmlRenderer]

    @extend_schema(
        operation_id="invoices_read_xml",
        summary="One of your invoices as EN 16931 XML",
        description="404 `no_electronic_invoice` when the school has not said its country, or the "
        "currency has more than the two decimals that EN 16931 allows.",
        tags=TAGS,
        responses={(200, "application/xml"): OpenApiTypes.STR},
    )
    def get(self, request, invoice_id):
        return download(_own(request, invoice_id), "xml")
