"""The base of what staff sell by."""

from engineroom.restviews import ApiView
from payments.api.permissions import MaySell
from payments.refusals import CouponNotValid, OfferNotValid

# What the actions call a field that the body calls otherwise.
FIELDS = {"amount": "amount_minor", "list_price": "list_minor", "suggested": "suggested_minor"}


class SellingView(ApiView):
    permission_classes = [MaySell]
    # For MaySell: the model, what reading asks for, and verbs other than those of the method.
    sells = "offer"
    reading: str | None = "view"
    rights: dict[str, str] = {}

    def handle_exception(self, error):
        if isinstance(error, OfferNotValid | CouponNotValid):
            error.field = FIELDS.get(error.field, error.field)
        return super().handle_exception(error)
