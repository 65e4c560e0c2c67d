"""Checkouts: signed-in people see their own; a guest's unguessable id is the key to theirs."""

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from engineroom import throttles
from engineroom.addresses import visitor_country
from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.actions.checkouts import add_line, open_checkout, remove_line, set_email
from payments.actions.evidence import note_network
from payments.actions.filling import add_filled_line, change_checkout, change_filled_line
from payments.actions.ordering import place_order, start_payment
from payments.api import serializers
from payments.api.guesses import count_guess
from payments.queries.checkouts import checkout_of, lines_of, live_order_of
from payments.queries.offers import offer_by_id

TAGS = ["buying"]


def person_of(request):
    return request.user if request.user and request.user.is_authenticated else None


def visible_checkout(request, checkout_id):
    """Raises Http404 when there is none, or it is another person's."""
    checkout = checkout_of(checkout_id, person_of(request)) if checkout_id.isprintable() else None
    if checkout is None:
        raise Http404
    return checkout


def known_offer(offer_id: str):
    offer = offer_by_id(offer_id) if offer_id.isprintable() else None
    if offer is None:
        raise Http404
    return offer


def shown(checkout) -> dict:
    """The checkout as it is now."""
    words = serializers.checkout_words(checkout, lines_of(checkout), live_order_of(checkout))
    return serializers.CheckoutSerializer(words).data


@budget(200)
class CheckoutList(ApiView):
    permission_classes = [AllowAny]
    serializer_class = serializers.CheckoutSerializer
    needs_idempotency_key = True

    @extend_schema(
        operation_id="checkouts_open",
        summary="Open a checkout",
        description="A signed-in person has one open checkout: opening again adds to it.",
        tags=TAGS,
        request=serializers.NewCheckoutSerializer,
        responses={201: serializers.CheckoutSerializer},
    )
    def post(self, request):
        form = serializers.NewCheckoutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        throttles.spend_address(request, "buy", "60/m")
        offers = [known_offer(offer_id) for offer_id in said["offers"]]
        person = person_of(request)
        with transaction.atomic():
            checkout = open_checkout(offer=offers[0], person=person)
            for offer in offers[1:]:
                add_line(checkout=checkout, offer=offer)
            if "email" in said and person is None:
                checkout = set_email(checkout=checkout, email=said["email"])
        checkout.refresh_from_db()
        headers = {"Location": f"/api/v1/checkouts/{checkout.public_id}"}
        return Response(shown(checkout), status=status.HTTP_201_CREATED, headers=headers)


@budget(100)
class CheckoutDetail(ApiView):
    permission_classes = [AllowAny]
    serializer_class = serializers.CheckoutSerializer

    @extend_schema(operation_id="checkouts_read", summary="A checkout", tags=TAGS)
    def get(self, request, checkout_id):
        return Response(shown(visible_checkout(request, checkout_id)))

    @extend_schema(
        operation_id="checkouts_change",
        summary="Change e-mail address, billing address, coupon or instalments",
        tags=TAGS,
        request=serializers.CheckoutChangeSerializer,
        responses=serializers.CheckoutSerializer,
    )
    def patch(self, request, checkout_id):
        checkout = visible_checkout(request, checkout_id)
        form = serializers.CheckoutChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        count_guess(request, checkout, said.get("coupon", ""))
        return Response(shown(change_checkout(checkout=checkout, **said)))


@budget(100)
class CheckoutLines(ApiView):
    permission_classes = [AllowAny]
    serializer_class = serializers.CheckoutSerializer

    @extend_schema(
        operation_id="checkout_lines_add",
        summary="Add an offer",
        tags=TAGS,
        request=serializers.NewLineSerializer,
        responses={201: serializers.CheckoutSerializer},
    )
    def post(self, request, checkout_id):
        checkout = visible_checkout(request, checkout_id)
        form = serializers.NewLineSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        add_filled_line(checkout=checkout, offer=known_offer(said.pop("offer")), **said)
        checkout.refresh_from_db()
        return Response(shown(checkout), status=status.HTTP_201_CREATED)


@budget(100)
class CheckoutLine(ApiView):
    permission_classes = [AllowAny]
    serializer_class = serializers.CheckoutSerializer

    @extend_schema(
        operation_id="checkout_lines_change",
        summary="Change number, amount or gift of a line",
        tags=TAGS,
        request=serializers.LineChangeSerializer,
        responses=serializers.CheckoutSerializer,
    )
    def patch(self, request, checkout_id, line_id):
        checkout = visible_checkout(request, checkout_id)
        form = serializers.LineChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        line_id = line_id if line_id.isprintable() else ""
        change_filled_line(checkout=checkout, line_id=line_id, **form.validated_data)
        return Response(shown(checkout))

    @extend_schema(
        operation_id="checkout_lines_remove",
        summary="Take a line out",
        tags=TAGS,
        responses={200: serializers.CheckoutSerializer},
    )
    def delete(self, request, checkout_id, line_id):
        checkout = visible_checkout(request, checkout_id)
        remove_line(checkout=checkout, line_id=line_id if line_id.isprintable() else "")
        return Response(shown(checkout))


@budget(500)
class CheckoutPayments(ApiView):
    """Calls the gateway, so that no transaction may span it."""

    permission_classes = [AllowAny]
    serializer_class = serializers.PaymentSerializer
    needs_idempotency_key = True
    calls_outside = True

    @extend_schema(
        operation_id="checkout_payments_start",
        summary="Place the order and start its payment",
        description="Send the buyer's browser to `redirect_url`. In a test school the simulator's"
        " payment can be answered through the API as well.",
        tags=TAGS,
        request=serializers.NewPaymentSerializer,
        responses={201: serializers.PaymentSerializer},
    )
    def post(self, request, checkout_id):
        checkout = visible_checkout(request, checkout_id)
        form = serializers.NewPaymentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        throttles.spend_address(request, "pay", "60/m")
        if checkout.person is None:
            address = said.get("email") or checkout.email
            throttles.spend(request, "pay-email", key=address.lower()[:254], rate="20/h")
        note_network(checkout=checkout, country=visitor_country(request))
        order = place_order(
            checkout=checkout,
            has_consented=said["consent"],
            email=said.get("email", ""),
            expected_minor=said.get("expected_minor"),
        )
        payment = start_payment(order=order, gateway=said.get("gateway", ""))
        return Response(self.get_serializer(payment).data, status=status.HTTP_201_CREATED)
