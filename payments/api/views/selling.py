"""The base of what staff sell by."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from rest_framework import status
from rest_framework.response import Response

from engineroom.restviews import ApiView
from payments.api.permissions import MaySell
from payments.refusals import CouponNotValid, OfferNotValid

# What the actions call a field that the body calls otherwise.
FIELDS = {"amount": "amount_minor", "list_price": "list_minor", "suggested": "suggested_minor"}


def found(find: Callable[[str], Any], public_id: str) -> Any:
    """The row that `find` knows by this id; 404 when it knows none."""
    row = find(public_id) if public_id.isprintable() else None
    if row is None:
        raise Http404
    return row


def said(form_class, request, **how) -> dict:
    """What the body says in the words of the actions; 400 when it is no such body."""
    form = form_class(data=request.data, **how)
    form.is_valid(raise_exception=True)
    return form.said()


def made(whole: dict, address: str) -> Response:
    """201 with the row as reading it answers, and where that is."""
    headers = {"Location": f"/api/v1/{address}"}
    return Response(whole, status=status.HTTP_201_CREATED, headers=headers)


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
