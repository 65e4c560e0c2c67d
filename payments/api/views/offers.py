"""What is on sale, and how staff put it there."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from engineroom.budgets import budget
from payments.actions.offers import change_offer, make_offer
from payments.api.permissions import MaySell
from payments.api.selling import OfferSourceSerializer, OfferWriteSerializer
from payments.api.serializers import OfferSerializer
from payments.api.views.selling import SellingView
from payments.models import Offer
from payments.queries.offers import all_offers, open_offers

STAFF = ["selling"]


def _found(offer_id: str) -> Offer:
    offer = all_offers().filter(public_id=offer_id).first() if offer_id.isprintable() else None
    if offer is None:
        raise Http404
    return offer


@budget(100)
class OfferList(ListModelMixin, SellingView):
    permission_classes = [MaySell]
    serializer_class = OfferSerializer
    reading = None

    def get_queryset(self):
        return open_offers()

    @extend_schema(
        operation_id="offers_list",
        summary="Offers on sale, newest first",
        tags=["buying"],
        auth=[],
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="offers_create",
        summary="Put something on sale (staff)",
        tags=STAFF,
        request=OfferWriteSerializer,
        responses={201: OfferSourceSerializer},
    )
    def post(self, request):
        form = OfferWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        offer = make_offer(actor=request.user, **form.said())
        headers = {"Location": f"/api/v1/offers/{offer.public_id}"}
        whole = OfferSourceSerializer(_found(offer.public_id)).data
        return Response(whole, status=status.HTTP_201_CREATED, headers=headers)


@budget(100)
class OfferSources(ListModelMixin, SellingView):
    permission_classes = [MaySell]
    serializer_class = OfferSourceSerializer

    def get_queryset(self):
        return all_offers()

    @extend_schema(
        operation_id="offers_list_source",
        summary="Every offer, on sale or not, newest first (staff)",
        tags=STAFF,
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


@budget(100)
class OfferDetail(SellingView):
    permission_classes = [MaySell]
    serializer_class = OfferSourceSerializer

    @extend_schema(operation_id="offers_read", summary="An offer (staff)", tags=STAFF)
    def get(self, request, offer_id):
        return Response(self.get_serializer(_found(offer_id)).data)

    @extend_schema(
        operation_id="offers_change",
        summary="Change an offer, or take it off sale (staff)",
        description="Orders already placed keep what they say.",
        tags=STAFF,
        request=OfferWriteSerializer,
    )
    def patch(self, request, offer_id):
        offer = _found(offer_id)
        form = OfferWriteSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        change_offer(offer=offer, actor=request.user, **form.said())
        return Response(self.get_serializer(_found(offer_id)).data)
