"""How signing in through the API ends: in a device's tokens. allauth enters here by settings."""

import re

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy

from accounts import actions
from accounts.bearers import ACCESS_LASTS
from accounts.queries import browser_name
from accounts.refusals import TokenRefused

SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")


class DeviceTokenStrategy(SessionTokenStrategy):
    """A session token carries the steps of signing in; at their end stand the device's tokens."""

    def create_access_token_payload(self, request):
        name = request.headers.get("X-Device-Name", "").replace("\0", "").strip()
        device, access, refresh = actions.issue_device(
            person=request.user,
            name=name or browser_name(request.headers.get("User-Agent", "")),
            session_key=request.session.session_key or "",
        )
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": int(ACCESS_LASTS.total_seconds()),
            "device_id": device.public_id,
        }

    def lookup_session(self, session_token):
        if not SESSION_KEY.fullmatch(session_token):
            return None
        return super().lookup_session(session_token)

    def refresh_token(self, refresh_token):
        try:
            _device, access, refresh = actions.refresh_device(refresh_token=refresh_token)
        except TokenRefused:
            return None
        return access, refresh
