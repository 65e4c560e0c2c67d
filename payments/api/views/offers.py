"""What is on sale, and how staff put it there."""

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from engineroom.budgets import budget
from payments.actions.offers import change_offer, make_offer
from payments.api.permissions import MaySell
from payments.api.selling import OfferSourceSerializer, OfferWriteSerializer
from payments.api.serializers import OfferSerializer
from payments.api.views.selling import SellingView, found, made, said
from payments.models import Offer
from payments.queries.offers import all_offers, open_offers

STAFF = ["selling"]


def _found(offer_id: str) -> Offer:
    return found(lambda public_id: all_offers().filter(public_id=public_id).first(), offer_id)


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
        offer = make_offer(actor=request.user, **said(OfferWriteSerializer, request))
        whole = OfferSourceSerializer(_found(offer.public_id)).data
        return made(whole, f"offers/{offer.public_id}")


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
        wanted = said(OfferWriteSerializer, request, partial=True)
        change_offer(offer=offer, actor=request.user, **wanted)
        return Response(self.get_serializer(_found(offer_id)).data)
