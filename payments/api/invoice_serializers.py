"""Shapes of invoices in the API."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engineroom.addresses import absolute_url
from payments import einvoice, invoicing


class InvoiceLineSerializer(serializers.Serializer):
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    rate = serializers.IntegerField(help_text="Hundredths of a percent.")
    category = serializers.CharField(help_text="VAT category of EN 16931: S, Z, AE, E or O.")
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    rounding_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()


class InvoiceSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=["invoice", "credit_note"])
    mode = serializers.ChoiceField(choices=["test", "live"])
    order = serializers.CharField(source="order.number")
    corrects = serializers.SerializerMethodField(help_text="Number of the invoice it credits.")
    issued_at = serializers.DateTimeField()
    country = serializers.CharField(help_text="Where the tax is owed.")
    currency = serializers.CharField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    text = serializers.CharField()
    lines = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    seller = serializers.SerializerMethodField()
    buyer = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    pdf_url = serializers.SerializerMethodField()
    xml_url = serializers.SerializerMethodField(help_text="Null: `why_no_xml` says why.")
    why_no_xml = serializers.SerializerMethodField(help_text="Empty when there is XML.")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_corrects(self, invoice):
        return (invoice.document["corrects"] or {}).get("number")

    @extend_schema_field(InvoiceLineSerializer(many=True))
    def get_lines(self, invoice):
        return InvoiceLineSerializer(invoice.document["lines"], many=True).data

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_notes(self, invoice):
        return invoice.document["notes"]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_seller(self, invoice):
        return invoicing.seller_lines(invoice.document["seller"])

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_buyer(self, invoice):
        return invoicing.buyer_lines(invoice.document["buyer"])

    @extend_schema_field(serializers.CharField())
    def get_url(self, invoice):
        return absolute_url(invoice.get_absolute_url())

    @extend_schema_field(serializers.CharField())
    def get_pdf_url(self, invoice):
        return absolute_url(f"/api/v1/invoices/{invoice.public_id}/pdf")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_xml_url(self, invoice):
        if not einvoice.has_xml(invoice.document):
            return None
        return absolute_url(f"/api/v1/invoices/{invoice.public_id}/xml")

    @extend_schema_field(serializers.CharField())
    def get_why_no_xml(self, invoice):
        return einvoice.why_not(invoice.document)
