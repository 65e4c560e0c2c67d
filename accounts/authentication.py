"""The only bearer the API accepts: a device's access token."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions import use_device
from accounts.queries import bearer_of


class DeviceAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the device stands in `request.auth`."""

    def authenticate(self, request):
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send the header as: Authorization: Bearer <access token>.")
        device = bearer_of(parts[1].decode("ascii", "replace"))
        if device is None:
            raise AuthenticationFailed("This access token is not valid. Refresh it or sign in.")
        use_device(device=device)
        return device.person, device

    def authenticate_header(self, request):
        return "Bearer"
