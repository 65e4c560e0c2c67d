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


class MaySell(BasePermission):
    """Staff with Django's permission on the model that the view sells by (`sells`): POST adds,
    PATCH changes. Reading asks for what the view's `reading` names; nothing: everybody."""

    VERBS = {"POST": "add", "PATCH": "change"}

    def has_permission(self, request, view):
        verb = self.VERBS.get(request.method, view.reading)
        if verb is None:
            return True
        verb = view.rights.get(request.method, verb)
        person = request.user
        wanted = f"payments.{verb}_{view.sells}"
        return bool(person and person.is_authenticated and person.has_perm(wanted))


class MayRefund(_Has):
    """Staff with the permission to refund orders."""

    permission = "payments.refund_order"


class MayViewOrders(_Has):
    """Staff with the permission to look at orders."""

    permission = "payments.view_order"


class MayViewSubscriptions(_Has):
    """Staff with the permission to look at subscriptions."""

    permission = "payments.view_subscription"


class MayCancelSubscriptions(_Has):
    """Staff with the permission to cancel subscriptions."""

    permission = "payments.cancel_subscription"


class MayViewDisputes(_Has):
    """Staff with the permission to look at disputes."""

    permission = "payments.view_dispute"


class MayAnswerDisputes(_Has):
    """Staff with the permission to answer disputes."""

    permission = "payments.answer_dispute"


class MayConfirmTransfers(_Has):
    """Staff with the permission to say that money of a bank transfer moved."""

    permission = "payments.confirm_transfer"
