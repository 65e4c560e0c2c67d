"""Shapes of people, devices and sessions in the API."""

from rest_framework import serializers

from accounts.models import Device, User
from accounts.queries import is_verified, roles_of


class MeSerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="public_id", read_only=True)
    is_email_verified = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "is_email_verified",
            "name",
            "locale",
            "time_zone",
            "roles",
            "date_joined",
        ]
        read_only_fields = fields

    def get_is_email_verified(self, person) -> bool:
        return is_verified(person)

    def get_roles(self, person) -> list[str]:
        return sorted(roles_of(person))


class MeChangeSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    locale = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=12, required=False
    )
    time_zone = serializers.CharField(max_length=64, required=False)


class ConfirmSerializer(serializers.Serializer):
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class DeviceSerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="public_id", read_only=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Device
        fields = ["id", "name", "created_at", "used_at", "refresh_expires_at", "is_current"]
        read_only_fields = fields

    def get_is_current(self, device) -> bool:
        return getattr(self.context["request"].auth, "pk", None) == device.pk


class SessionSerializer(serializers.Serializer):
    id = serializers.CharField(read_only=True)
    browser = serializers.CharField(read_only=True)
    address = serializers.CharField(read_only=True)
    started_at = serializers.DateTimeField(read_only=True)
    seen_at = serializers.DateTimeField(read_only=True)


class RefreshSerializer(serializers.Serializer):
    refresh_token = serializers.CharField(max_length=500)


class TokenPairSerializer(serializers.Serializer):
    access_token = serializers.CharField(read_only=True)
    refresh_token = serializers.CharField(read_only=True)
    expires_in = serializers.IntegerField(read_only=True, help_text="Seconds.")
    device_id = serializers.CharField(read_only=True)
