"""Coupons and batches of one-time codes, for staff."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from engineroom.budgets import budget
from payments.actions.coupons import (
    change_coupon,
    close_coupon_batch,
    export_codes,
    make_coupon,
    make_coupon_batch,
)
from payments.api.permissions import MaySell
from payments.api.selling import (
    BatchSerializer,
    BatchWriteSerializer,
    CouponChangeSerializer,
    CouponSerializer,
    CouponWriteSerializer,
    EndedSerializer,
)
from payments.api.views.selling import SellingView, found, made, said
from payments.models import Coupon, CouponBatch
from payments.queries.coupons import (
    batch_by_id,
    batches_newest_first,
    coupon_by_id,
    coupons_newest_first,
)

TAGS = ["selling"]


def _coupon(coupon_id: str) -> Coupon:
    return found(coupon_by_id, coupon_id)


def _batch(batch_id: str) -> CouponBatch:
    return found(batch_by_id, batch_id)


@budget(100)
class CouponList(ListModelMixin, SellingView):
    permission_classes = [MaySell]
    serializer_class = CouponSerializer
    sells = "coupon"

    def get_queryset(self):
        asked = self.request.query_params
        return coupons_newest_first(
            **{name: asked.get(name, "").replace("\0", "")[:40] for name in ("batch", "code")}
        )

    @extend_schema(
        operation_id="coupons_list",
        summary="Coupons, newest first (staff)",
        tags=TAGS,
        parameters=[
            OpenApiParameter("batch", str, description="Id of a batch"),
            OpenApiParameter("code", str, description="A code, however it is typed"),
        ],
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="coupons_create",
        summary="Make a coupon (staff)",
        tags=TAGS,
        request=CouponWriteSerializer,
        responses={201: CouponSerializer},
    )
    def post(self, request):
        coupon = make_coupon(actor=request.user, **said(CouponWriteSerializer, request))
        whole = self.get_serializer(_coupon(coupon.public_id)).data
        return made(whole, f"coupons/{coupon.public_id}")


@budget(100)
class CouponDetail(SellingView):
    permission_classes = [MaySell]
    serializer_class = CouponSerializer
    sells = "coupon"

    @extend_schema(operation_id="coupons_read", summary="A coupon (staff)", tags=TAGS)
    def get(self, request, coupon_id):
        return Response(self.get_serializer(_coupon(coupon_id)).data)

    @extend_schema(
        operation_id="coupons_change",
        summary="Change or end a coupon (staff)",
        description="Orders already placed keep what they say. The code never changes.",
        tags=TAGS,
        request=CouponChangeSerializer,
    )
    def patch(self, request, coupon_id):
        coupon = _coupon(coupon_id)
        wanted = said(CouponChangeSerializer, request, partial=True)
        change_coupon(coupon=coupon, actor=request.user, **wanted)
        return Response(self.get_serializer(_coupon(coupon_id)).data)


@budget(1000)
class BatchList(ListModelMixin, SellingView):
    # Codes are worth money: no retry may make them twice.
    permission_classes = [MaySell]
    serializer_class = BatchSerializer
    sells = "couponbatch"
    needs_idempotency_key = True

    def get_queryset(self):
        return batches_newest_first()

    @extend_schema(
        operation_id="coupon_batches_list",
        summary="Batches of one-time codes, newest first (staff)",
        tags=TAGS,
    )
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="coupon_batches_create",
        summary="Make up to 10,000 one-time codes (staff)",
        tags=TAGS,
        request=BatchWriteSerializer,
        responses={201: BatchSerializer},
    )
    def post(self, request):
        batch = make_coupon_batch(actor=request.user, **said(BatchWriteSerializer, request))
        whole = self.get_serializer(_batch(batch.public_id)).data
        return made(whole, f"coupon-batches/{batch.public_id}")


@budget(100)
class BatchDetail(SellingView):
    permission_classes = [MaySell]
    serializer_class = BatchSerializer
    sells = "couponbatch"

    @extend_schema(
        operation_id="coupon_batches_read", summary="A batch of one-time codes (staff)", tags=TAGS
    )
    def get(self, request, batch_id):
        return Response(self.get_serializer(_batch(batch_id)).data)


@budget(1000)
class BatchEnding(SellingView):
    permission_classes = [MaySell]
    serializer_class = EndedSerializer
    sells = "couponbatch"
    rights = {"POST": "change"}

    @extend_schema(
        operation_id="coupon_batches_end",
        summary="End all codes of a batch that are not used (staff)",
        tags=TAGS,
        request=None,
        responses=EndedSerializer,
    )
    def post(self, request, batch_id):
        return Response({"ended": close_coupon_batch(batch=_batch(batch_id), actor=request.user)})


class CsvRenderer(JSONRenderer):
    """Named for what may be asked for; errors are JSON as everywhere."""

    media_type, format = "text/csv", "csv"


@budget(1000)
class BatchCodes(SellingView):
    permission_classes = [MaySell]
    renderer_classes = [JSONRenderer, CsvRenderer]
    sells = "coupon"
    reading = "change"

    @extend_schema(
        operation_id="coupon_batches_read_codes",
        summary="The codes of a batch as a table (staff)",
        description="Kept in the audit trail, because codes are worth money.",
        tags=TAGS,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request, batch_id):
        batch = _batch(batch_id)
        response = HttpResponse(
            export_codes(batch=batch, actor=request.user), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="{batch.public_id}.csv"'
        response["Cache-Control"] = "no-store"
        return response
