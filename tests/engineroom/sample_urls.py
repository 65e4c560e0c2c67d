"""A small house with the engine room's doors and a few views that misbehave on request."""

import threading

from django.db import OperationalError
from django.http import HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from engineroom import ids
from engineroom.budgets import budget
from engineroom.models import SettingValue
from engineroom.pages import open_page, private_page, public_page
from engineroom.refusals import Refusal, TooManyTries
from engineroom.restviews import ApiView


class ShelfFull(Refusal):
    code = "shelf_full"
    message = "The shelf is full."


class EffectIn(serializers.Serializer):
    name = serializers.CharField(max_length=40)
    count = serializers.IntegerField(default=1, min_value=0, max_value=1000)


@budget(100)
class Effects(ApiView):
    """POST makes one row; `refuse` makes it change its mind after the row is written."""

    permission_classes = [AllowAny]
    serializer_class = EffectIn
    started = threading.Event()

    def get(self, request):
        return Response({"count": SettingValue.objects.count()})

    def post(self, request):
        wanted = EffectIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        row = SettingValue.objects.create(
            name=ids.public_id(wanted.validated_data["name"]), value=1
        )
        if wanted.validated_data["name"] == "refuse":
            raise ShelfFull
        if wanted.validated_data["name"] == "answer-409":
            return Response({"no": True}, status=409)
        return Response({"id": row.pk, "name": row.name}, status=201, headers={"Location": "/x"})


@budget(100)
class Costly(Effects):
    permission_classes = [AllowAny]
    needs_idempotency_key = True


@budget(100)
class Outside(Effects):
    """Its work speaks to another system."""

    permission_classes = [AllowAny]
    calls_outside = True
    dies = False

    def post(self, request):
        if Outside.dies:
            raise SystemExit("killed in the middle")
        return super().post(request)


@budget(100)
class Private(ApiView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({})


@budget(100)
class Narrow(ApiView):
    permission_classes = [AllowAny]
    rate = "3/m"

    def get(self, request):
        return Response({})


@public_page()
def shelf(request):
    return HttpResponse("shelf")


@private_page()
def desk(request):
    return HttpResponse("desk")


@open_page()
def form(request):
    raise ShelfFull


@open_page()
def slow_down(request):
    raise TooManyTries(retry_after=7)


@open_page()
def lost(request):
    raise OperationalError("database is locked")


@open_page()
def broken(request):
    raise RuntimeError("secret-in-a-traceback")


urlpatterns = [
    path("", include("engineroom.urls")),
    path("api/v1/effects", Effects.as_view(), name="effects"),
    path("api/v1/costly", Costly.as_view(), name="costly"),
    path("api/v1/outside", Outside.as_view(), name="outside"),
    path("api/v1/private", Private.as_view(), name="private"),
    path("api/v1/narrow", Narrow.as_view(), name="narrow"),
    path("api/v1/lost", lost, name="api-lost"),
    path("api/v1/broken", broken, name="api-broken"),
    path("api/v1/refused", form, name="api-refused"),
    path("shelf/", shelf, name="shelf"),
    path("desk/", desk, name="desk"),
    path("form/", form, name="form"),
    path("slow/", slow_down, name="slow"),
    path("lost/", lost, name="lost"),
    path("broken/", broken, name="broken"),
    path("webhooks/x/", form, name="hook"),
    path("admin/", form, name="admin"),
]

handler400 = "engineroom.views.bad_request"
handler403 = "engineroom.views.forbidden"
handler404 = "engineroom.views.not_found"
handler500 = "engineroom.views.server_error"
