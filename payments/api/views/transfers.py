"""Bank transfers, for staff: money has come, or was sent back."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.transfers import confirm_refund_sent, confirm_transfer
from payments.api.permissions import MayConfirmTransfers
from payments.api.serializers import OrderSerializer, RefundSerializer
from payments.queries.orders import order_for_staff
from payments.queries.transfers import transfer_payment_of
from payments.refusals import NoSuchTransfer

TAGS = ["selling"]


class TransferReceiptSerializer(serializers.Serializer):
    """The amount as the bank shows it. It cannot be taken back, so that `confirmed` must be true."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=10**15)
    received_on = serializers.DateField()
    confirmed = serializers.BooleanField(default=False)


class RefundSentSerializer(serializers.Serializer):
    sent_on = serializers.DateField()
    confirmed = serializers.BooleanField(default=False)


def _order(number):
    order = order_for_staff(number) if number.isprintable() else None
    if order is None:
        raise Http404
    return order


@budget(500)
class TransferReceipt(ApiView):
    permission_classes = [MayConfirmTransfers]
    serializer_class = OrderSerializer
    needs_idempotency_key = True
    calls_outside = True

    @extend_schema(
        operation_id="order_transfer_confirm",
        summary="Confirm that the money of a bank transfer arrived (staff)",
        tags=TAGS,
        request=TransferReceiptSerializer,
        responses=OrderSerializer,
    )
    def post(self, request, number):
        payment = transfer_payment_of(_order(number))
        form = TransferReceiptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if payment is None:
            raise NoSuchTransfer
        said = form.validated_data
        confirm_transfer(
            payment=payment,
            amount_minor=said["amount_minor"],
            received_on=said["received_on"],
            is_confirmed=said["confirmed"],
            actor=request.user,
        )
        return Response(self.get_serializer(_order(number)).data)


@budget(500)
class RefundSent(ApiView):
    permission_classes = [MayConfirmTransfers]
    serializer_class = RefundSerializer
    needs_idempotency_key = True
    calls_outside = True

    @extend_schema(
        operation_id="order_refunds_confirm_sent",
        summary="Confirm that a refund by bank transfer was sent (staff)",
        tags=TAGS,
        request=RefundSentSerializer,
        responses=RefundSerializer,
    )
    def post(self, request, number, refund_id):
        refunds = _order(number).refunds.select_related("order", "payment")
        refund = refunds.filter(public_id=refund_id).first() if refund_id.isprintable() else None
        if refund is None:
            raise Http404
        form = RefundSentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        refund = confirm_refund_sent(
            refund=refund,
            sent_on=said["sent_on"],
            is_confirmed=said["confirmed"],
            actor=request.user,
        )
        return Response(self.get_serializer(refund).data)
