"""The base of every API view: idempotent unsafe calls, throttles, rate-limit headers."""

import json

from django.db import transaction
from django.http import HttpResponse
from django_ratelimit.core import get_usage
from rest_framework.generics import GenericAPIView

from engineroom import idempotency
from engineroom.addresses import client_address
from engineroom.problems import CONTENT_TYPE, of_refusal
from engineroom.refusals import Refusal, TooManyTries

UNSAFE = {"POST", "PATCH", "PUT", "DELETE"}


class ApiView(GenericAPIView):
    """Subclasses declare `permission_classes` and, by `@budget(ms)`, their latency budget.

    `needs_idempotency_key`: refuse unsafe calls without the header (money and seats).
    `calls_outside`: the work talks to another system, so no transaction may span it: the key is
    taken first, the answer stored after, and the work itself must be safe to repeat.
    """

    needs_idempotency_key = False
    calls_outside = False
    rate = "600/m"

    def dispatch(self, request, *args, **kwargs):
        if request.method not in UNSAFE:
            return super().dispatch(request, *args, **kwargs)
        try:
            key = idempotency.read_key(request)
            if not key and self.needs_idempotency_key:
                raise idempotency.KeyRequired
            if not key:
                return super().dispatch(request, *args, **kwargs)
            return self._once(request, key, args, kwargs)
        except Refusal as refusal:
            return self._plain_refusal(request, refusal)

    def _once(self, request, key, args, kwargs):
        owner = self._owner(request)
        mark = idempotency.fingerprint(request.method, request.get_full_path(), request.body)
        if kept := idempotency.stored(owner, key, mark):
            return self._replay(kept)
        if self.calls_outside:
            return self._once_outside(request, owner, key, mark, args, kwargs)
        with transaction.atomic():
            row = idempotency.claim(owner, key, mark)
            if row is not None:
                response = super().dispatch(request, *args, **kwargs)
                response.render()
                if response.status_code < 400:
                    self._keep(row, response)
                else:
                    transaction.set_rollback(True)
                return response
        return self._replay_twin(owner, key, mark)

    def _once_outside(self, request, owner, key, mark, args, kwargs):
        row = idempotency.claim(owner, key, mark)
        if row is None:
            return self._replay_twin(owner, key, mark)
        try:
            response = super().dispatch(request, *args, **kwargs)
            response.render()
        except BaseException:
            idempotency.release(row)
            raise
        if response.status_code < 400:
            self._keep(row, response)
        else:
            idempotency.release(row)
        return response

    @staticmethod
    def _keep(row, response):
        headers = {
            name: response[name] for name in ("Content-Type", "Location") if name in response
        }
        idempotency.keep(row, response.status_code, response.content.decode(), headers)

    def _replay_twin(self, owner, key, mark):
        kept = idempotency.stored(owner, key, mark)
        if kept is None:
            raise idempotency.KeyBusy
        return self._replay(kept)

    @staticmethod
    def _replay(row):
        response = HttpResponse(row.body, status=row.status, headers=row.headers)
        response["Idempotent-Replayed"] = "true"
        return response

    @staticmethod
    def _owner(request) -> str:
        """Whose key it is: the bearer of the token, else the network address."""
        from_header = request.headers.get("Authorization", "")
        if from_header:
            return idempotency.fingerprint("", "", from_header.encode())
        return f"address:{client_address(request)}"

    @staticmethod
    def _plain_refusal(request, refusal):
        body = json.dumps(of_refusal(refusal, request))
        response = HttpResponse(body, status=refusal.status, content_type=CONTENT_TYPE)
        if "retry_after" in refusal.details:
            response["Retry-After"] = str(refusal.details["retry_after"])
        return response

    def initial(self, request, *args, **kwargs):
        self._count(request)
        super().initial(request, *args, **kwargs)

    def _count(self, request):
        """One counter for a token or address over all API views; the headers tell where it stands."""
        who = self._owner(request)
        self.usage = get_usage(
            request, group="api", key=lambda _group, _request: who, rate=self.rate, increment=True
        )
        if self.usage and self.usage["should_limit"]:
            raise TooManyTries(retry_after=max(1, int(self.usage["time_left"])))

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if usage := getattr(self, "usage", None):
            response["RateLimit-Limit"] = str(usage["limit"])
            response["RateLimit-Remaining"] = str(max(0, usage["limit"] - usage["count"]))
            response["RateLimit-Reset"] = str(max(0, int(usage["time_left"])))
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
