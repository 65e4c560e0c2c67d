"""What is on sale."""

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny

from engineroom.budgets import budget
from engineroom.restviews import ApiView
from payments.api.serializers import OfferSerializer
from payments.queries.offers import open_offers


@budget(100)
class OfferList(ListModelMixin, ApiView):
    """Everything on sale now, newest first."""

    permission_classes = [AllowAny]
    serializer_class = OfferSerializer

    def get_queryset(self):
        return open_offers()

    @extend_schema(operation_id="offers_list", summary="Offers on sale", tags=["buying"], auth=[])
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)
