"""Gifts: given, got, claimed."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom import throttles
from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.gifts import claim_gift, make_gift_link, resend_gift
from payments.actions.giving import change_gift
from payments.models import Gift
from payments.queries.gifts import gift_by_key, gift_given, gifts_given
from payments.refusals import GiftGone

TAGS = ["gifts"]


class GiftSerializer(serializers.Serializer):
    """A gift that you gave. Its link is mailed, and never part of an answer."""

    id = serializers.CharField(source="public_id")
    title = serializers.CharField(source="line.title")
    order = serializers.CharField(source="line.order.number")
    email = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    sender = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    deliver_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class ChangeGiftSerializer(serializers.Serializer):
    """What is left out stays. The day can be changed until the mail has left."""

    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    sender = serializers.CharField(max_length=120, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    deliver_on = serializers.DateField(required=False)


class GiftLinkSerializer(serializers.Serializer):
    url = serializers.CharField()


class GiftKeySerializer(serializers.Serializer):
    key = serializers.CharField(max_length=100, help_text="The last part of the link's address.")


class ClaimedGiftSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    title = serializers.CharField(source="line.title")
    url = serializers.CharField(source="line.url")
    sender = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    claimed_at = serializers.DateTimeField(allow_null=True)


def _mine(request, gift_id) -> Gift:
    gift = gift_given(request.user, gift_id)
    if gift is None:
        raise Http404
    return gift


@budget(100)
class GiftList(ListModelMixin, ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = GiftSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Gift.objects.none()
        return gifts_given(self.request.user)

    @extend_schema(operation_id="gifts_list", summary="Gifts you gave", tags=TAGS)
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class GiftDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = GiftSerializer

    @extend_schema(operation_id="gifts_read", summary="A gift you gave", tags=TAGS)
    def get(self, request, gift_id):
        return Response(self.get_serializer(_mine(request, gift_id)).data)

    @extend_schema(
        operation_id="gifts_change",
        summary="Change a gift before it is claimed",
        description="A new address of a gift that was sent gets a link of its own; the old one ends.",
        tags=TAGS,
        request=ChangeGiftSerializer,
        responses=GiftSerializer,
    )
    def patch(self, request, gift_id):
        gift = _mine(request, gift_id)
        form = ChangeGiftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        throttles.spend(request, "gift-change", key=gift.public_id, rate="20/h")
        changed = change_gift(gift=gift, said=form.validated_data, actor=request.user)
        return Response(self.get_serializer(changed).data)


@budget(100)
class GiftMails(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = GiftSerializer

    @extend_schema(
        operation_id="gifts_mail",
        summary="Mail a gift's link again",
        description="Links sent before end.",
        tags=TAGS,
        request=None,
        responses=GiftSerializer,
    )
    def post(self, request, gift_id):
        gift = _mine(request, gift_id)
        throttles.spend(request, "gift-change", key=gift.public_id, rate="20/h")
        return Response(self.get_serializer(resend_gift(gift=gift, actor=request.user)).data)


@budget(100)
class GiftLink(ApiView):
    """The link is a secret that is shown once, so that no answer of it is kept."""

    permission_classes = [IsAuthenticated]
    serializer_class = GiftLinkSerializer
    keeps_answers = False

    @extend_schema(
        operation_id="gifts_link",
        summary="Make a link to pass a gift on",
        description="Shown once. Links sent before end.",
        tags=TAGS,
        request=None,
        responses={201: GiftLinkSerializer},
    )
    def post(self, request, gift_id):
        gift = _mine(request, gift_id)
        throttles.spend(request, "gift-change", key=gift.public_id, rate="20/h")
        url = make_gift_link(gift=gift, actor=request.user)
        return Response({"url": url}, status=status.HTTP_201_CREATED)


@budget(100)
class GiftClaims(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = ClaimedGiftSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="gifts_claim",
        summary="Claim a gift by the key of its link",
        tags=TAGS,
        request=GiftKeySerializer,
        responses={201: ClaimedGiftSerializer},
    )
    def post(self, request):
        form = GiftKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        throttles.spend_address(request, "gift", "60/m")
        key = form.validated_data["key"]
        if gift_by_key(key) is None:
            raise GiftGone
        gift = claim_gift(key=key, person=request.user)
        return Response(self.get_serializer(gift).data, status=status.HTTP_201_CREATED)
