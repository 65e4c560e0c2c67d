"""A person's subscriptions: read, cancel, keep, change, another card. Staff read and cancel any."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from engineroom import throttles
from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments import states
from payments.actions.changing import plan_change
from payments.actions.steering import (
    cancel_subscription,
    card_page,
    change_plan,
    keep_subscription,
)
from payments.api.permissions import MayCancelSubscriptions, MayViewSubscriptions
from payments.models import Subscription
from payments.queries.offers import offer_by_id
from payments.queries.subscriptions import (
    subscription_for_staff,
    subscription_of,
    subscriptions_of,
)
from payments.refusals import PlanNotOffered

TAGS = ["subscriptions"]


class SubscriptionSerializer(serializers.Serializer):
    """`amount_minor` is the price of a period; `grace_ends_at` is set while a payment is overdue."""

    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=Subscription.Kind.values)
    state = serializers.ChoiceField(choices=list(states.SUBSCRIPTION_MOVES))
    offer = serializers.CharField(source="offer.public_id")
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    text = serializers.CharField()
    period = serializers.ChoiceField(choices=["month", "year"])
    periods_paid = serializers.IntegerField()
    periods_total = serializers.IntegerField(allow_null=True)
    credit_minor = serializers.IntegerField()
    period_starts_at = serializers.DateTimeField(allow_null=True)
    period_ends_at = serializers.DateTimeField(allow_null=True)
    trial_ends_at = serializers.DateTimeField(allow_null=True)
    grace_ends_at = serializers.DateTimeField(allow_null=True)
    cancels_at_period_end = serializers.BooleanField()
    method = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(source="get_absolute_url")


class CancelSerializer(serializers.Serializer):
    """At the end of the period that is paid, unless `at_period_end` is false: then now.

    `reason` is kept in the audit trail; staff must give one for a subscription that is not theirs.
    """

    at_period_end = serializers.BooleanField(default=True)
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)

    def validate(self, said):
        if self.context["is_staffs"] and not said["reason"]:
            raise serializers.ValidationError({"reason": "Say why: it is kept in the audit trail."})
        return said


class PlanSerializer(serializers.Serializer):
    offer = serializers.CharField(max_length=40)


class ChangeSerializer(PlanSerializer):
    """`expected_minor` is the `due_minor` of the preview; another sum is refused."""

    expected_minor = serializers.IntegerField(min_value=0, max_value=10**15)


class PlanChangeSerializer(serializers.Serializer):
    """`due_minor` is charged at once, `credit_minor` comes off the next payments."""

    offer = serializers.CharField(source="offer.public_id")
    due_minor = serializers.IntegerField()
    credit_minor = serializers.IntegerField()
    currency = serializers.CharField(source="quote.currency")
    unused_days = serializers.IntegerField(source="proration.unused")
    days = serializers.IntegerField(source="proration.days")
    period_ends_at = serializers.DateTimeField(source="ends_at")
    explanation = serializers.ListField(child=serializers.CharField(), source="words")


class CardPageSerializer(serializers.Serializer):
    url = serializers.CharField(help_text="The gateway's page on which the card is changed.")


def _mine(request, subscription_id) -> Subscription:
    subscription = subscription_of(request.user, subscription_id)
    if subscription is None:
        raise Http404
    return subscription


def _mine_or_staffs(request, subscription_id, permission) -> Subscription:
    """The person's own, or anybody's for staff with the permission."""
    found = subscription_of(request.user, subscription_id)
    if found is None and request.user.has_perm(permission.permission):
        found = subscription_for_staff(subscription_id)
    if found is None:
        raise Http404
    return found


def _offer(name: str):
    offer = offer_by_id(name) if name.isprintable() else None
    if offer is None:
        raise PlanNotOffered
    return offer


class _Move(ApiView):
    """Calls the gateway, so that no transaction may span it."""

    serializer_class = SubscriptionSerializer
    needs_idempotency_key = True
    calls_outside = True

    def subscription(self, request, subscription_id) -> Subscription:
        return self.throttled(request, _mine(request, subscription_id))

    def throttled(self, request, found) -> Subscription:
        throttles.spend(request, "subscription", key=found.public_id, rate="20/h")
        return found

    def answer(self, subscription):
        fresh = Subscription.objects.select_related("offer").get(pk=subscription.pk)
        return Response(SubscriptionSerializer(fresh).data)


@budget(100)
class SubscriptionList(ListModelMixin, ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = SubscriptionSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Subscription.objects.none()
        return subscriptions_of(self.request.user)

    @extend_schema(operation_id="subscriptions_list", summary="Your subscriptions", tags=TAGS)
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class SubscriptionDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = SubscriptionSerializer

    @extend_schema(
        operation_id="subscriptions_read",
        summary="One of your subscriptions",
        description="Staff with `payments.view_subscription` read everybody's.",
        tags=TAGS,
    )
    def get(self, request, subscription_id):
        found = _mine_or_staffs(request, subscription_id, MayViewSubscriptions)
        return Response(self.get_serializer(found).data)


@budget(500)
class SubscriptionCancel(_Move):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="subscriptions_cancel",
        summary="Cancel a subscription",
        description="What was paid is not refunded by this. An overdue one ends now in any case. "
        "Staff with `payments.cancel_subscription` cancel everybody's and say why.",
        tags=TAGS,
        request=CancelSerializer,
        responses={200: SubscriptionSerializer},
    )
    def post(self, request, subscription_id):
        found = _mine_or_staffs(request, subscription_id, MayCancelSubscriptions)
        self.throttled(request, found)
        is_staffs = found.person_id != request.user.pk
        form = CancelSerializer(data=request.data, context={"is_staffs": is_staffs})
        form.is_valid(raise_exception=True)
        subscription = cancel_subscription(
            subscription=found,
            at_period_end=form.validated_data["at_period_end"],
            reason=form.validated_data["reason"],
            actor=request.user,
        )
        return self.answer(subscription)


@budget(500)
class SubscriptionKeep(_Move):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="subscriptions_keep",
        summary="Keep a subscription that was canceled",
        tags=TAGS,
        request=None,
        responses={200: SubscriptionSerializer},
    )
    def post(self, request, subscription_id):
        found = self.subscription(request, subscription_id)
        return self.answer(keep_subscription(subscription=found, actor=request.user))


@budget(500)
class SubscriptionChange(_Move):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="subscriptions_change",
        summary="Change the plan",
        description="Ask for the preview first and send its `due_minor` as `expected_minor`.",
        tags=TAGS,
        request=ChangeSerializer,
        responses={200: SubscriptionSerializer},
    )
    def post(self, request, subscription_id):
        found = self.subscription(request, subscription_id)
        form = ChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        subscription = change_plan(
            subscription=found,
            offer=_offer(form.validated_data["offer"]),
            expected_minor=form.validated_data["expected_minor"],
            actor=request.user,
        )
        return self.answer(subscription)


@budget(100)
class SubscriptionChangePreview(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = PlanChangeSerializer

    @extend_schema(
        operation_id="subscriptions_change_preview",
        summary="What changing to a plan costs, and why",
        tags=TAGS,
        request=PlanSerializer,
        responses={200: PlanChangeSerializer},
    )
    def post(self, request, subscription_id):
        found = _mine(request, subscription_id)
        form = PlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        change = plan_change(found, _offer(form.validated_data["offer"]))
        return Response(self.get_serializer(change).data)


@budget(500)
class SubscriptionCard(ApiView):
    """Calls the gateway, so that no transaction may span it."""

    permission_classes = [IsAuthenticated]
    serializer_class = CardPageSerializer
    calls_outside = True

    @extend_schema(
        operation_id="subscriptions_card",
        summary="Where the card of a subscription is changed",
        tags=TAGS,
        request=None,
        responses={201: CardPageSerializer},
    )
    def post(self, request, subscription_id):
        found = _mine(request, subscription_id)
        throttles.spend(request, "subscription", key=found.public_id, rate="20/h")
        url = card_page(subscription=found)
        return Response(self.get_serializer({"url": url}).data, status=status.HTTP_201_CREATED)
