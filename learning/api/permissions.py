"""Who may give grants."""

from rest_framework.permissions import BasePermission


class MayGiveGrants(BasePermission):
    """Staff with the permission to add grants."""

    def has_permission(self, request, view):
        person = request.user
        return bool(
            person and person.is_authenticated and person.is_staff
            and person.has_perm("learning.add_grant")
        )  # fmt: skip
