"""OpenID Connect with a nonce. allauth enters here by settings.

The nonce ties an ID token to the one request that asked for it: a token that was caught elsewhere
is of no use (OpenID Connect Core 3.1.2.1 and 3.1.3.7).
"""

import secrets

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.utils.crypto import constant_time_compare


class NonceProvider(OpenIDConnectProvider):
    # Where allauth looks for the addresses, which stay its own.
    package = OpenIDConnectProvider.get_package()

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        nonce = secrets.token_urlsafe(24)
        asked = kwargs.pop("auth_params", None)
        if asked is None:
            asked = self.get_auth_params()
        # What is left in `kwargs` rests with the state in the session until the person is back.
        return super().redirect(
            request,
            process,
            next_url=next_url,
            data=data,
            auth_params=asked | {"nonce": nonce},
            nonce=nonce,
            **kwargs,
        )


def has_right_nonce(state: dict, told: dict) -> bool:
    """Whether the ID token answers the request that `state` remembers.

    `told` is what the provider said: by part after a redirect, and the claims themselves when an
    app brought an ID token that it asked for, and checked, on its own.
    """
    if not {"id_token", "userinfo"} & set(told):
        return True
    id_token = told.get("id_token")
    given = id_token.get("nonce") if isinstance(id_token, dict) else None
    sent = state.get("nonce")
    return bool(sent) and isinstance(given, str) and constant_time_compare(given, sent)
