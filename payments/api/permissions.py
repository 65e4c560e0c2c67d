"""Who may do what at the till."""

from rest_framework.permissions import BasePermission


class MayRefund(BasePermission):
    """Staff with the permission to refund orders."""

    def has_permission(self, request, view):
        return bool(
            request.user
            and request.user.is_authenticated
            and request.user.has_perm("payments.refund_order")
        )
