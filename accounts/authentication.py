"""The only bearer the API accepts: a device's access token."""

from rest_framework.authentication import BaseAuthentication


class DeviceAuthentication(BaseAuthentication):
    def authenticate(self, request):
        return None

    def authenticate_header(self, request):
        return "Bearer"
