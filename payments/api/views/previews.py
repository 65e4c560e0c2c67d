"""What a cart would cost."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from engineroom import throttles
from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.previewing import preview_price
from payments.api.guesses import spend_guess
from payments.api.serializers import InstalmentSerializer, StepSerializer
from payments.api.views.checkouts import known_offer, person_of


class PreviewLineInputSerializer(serializers.Serializer):
    offer = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=1000)
    amount_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)


class NewPreviewSerializer(serializers.Serializer):
    """`amount_minor` of a line is for open prices only."""

    lines = PreviewLineInputSerializer(many=True, min_length=1, max_length=20)
    coupon = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    country = serializers.CharField(max_length=2, required=False, default="", allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    vat_id = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    in_instalments = serializers.BooleanField(required=False, default=False)

    def validate_lines(self, lines):
        if len({line["offer"] for line in lines}) != len(lines):
            raise serializers.ValidationError("Name each offer once.")
        return lines


class PreviewLineSerializer(serializers.Serializer):
    offer = serializers.CharField()
    kind = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    tax_rate = serializers.IntegerField()
    rounding_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    steps = StepSerializer(many=True)


class PreviewSerializer(serializers.Serializer):
    """`total_minor` is due now, `full_minor` the whole price; `instalments` the schedule."""

    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    full_minor = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    text = serializers.CharField()
    steps = StepSerializer(many=True)
    lines = PreviewLineSerializer(many=True)
    instalments = InstalmentSerializer(many=True)


@budget(100)
class PricePreviews(ApiView):
    permission_classes = [AllowAny]
    serializer_class = PreviewSerializer

    @extend_schema(
        operation_id="price_previews_make",
        summary="What a cart would cost",
        description="The price a checkout would ask for, step by step. Nothing is kept. Who has had a"
        " trial of what is in it pays from the first day.",
        tags=["buying"],
        request=NewPreviewSerializer,
        responses={200: PreviewSerializer},
    )
    def post(self, request):
        throttles.spend_address(request, "preview", "120/m")
        form = NewPreviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        person = person_of(request)
        if said["coupon"].strip():
            spend_guess(request, person.public_id if person else "")
        wanted = [
            (known_offer(line["offer"]), line["quantity"], line.get("amount_minor"))
            for line in said.pop("lines")
        ]
        return Response(PreviewSerializer(preview_price(lines=wanted, person=person, **said)).data)
