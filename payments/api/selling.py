"""What staff read and send about offers and coupons. Amounts are minor units, taxes included."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments import money
from payments.api.serializers import OfferSerializer
from payments.models import Coupon, Offer
from payments.queries.offers import offers_by_ids
from payments.refusals import CouponNotValid
from payments.vat import CLASSES

MOST = 1_000_000_000


def amount(**kwargs):
    return serializers.IntegerField(min_value=1, max_value=money.MOST_MINOR, **kwargs)


def limit():
    return serializers.IntegerField(
        min_value=1, max_value=MOST, allow_null=True, required=False, help_text="null: any number"
    )


def moment():
    return serializers.DateTimeField(allow_null=True, required=False)


@extend_schema_field(
    {"type": "string", "enum": list(Coupon.Kind.values)}, component_name="CouponKind"
)
class CouponKindField(serializers.ChoiceField):
    def __init__(self, **kwargs):
        super().__init__(choices=Coupon.Kind, **kwargs)


class OfferThingSerializer(serializers.Serializer):
    """A thing that the offer gives, and its share of the price when it gives several."""

    kind = serializers.CharField(max_length=40)
    key = serializers.CharField(max_length=200)
    weight = serializers.IntegerField(min_value=0, max_value=1_000_000, default=1)


class OfferSourceSerializer(OfferSerializer):
    """An offer with what only staff see. `reference` names the course whose own price it is."""

    most_sold = serializers.IntegerField(allow_null=True)
    sold = serializers.IntegerField()
    most_per_person = serializers.IntegerField(allow_null=True)
    tax_class = serializers.CharField()
    is_active = serializers.BooleanField()
    is_open = serializers.BooleanField()
    starts_at = serializers.DateTimeField(allow_null=True)
    reference = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    items = OfferThingSerializer(many=True)


class OfferWriteSerializer(serializers.Serializer):
    """`amount_minor` is the price, the least of an open price, or the price of one period."""

    title = serializers.CharField(max_length=200)
    amount_minor = amount()
    currency = serializers.ChoiceField(choices=sorted(money.EXPONENTS))
    items = OfferThingSerializer(many=True, max_length=50)
    pricing = serializers.ChoiceField(choices=Offer.Pricing, required=False)
    list_minor = amount(allow_null=True, required=False)
    suggested_minor = amount(allow_null=True, required=False)
    period = serializers.ChoiceField(choices=Offer.Period, required=False, allow_blank=True)
    trial_days = serializers.IntegerField(min_value=0, max_value=365, required=False)
    instalments = serializers.IntegerField(min_value=1, max_value=24, required=False)
    most_sold = limit()
    most_per_person = limit()
    is_giftable = serializers.BooleanField(required=False)
    tax_class = serializers.ChoiceField(choices=CLASSES, required=False)
    is_active = serializers.BooleanField(required=False, help_text="false: not on sale")
    starts_at = moment()
    ends_at = moment()

    def validate_items(self, items):
        # A partial change makes DRF lenient inside as well.
        if not all("kind" in item and "key" in item for item in items):
            raise serializers.ValidationError("Give the kind and key of each.")
        return items

    def said(self) -> dict:
        """What was sent, as the actions take it."""
        said = dict(self.validated_data)
        if "items" in said:
            said["items"] = [
                (item["kind"], item["key"], item.get("weight", 1)) for item in said["items"]
            ]
        return said


class CouponSerializer(serializers.Serializer):
    """`percent` counts hundredths: 2500 is 25 %. `offers` are ids; none: it holds for all."""

    id = serializers.CharField(source="public_id")
    code = serializers.CharField()
    title = serializers.CharField()
    kind = CouponKindField()
    percent = serializers.IntegerField(allow_null=True)
    amount_minor = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    duration = serializers.ChoiceField(choices=Coupon.Duration)
    offers = serializers.SerializerMethodField()
    is_active = serializers.BooleanField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    most_uses = serializers.IntegerField(allow_null=True)
    most_per_person = serializers.IntegerField(allow_null=True)
    uses = serializers.IntegerField()
    batch = serializers.CharField(source="batch.public_id", default=None, allow_null=True)
    created_at = serializers.DateTimeField()

    def get_offers(self, coupon) -> list[str]:
        return sorted(offer.public_id for offer in coupon.offers.all())


class TermsSerializer(serializers.Serializer):
    """Either `percent` in hundredths (2500 is 25 %), or `amount_minor` of a currency.

    `duration` says for which periods of a membership it holds: the first one paid, or always."""

    kind = CouponKindField()
    percent = serializers.IntegerField(
        min_value=1, max_value=10_000, allow_null=True, required=False
    )
    amount_minor = amount(allow_null=True, required=False)
    currency = serializers.ChoiceField(
        choices=sorted(money.EXPONENTS), allow_blank=True, required=False
    )
    duration = serializers.ChoiceField(choices=Coupon.Duration, required=False)
    starts_at = moment()
    ends_at = moment()
    offers = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=50,
        required=False,
        help_text="Ids of the offers it holds for; empty: all.",
    )

    def said(self) -> dict:
        """What was sent, as the actions take it. Raises CouponNotValid for unknown offers."""
        said = dict(self.validated_data)
        if "offers" in said:
            wanted = set(said["offers"])
            said["offers"] = offers_by_ids(sorted(wanted))
            if len(said["offers"]) < len(wanted):
                raise CouponNotValid("There is no such offer.", field="offers")
        return said


class CouponChangeSerializer(TermsSerializer):
    title = serializers.CharField(max_length=120, allow_blank=True, required=False)
    is_active = serializers.BooleanField(required=False, help_text="false: it has ended")
    most_uses = limit()
    most_per_person = limit()


class CouponWriteSerializer(CouponChangeSerializer):
    code = serializers.CharField(
        max_length=40, help_text="Letters, digits and dashes. It never changes."
    )


class BatchSerializer(serializers.Serializer):
    """One-time codes made together: how many in all, used, and free to use."""

    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    count = serializers.IntegerField()
    used = serializers.IntegerField()
    free = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class BatchWriteSerializer(TermsSerializer):
    title = serializers.CharField(max_length=120)
    count = serializers.IntegerField(min_value=1, max_value=10_000)


class EndedSerializer(serializers.Serializer):
    ended = serializers.IntegerField()
