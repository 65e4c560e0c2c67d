"""Orders on invoice, for staff."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.drafts import draft_order, drop_draft, send_draft
from payments.api.serializers import OrderSerializer
from payments.queries.offers import offer_by_id
from payments.queries.orders import order_for_staff
from payments.refusals import DraftNotValid

TAGS = ["staff"]


class MayDraft(BasePermission):
    """Staff with the permission to write orders."""

    def has_permission(self, request, view):
        person = request.user
        return bool(person and person.is_authenticated and person.has_perm("payments.add_order"))


class DraftLineSerializer(serializers.Serializer):
    """`unit_minor` is the price of one in minor units; left out, the offer's own."""

    offer = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    unit_minor = serializers.IntegerField(min_value=1, max_value=10**15, required=False)


class DraftBillingSerializer(serializers.Serializer):
    company = serializers.CharField(max_length=120, required=False, allow_blank=True)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    street = serializers.CharField(max_length=200, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=120, required=False, allow_blank=True)
    region = serializers.CharField(max_length=120, required=False, allow_blank=True)


class NewDraftSerializer(serializers.Serializer):
    email = serializers.CharField(max_length=254, help_text="The buyer's address.")
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    lines = DraftLineSerializer(many=True, min_length=1, max_length=20)
    due_on = serializers.DateField()
    team = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="",
        help_text="The team that gets seats; left out, the buyer's own.",
    )  # fmt: skip
    billing = DraftBillingSerializer(required=False)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    vat_id = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


def _lines(said) -> list:
    found = []
    for line in said:
        name = line["offer"]
        offer = offer_by_id(name) if name.isprintable() else None
        if offer is None or not offer.is_open:
            raise DraftNotValid("There is no such offer on sale.", field="offer")
        found.append((offer, line["quantity"], line.get("unit_minor")))
    return found


def _order(number):
    order = order_for_staff(number) if number.isprintable() else None
    if order is None or order.kind != "invoice":
        raise Http404
    return order


@budget(100)
class DraftList(ApiView):
    permission_classes = [MayDraft]
    serializer_class = OrderSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="invoice_orders_draft",
        summary="Write an order on invoice (staff)",
        description="It is a draft until it is sent.",
        tags=TAGS,
        request=NewDraftSerializer,
        responses={201: OrderSerializer},
    )
    def post(self, request):
        form = NewDraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        order = draft_order(
            email=said["email"],
            name=said["name"],
            lines=_lines(said["lines"]),
            due_on=said["due_on"],
            billing=said.get("billing"),
            country=said["country"],
            vat_id=said["vat_id"],
            team=said["team"],
            actor=request.user,
        )
        return Response(self.get_serializer(order).data, status=status.HTTP_201_CREATED)


@budget(100)
class DraftDetail(ApiView):
    permission_classes = [MayDraft]
    serializer_class = OrderSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="invoice_orders_drop",
        summary="Cancel an unpaid order on invoice (staff)",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request, number):
        drop_draft(order=_order(number), reason="Dropped by staff.", actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class DraftSending(ApiView):
    permission_classes = [MayDraft]
    serializer_class = OrderSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="invoice_orders_send",
        summary="Send an order on invoice to its buyer (staff)",
        tags=TAGS,
        request=None,
        responses=OrderSerializer,
    )
    def post(self, request, number):
        order = send_draft(order=_order(number), actor=request.user)
        return Response(self.get_serializer(order).data)
