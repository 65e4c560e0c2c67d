"""The simulator's hosted page for programs. It exists in test schools only."""

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.settling import refresh_payment
from payments.api import serializers
from payments.gateways import simulator
from payments.queries.payments import payment_at_gateway


@budget(500)
class SimulatorPayment(ApiView):
    """Answering is like paying on the page and coming back: the order is settled at once."""

    permission_classes = [AllowAny]
    serializer_class = serializers.SimulatorPaymentSerializer
    calls_outside = True

    def _find(self, token):
        payment = simulator.find(token) if settings.TEST_SCHOOL and token.isprintable() else None
        if payment is None:
            raise Http404
        return payment

    @extend_schema(
        operation_id="simulator_payments_read", summary="A test payment", tags=["test school"]
    )
    def get(self, request, token):
        return Response(self.get_serializer(self._find(token)).data)

    @extend_schema(
        operation_id="simulator_payments_answer",
        summary="Answer a test payment",
        description="`3ds` leads to the state `challenge`; `success` or `decline` then answer it.",
        tags=["test school"],
        request=serializers.OutcomeSerializer,
        responses=serializers.SimulatorPaymentSerializer,
    )
    def post(self, request, token):
        self._find(token)
        form = serializers.OutcomeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        payment = simulator.pay(token, **form.validated_data)
        if ours := payment_at_gateway(simulator.NAME, token):
            refresh_payment(ours, source="return")
        return Response(self.get_serializer(payment).data)
