"""Shapes of the API: fields listed one by one, no rules."""

from rest_framework import serializers

from payments import money, states
from payments.gateways import simulator
from payments.queries.checkouts import quote_of


class StepSerializer(serializers.Serializer):
    """One step of how a price came about."""

    step = serializers.CharField()
    label = serializers.CharField()
    amount_minor = serializers.IntegerField()


def money_of(amount_minor: int, currency: str) -> dict:
    return {
        "amount_minor": amount_minor,
        "currency": currency,
        "text": money.text(amount_minor, currency),
    }


class OfferItemSerializer(serializers.Serializer):
    kind = serializers.CharField()
    key = serializers.CharField()


class OfferSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    text = serializers.CharField()
    pricing = serializers.ChoiceField(choices=["fixed", "open"])
    list_minor = serializers.IntegerField(allow_null=True)
    suggested_minor = serializers.IntegerField(allow_null=True)
    period = serializers.ChoiceField(choices=["", "month", "year"])
    trial_days = serializers.IntegerField()
    instalments = serializers.IntegerField()
    is_gone = serializers.BooleanField()
    is_giftable = serializers.BooleanField()
    ends_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(source="get_absolute_url")
    items = OfferItemSerializer(many=True)


class GiftWordsSerializer(serializers.Serializer):
    """For whom a line is. `deliver_on` is a day; empty: as soon as it is paid."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    sender = serializers.CharField(max_length=120, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    deliver_on = serializers.CharField(max_length=10, required=False, allow_blank=True)


class CheckoutLineSerializer(serializers.Serializer):
    id = serializers.CharField()
    offer = serializers.CharField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    text = serializers.CharField()
    gift = GiftWordsSerializer(allow_null=True)


class BillingSerializer(serializers.Serializer):
    """A billing address; every field may be left out."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    company = serializers.CharField(max_length=120, required=False, allow_blank=True)
    street = serializers.CharField(max_length=200, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=120, required=False, allow_blank=True)
    region = serializers.CharField(max_length=120, required=False, allow_blank=True)


class OrderLineSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    quantity = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    tax_rate = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    currency = serializers.CharField()
    is_gift = serializers.SerializerMethodField()
    steps = StepSerializer(many=True)

    def get_is_gift(self, line) -> bool:
        return bool(line.gift)


class OrderSerializer(serializers.Serializer):
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=list(states.ORDER_LABELS))
    mode = serializers.ChoiceField(choices=["test", "live"])
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    text = serializers.CharField()
    kind = serializers.CharField()
    coupon_code = serializers.CharField()
    discount_minor = serializers.IntegerField()
    tax_kind = serializers.ChoiceField(choices=["none", "standard", "reverse", "outside"])
    tax_minor = serializers.IntegerField()
    billing = BillingSerializer()
    country = serializers.CharField()
    vat_id = serializers.CharField()
    placed_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    steps = StepSerializer(many=True)
    lines = OrderLineSerializer(many=True)


class StaffOrderSerializer(OrderSerializer):
    """With whom it is of, and why staff should look at it. `person` is null for a guest's order
    that is not paid and for people who are erased."""

    email = serializers.CharField()
    person = serializers.CharField(source="person.public_id", default=None, allow_null=True)
    was_guest = serializers.BooleanField()
    attention = serializers.CharField()
    subscription = serializers.CharField(
        source="subscription.public_id", default=None, allow_null=True
    )


class InstalmentSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    amount_minor = serializers.IntegerField()


class CheckoutSerializer(serializers.Serializer):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "finished", "expired"])
    email = serializers.CharField()
    currency = serializers.CharField()
    coupon = serializers.CharField()
    in_instalments = serializers.BooleanField()
    billing = BillingSerializer()
    country = serializers.CharField()
    vat_id = serializers.CharField()
    total_minor = serializers.IntegerField()
    instalments = InstalmentSerializer(many=True)
    text = serializers.CharField()
    expires_at = serializers.DateTimeField()
    steps = StepSerializer(many=True)
    lines = CheckoutLineSerializer(many=True)
    order = OrderSerializer(allow_null=True)


