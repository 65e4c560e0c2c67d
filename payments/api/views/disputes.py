"""Disputes, for staff: what the buyer's bank says, what the school knows, and the one answer."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.disputes import answer_dispute
from payments.api.permissions import MayAnswerDisputes, MayViewDisputes
from payments.gateways import evidence
from payments.queries.disputes import dispute_by_id, disputes_newest_first, pack_of

TAGS = ["selling"]


class DisputeSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    order = serializers.CharField(source="payment.order.number")
    payment = serializers.CharField(source="payment.public_id")
    state = serializers.CharField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    fee_minor = serializers.IntegerField()
    reason = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField()
    evidence_sent_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class DisputeWithPackSerializer(DisputeSerializer):
    """`evidence` is what was sent, or before that what the school would send."""

    evidence = serializers.SerializerMethodField()

    def get_evidence(self, dispute) -> dict[str, str]:
        return dispute.evidence if dispute.evidence_sent_at else pack_of(dispute)


class EvidenceSerializer(serializers.Serializer):
    """Texts by name; what is left out is said as the school has put it together."""

    confirmed = serializers.BooleanField(
        default=False, help_text="Must be true: the answer cannot be changed."
    )
    evidence = serializers.DictField(
        child=serializers.CharField(max_length=evidence.LONGEST, allow_blank=True), default=dict
    )

    def validate_evidence(self, said):
        if unknown := sorted(set(said) - set(evidence.NAMES)):
            known = ", ".join(evidence.NAMES)
            raise serializers.ValidationError(f"Not known: {unknown[0][:40]}. Known: {known}.")
        return said


def _found(dispute_id: str):
    dispute = dispute_by_id(dispute_id)
    if dispute is None:
        raise Http404
    return dispute


@budget(100)
class DisputeList(ListModelMixin, ApiView):
    permission_classes = [MayViewDisputes]
    serializer_class = DisputeSerializer

    def get_queryset(self):
        return disputes_newest_first()

    @extend_schema(operation_id="disputes_list", summary="Disputes (staff)", tags=TAGS)
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class DisputeDetail(ApiView):
    permission_classes = [MayViewDisputes]
    serializer_class = DisputeWithPackSerializer

    @extend_schema(
        operation_id="disputes_read", summary="A dispute with its evidence (staff)", tags=TAGS
    )
    def get(self, request, dispute_id):
        return Response(self.get_serializer(_found(dispute_id)).data)


@budget(500)
class DisputeAnswer(ApiView):
    """Calls the gateway, so that no transaction may span it."""

    permission_classes = [MayAnswerDisputes]
    serializer_class = DisputeWithPackSerializer
    needs_idempotency_key = True
    calls_outside = True

    @extend_schema(
        operation_id="disputes_answer",
        summary="Answer a dispute, once (staff)",
        tags=TAGS,
        request=EvidenceSerializer,
        responses=DisputeWithPackSerializer,
    )
    def post(self, request, dispute_id):
        dispute = _found(dispute_id)
        form = EvidenceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        answer_dispute(
            dispute=dispute,
            evidence=pack_of(dispute) | said["evidence"],
            is_confirmed=said["confirmed"],
            actor=request.user,
        )
        return Response(self.get_serializer(_found(dispute_id)).data)
