"""The one door to Stripe's SDK: a client with a fixed API version, short timeouts, and our errors."""

import logging
from contextlib import contextmanager
from functools import lru_cache

import stripe
from django.conf import settings

from payments.gateways.base import ChargeDeclined
from payments.refusals import GatewayUnavailable

log = logging.getLogger(__name__)
API_VERSION = "2026-10-28.endive"
# Who presses Pay is answered within ten seconds, also when Stripe is not. Asked again, the key of the
# request makes it one: nothing is gained by trying twice while somebody waits.
CONNECT_SECONDS, READ_SECONDS = 3, 6
RETRIES = 0


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS))
    bases = {"base_addresses": {"api": base}} if base else {}
    return stripe.StripeClient(
        key, stripe_version=API_VERSION, max_network_retries=RETRIES, http_client=http, **bases
    )


def api():
    """Stripe's resources, as this school's account sees them."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1


class NotTaken(Exception):
    """Stripe understood the request and says no; the text is for staff."""


@contextmanager
def asking():
    """Stripe's errors become ours: GatewayUnavailable, ChargeDeclined, NotTaken. No other leaks."""
    try:
        yield
    except stripe.CardError as error:
        raise ChargeDeclined(error.user_message or "The card was declined.") from error
    except stripe.InvalidRequestError as error:
        log.warning("Stripe refused a request: %s", error.user_message)
        raise NotTaken(error.user_message or "Stripe refused the request.") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("Stripe does not let STRIPE_SECRET_KEY do this: %s", type(error).__name__)
        raise GatewayUnavailable from error
    except stripe.StripeError as error:
        # No answer, 5xx, too many requests, the same key still running or used for something else.
        log.warning("Stripe did not answer: %s", type(error).__name__)
        raise GatewayUnavailable from error


def ask(method, *args, key: str = "", **params) -> dict:
    """One request; `key` is its idempotency key. Answers plain data.

    Raises GatewayUnavailable; also when Stripe refuses what only we could have got wrong.
    """
    try:
        return strict(method, *args, key=key, **params)
    except NotTaken as error:
        raise GatewayUnavailable from error


def strict(method, *args, key: str = "", **params) -> dict:
    """Like `ask`, for requests that Stripe may refuse for good: raises NotTaken then."""
    options = {"idempotency_key": key} if key else {}
    with asking():
        return method(*args, params, options).to_dict()


def every(method, **params) -> list[dict]:
    """All rows of a list, newest first, over as many pages as there are."""
    with asking():
        found = method({"limit": 100} | params)
        return [row.to_dict() for row in found.auto_paging_iter()]
