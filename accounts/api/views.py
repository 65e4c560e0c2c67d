"""The person behind the token, their devices and sessions; tokens. Signing in itself is allauth's."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from accounts import actions, passwords
from accounts.api import serializers
from accounts.bearers import ACCESS_LASTS
from accounts.queries import devices_of, sessions_of
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from engineroom.throttles import spend_address


class NewestUsedFirst(KeyPagination):
    ordering = ("-used_at", "-pk")


@budget(100)
class Me(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.MeSerializer

    @extend_schema(operation_id="me_read", summary="The person behind the token", tags=["people"])
    def get(self, request):
        return Response(self.get_serializer(request.user).data)

    @extend_schema(
        operation_id="me_change",
        summary="Change name, language or time zone",
        tags=["people"],
        request=serializers.MeChangeSerializer,
        responses=serializers.MeSerializer,
    )
    def patch(self, request):
        form = serializers.MeChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = actions.change_profile(
            person=request.user, actor=request.user, **form.validated_data
        )
        return Response(self.get_serializer(person).data)

    @extend_schema(
        operation_id="me_delete",
        summary="Delete the account",
        description="The password stands in the body. It cannot be undone.",
        tags=["people"],
        request=serializers.ConfirmSerializer,
        responses={204: None},
    )
    def delete(self, request):
        form = serializers.ConfirmSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.confirm(request, request.user, form.validated_data["password"])
        actions.erase_person(person=request.user, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class DeviceList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.DeviceSerializer
    pagination_class = NewestUsedFirst

    def get_queryset(self):
        return devices_of(self.request.user)

    @extend_schema(
        operation_id="devices_list",
        summary="Programs that may act for the person",
        tags=["people"],
        responses=serializers.DeviceSerializer(many=True),
    )
    def get(self, request):
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@budget(100)
class DeviceDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.DeviceSerializer

    @extend_schema(
        operation_id="devices_revoke",
        summary="Sign a device out",
        tags=["people"],
        request=None,
        responses={204: None},
    )
    def delete(self, request, public_id):
        if "\0" in public_id:
            raise Http404
        device = get_object_or_404(devices_of(request.user), public_id=public_id)
        actions.revoke_device(device=device, actor=request.user, reason="by the person")
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class SessionList(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.SessionSerializer
    pagination_class = None

    @extend_schema(
        operation_id="sessions_list",
        summary="Where the person is signed in with a browser",
        tags=["people"],
        responses=serializers.SessionSerializer(many=True),
    )
    def get(self, request):
        return Response(self.get_serializer(sessions_of(request.user), many=True).data)

    @extend_schema(
        operation_id="sessions_end_all",
        summary="Sign out of every browser",
        tags=["people"],
        request=None,
        responses={204: None},
    )
    def delete(self, request):
        actions.end_other_sessions(person=request.user, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(100)
class SessionDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.SessionSerializer

    @extend_schema(
        operation_id="sessions_end",
        summary="Sign out of one browser",
        tags=["people"],
        request=None,
        responses={204: None},
    )
    def delete(self, request, session):
        if not actions.end_session(person=request.user, session=session, actor=request.user):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenView(ApiView):
    """Tokens are never kept for a replay: an Idempotency-Key has no effect here.

    A refresh token works once, so a repeat is told from the first call anyway.
    """

    authentication_classes = []
    keeps_answers = False


@budget(100)
class RefreshToken(TokenView):
    permission_classes = [AllowAny]
    serializer_class = serializers.RefreshSerializer

    @extend_schema(
        operation_id="token_refresh",
        summary="Spend a refresh token for new tokens",
        description="A token that comes back a second time signs the device out.",
        tags=["sign-in"],
        responses=serializers.TokenPairSerializer,
    )
    def post(self, request):
        spend_address(request, "refresh-address", "60/m")
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        device, access, refresh = actions.refresh_device(**form.validated_data)
        body = {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": int(ACCESS_LASTS.total_seconds()),
            "device_id": device.public_id,
        }
        return Response(serializers.TokenPairSerializer(body).data)


@budget(100)
class RevokeToken(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = serializers.RefreshSerializer

    @extend_schema(
        operation_id="token_revoke",
        summary="Sign this device out",
        tags=["sign-in"],
        request=None,
        responses={204: None},
    )
    def post(self, request):
        actions.revoke_device(device=request.auth, actor=request.user, reason="signed out")
        return Response(status=status.HTTP_204_NO_CONTENT)
