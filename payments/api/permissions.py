"""Who may do what at the till."""

from rest_framework.permissions import BasePermission


class _Has(BasePermission):
    """Signed in, with one permission."""

    permission = ""

    def has_permission(self, request, view):
        return bool(
            request.user
            and request.user.is_authenticated
            and request.user.has_perm(self.permission)
        )


class MayRefund(_Has):
    """Staff with the permission to refund orders."""

    permission = "payments.refund_order"


class MayViewDisputes(_Has):
    """Staff with the permission to look at disputes."""

    permission = "payments.view_dispute"


class MayAnswerDisputes(_Has):
    """Staff with the permission to answer disputes."""

    permission = "payments.answer_dispute"


class MayConfirmTransfers(_Has):
    """Staff with the permission to say that money of a bank transfer moved."""

    permission = "payments.confirm_transfer"
