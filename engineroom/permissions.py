"""Permissions of the API. The default is no."""

from rest_framework.permissions import BasePermission


class Denied(BasePermission):
    """Nobody. A view that forgets to say who may come lets nobody in."""

    def has_permission(self, request, view):
        return False
