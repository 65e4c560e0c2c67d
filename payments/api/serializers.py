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
    ends_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(source="get_absolute_url")
    items = OfferItemSerializer(many=True)


class CheckoutLineSerializer(serializers.Serializer):
    id = serializers.CharField()
    offer = serializers.CharField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    text = serializers.CharField()


class OrderLineSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    quantity = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    currency = serializers.CharField()
    steps = StepSerializer(many=True)


class OrderSerializer(serializers.Serializer):
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=list(states.ORDER_LABELS))
    mode = serializers.ChoiceField(choices=["test", "live"])
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    text = serializers.CharField()
    placed_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    steps = StepSerializer(many=True)
    lines = OrderLineSerializer(many=True)


class CheckoutSerializer(serializers.Serializer):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "finished", "expired"])
    email = serializers.CharField()
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
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


class EmailSerializer(serializers.Serializer):
    email = serializers.CharField(max_length=254)


class NewLineSerializer(serializers.Serializer):
    offer = serializers.CharField(max_length=40)


class NewPaymentSerializer(serializers.Serializer):
    """`consent` says that the buyer agreed. `expected_minor`, the total they were shown, is optional:
    when it no longer holds the payment is refused."""

    consent = serializers.BooleanField()
    email = serializers.CharField(max_length=254, required=False)
    expected_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)


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
        "total_minor": quote.total_minor,
        "text": quote.text,
        "expires_at": checkout.expires_at,
        "steps": quote.steps,
        "lines": [
            {
                "id": line.public_id,
                "offer": line.offer.public_id,
                "title": line.offer.title,
                "quantity": line.quantity,
                **money_of(line.offer.amount_minor * line.quantity, line.offer.currency),
            }
            for line in lines
        ],
        "order": order,
    }
