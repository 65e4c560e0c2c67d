"""Devices, to look at and to sign out; mailed links, to look at."""

from django.contrib import admin

from accounts import actions
from accounts.models import Device, SignInLink
from engineroom.admin import ReadOnlyAdmin
from engineroom.asking import asks


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "name", "person", "created_at", "used_at", "revoked_at"]
    list_select_related = ["person"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["public_id", "name", "person__email"]
    ordering = ["-pk"]
    fields = [
        "public_id",
        "name",
        "person",
        "created_at",
        "used_at",
        "access_expires_at",
        "refresh_expires_at",
        "revoked_at",
    ]
    actions = ["sign_out"]

    def has_devices_permission(self, request):
        return request.user.has_perm("accounts.change_device")

    @asks(
        "Sign these devices out? Their people sign in again to use them.",
        description="Sign out",
        permissions=["devices"],
        shown=lambda device: f"{device} of {device.person}",
    )
    def sign_out(self, request, queryset):
        done = sum(
            actions.revoke_device(device=row, actor=request.user, reason="by staff")
            for row in queryset
        )
        self.message_user(request, f"{done} signed out.")


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin):
    list_display = ["person", "created_at", "expires_at", "used_at"]
    list_select_related = ["person"]
    list_filter = [("used_at", admin.EmptyFieldListFilter)]
    search_fields = ["email"]
    ordering = ["-pk"]
    fields = ["person", "email", "next_path", "created_at", "expires_at", "used_at"]
