"""A person's orders; everybody's, and refunds, for staff."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.idempotency import fingerprint, read_key
from engineroom.restviews import ApiView
from payments import states
from payments.actions.refunding import refund_lines
from payments.api import serializers
from payments.api.permissions import MayRefund, MayViewOrders
from payments.models import Order
from payments.queries.orders import order_for, order_for_staff, orders_for_staff, orders_of

TAGS = ["buying"]


@budget(100)
class OrderList(ListModelMixin, ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.OrderSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Order.objects.none()
        return orders_of(self.request.user)

    @extend_schema(operation_id="orders_list", summary="Your orders", tags=TAGS)
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class OrderDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.OrderSerializer

    @extend_schema(
        operation_id="orders_read",
        summary="One of your orders",
        description="Staff with `payments.view_order` read everybody's, with the members that "
        "`GET /all-orders` shows.",
        tags=TAGS,
    )
    def get(self, request, number):
        person, number = request.user, number if number.isprintable() else ""
        if person.has_perm(MayViewOrders.permission):
            order, shown = order_for_staff(number), serializers.StaffOrderSerializer
        else:
            order, shown = order_for(number, person, []), self.get_serializer_class()
        if order is None:
            raise Http404
        return Response(shown(order, context=self.get_serializer_context()).data)


@budget(100)
class AllOrders(ListModelMixin, ApiView):
    permission_classes = [MayViewOrders]
    serializer_class = serializers.StaffOrderSerializer

    def get_queryset(self):
        asked = self.request.query_params
        return orders_for_staff(
            **{name: asked.get(name, "")[:254] for name in ("state", "email", "number")}
        )

    @extend_schema(
        operation_id="all_orders_list",
        summary="Everybody's orders, newest first (staff)",
        tags=["selling"],
        parameters=[
            OpenApiParameter("state", str, enum=list(states.ORDER_LABELS)),
            OpenApiParameter("email", str, description="The buyer's whole address"),
            OpenApiParameter("number", str, description="The whole number, however it is typed"),
        ],
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(500)
class OrderRefunds(ApiView):
    """Calls the gateway, so that no transaction may span it."""

    permission_classes = [MayRefund]
    serializer_class = serializers.RefundSerializer
    needs_idempotency_key = True
    calls_outside = True

    @extend_schema(
        operation_id="order_refunds_make",
        summary="Refund lines of an order (staff)",
        description="A line without an amount is refunded whole; what it gave ends then.",
        tags=TAGS,
        request=serializers.NewRefundSerializer,
        responses={201: serializers.RefundSerializer},
    )
    def post(self, request, number):
        order = order_for_staff(number) if number.isprintable() else None
        if order is None:
            raise Http404
        form = serializers.NewRefundSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        refund = refund_lines(
            order=order,
            amounts={line["line"]: line.get("amount_minor") for line in said["lines"]},
            reason=said["reason"],
            # The caller's key, made ours: it has its one effect in this order only.
            key=fingerprint(request.user.public_id, order.number, read_key(request).encode()),
            actor=request.user,
        )
        return Response(self.get_serializer(refund).data, status=status.HTTP_201_CREATED)