class NewCheckoutSerializer(serializers.Serializer):
    """`offer` or `offers`: what to buy. Guests may give their address now or later."""

    offer = serializers.CharField(max_length=40, required=False)
    offers = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, min_length=1, max_length=20
    )
    email = serializers.CharField(max_length=254, required=False)

    def validate(self, attrs):
        wanted = list(attrs.get("offers", []))
        if "offer" in attrs:
            wanted.insert(0, attrs["offer"])
        if not wanted:
            raise serializers.ValidationError({"offer": "Name the offer to buy."})
        return attrs | {"offers": list(dict.fromkeys(wanted))}


class CheckoutChangeSerializer(serializers.Serializer):
    """What is left out stays as it is. `coupon` is a code; empty: none."""

    email = serializers.CharField(max_length=254, required=False)
    billing = BillingSerializer(required=False)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    vat_id = serializers.CharField(max_length=30, required=False, allow_blank=True)
    coupon = serializers.CharField(max_length=40, required=False, allow_blank=True)
    in_instalments = serializers.BooleanField(required=False)


class LineChangeSerializer(serializers.Serializer):
    """`amount_minor` is for open prices; `gift` null: for the buyer."""

    quantity = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    amount_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)
    gift = GiftWordsSerializer(required=False, allow_null=True)


class NewLineSerializer(LineChangeSerializer):
    offer = serializers.CharField(max_length=40)


class NewPaymentSerializer(serializers.Serializer):
    """`consent` says that the buyer agreed. `expected_minor`, the total they were shown, is optional:
    when it no longer holds the payment is refused."""

    consent = serializers.BooleanField()
    email = serializers.CharField(max_length=254, required=False)
    expected_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)
    gateway = serializers.CharField(max_length=40, required=False, allow_blank=True)


class PaymentSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=list(states.PAYMENT_MOVES))
    redirect_url = serializers.CharField(source="url")
    order = serializers.CharField(source="order.number")


class RefundLineInputSerializer(serializers.Serializer):
    """Without an amount everything that is left of the line goes back."""

    line = serializers.CharField(max_length=40)
    amount_minor = serializers.IntegerField(required=False, min_value=1, max_value=10**15)


class NewRefundSerializer(serializers.Serializer):
    lines = RefundLineInputSerializer(many=True, min_length=1, max_length=200)
    reason = serializers.CharField(max_length=300)

    def validate_lines(self, lines):
        if len({line["line"] for line in lines}) != len(lines):
            raise serializers.ValidationError("Name each line once.")
        return lines


class RefundLineSerializer(serializers.Serializer):
    line = serializers.CharField(source="line.public_id")
    amount_minor = serializers.IntegerField()


class RefundSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=list(states.REFUND_MOVES))
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    lines = RefundLineSerializer(many=True)


class OutcomeSerializer(serializers.Serializer):
    """`fault` is what goes wrong with the events about the payment; empty: nothing does."""

    outcome = serializers.ChoiceField(choices=simulator.OUTCOMES)
    fault = serializers.ChoiceField(
        choices=["", *simulator.FAULTS], required=False, allow_blank=True
    )


class SimulatorPaymentSerializer(serializers.Serializer):
    token = serializers.CharField()
    state = serializers.CharField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    order = serializers.CharField(source="order_number")
    method = serializers.CharField()
    reason = serializers.CharField()
    fault = serializers.CharField()
    return_url = serializers.CharField()


def checkout_words(checkout, lines, order) -> dict:
    """A checkout as the API shows it; the order's own lines are read by its serializer."""
    quote = quote_of(checkout, lines)
    return {
        "id": checkout.public_id,
        "state": checkout.state if checkout.state != "open" or checkout.is_open else "expired",
        "email": checkout.person.email if checkout.person else checkout.email,
        "currency": checkout.currency,
        "coupon": checkout.coupon.code if checkout.coupon else "",
        "in_instalments": checkout.in_instalments,
        "billing": checkout.billing,
        "country": checkout.country,
        "vat_id": checkout.vat_id,
        "total_minor": quote.total_minor,
        "instalments": quote.instalments,
        "text": quote.text,
        "expires_at": checkout.expires_at,
        "steps": quote.steps,
        "lines": [
            {
                "id": line.public_id,
                "offer": line.offer.public_id,
                "title": line.offer.title,
                "quantity": line.quantity,
                "gift": line.gift,
                **money_of(line.unit_minor * line.quantity, line.offer.currency),
            }
            for line in lines
        ],
        "order": order,
    }
