"""The base of every API view: idempotent unsafe calls, throttles, rate-limit headers."""

import logging

from django.db import transaction
from django.http import HttpResponse
from django_ratelimit.core import get_usage
from rest_framework.exceptions import APIException
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer

from engineroom import idempotency, sparse
from engineroom.addresses import client_address
from engineroom.refusals import TooManyTries

UNSAFE = {"POST", "PATCH", "PUT", "DELETE"}
log = logging.getLogger(__name__)


def allowed_methods(view) -> list[str]:
    """What a view class answers, `OPTIONS` and with `GET` also `HEAD` among it."""
    served = {name for name in view.http_method_names if hasattr(view, name)} | {"options"}
    if "get" in served:
        served.add("head")
    return sorted(name.upper() for name in served)


def options_of(methods: list[str]) -> HttpResponse:
    """The answer to OPTIONS, the same for everybody: nothing but `Allow`. No CORS."""
    response = HttpResponse(status=204, headers={"Allow": ", ".join(methods)})
    del response["Content-Type"]
    response["Cache-Control"] = "private, no-store"
    return response


class ApiView(GenericAPIView):
    """Subclasses declare `permission_classes` and, by `@budget(ms)`, their latency budget.

    `needs_idempotency_key`: refuse unsafe calls without the header (money and seats).
    `calls_outside`: the work talks to another system, so no transaction may span it: the key is
    taken first, the answer stored after, and the work itself must be safe to repeat.
    `keeps_answers`: False where an Idempotency-Key has no effect, because the answer may not be kept.
    """

    needs_idempotency_key = False
    calls_outside = False
    keeps_answers = True
    filter_backends = []
    rate = "600/m"

    def dispatch(self, request, *args, **kwargs):
        """As in DRF, with the work of an unsafe call done at most once per key. OPTIONS tells only
        what the OpenAPI document tells anybody, so nobody is asked who they are."""
        if request.method == "OPTIONS":
            return options_of(allowed_methods(type(self)))
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)
        self.request = request
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            response = self._answer(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - DRF decides what each error becomes
            response = self.handle_exception(error)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def _answer(self, request, *args, **kwargs):
        verb = request.method.lower()
        known = verb in self.http_method_names and hasattr(self, verb)
        if not known:
            return self.http_method_not_allowed(request, *args, **kwargs)
        if request.method not in UNSAFE:
            return self._sparse(request, getattr(self, verb)(request, *args, **kwargs))
        key = idempotency.read_key(request) if self.keeps_answers else ""
        if not key and self.needs_idempotency_key:
            raise idempotency.KeyRequired
        if not key:
            return getattr(self, verb)(request, *args, **kwargs)
        return self._once(request, key, lambda: getattr(self, verb)(request, *args, **kwargs))

    @staticmethod
    def _sparse(request, response):
        """The answer with the members that `?fields=` names."""
        query = request.query_params.get("fields")
        data = getattr(response, "data", None)
        if query is not None and response.status_code == 200 and data is not None:
            response.data = sparse.pick(data, sparse.wanted(query))
        return response

    def _once(self, request, key, work):
        owner = self._owner(request)
        mark = idempotency.fingerprint(
            request.method, request.get_full_path(), request._request.body
        )
        if kept := idempotency.stored(owner, key, mark):
            return self._replay(kept)
        if self.calls_outside:
            return self._once_outside(owner, key, mark, work)
        with transaction.atomic():
            row = idempotency.claim(owner, key, mark)
            if row is not None:
                response = work()
                if response.status_code < 400:
                    self._keep(row, response)
                else:
                    transaction.set_rollback(True)
                return response
        return self._replay_twin(owner, key, mark)

    def _once_outside(self, owner, key, mark, work):
        row = idempotency.claim(owner, key, mark)
        if row is None:
            return self._replay_twin(owner, key, mark)
        try:
            response = work()
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
        """Store the answer as the renderer will write it."""
        data = getattr(response, "data", None)
        body = JSONRenderer().render(data).decode() if data is not None else ""
        headers = {name: response[name] for name in ("Location",) if name in response}
        idempotency.keep(row, response.status_code, body, headers)

    def _replay_twin(self, owner, key, mark):
        kept = idempotency.stored(owner, key, mark)
        if kept is None:
            raise idempotency.KeyBusy
        return self._replay(kept)

    @staticmethod
    def _replay(row):
        response = HttpResponse(row.body, status=row.status, headers=row.headers)
        response["Content-Type"] = JSONRenderer.media_type
        if not row.body:
            del response["Content-Type"]
        response["Idempotent-Replayed"] = "true"
        return response

    @staticmethod
    def _owner(request) -> str:
        """Whose key or count it is: the person's, whichever token they hold, else the address's."""
        person = request.user if getattr(request, "_user", None) is not None else None
        if person is not None and person.is_authenticated:
            return f"person:{person.pk}"
        return f"address:{client_address(request)}"

    def perform_authentication(self, request):
        """A bearer that nobody knows is counted by its address, so that guessing has a limit too."""
        try:
            super().perform_authentication(request)
        except APIException:
            self._count(request)
            raise
        self._count(request)

    def _count(self, request):
        """One counter for a person or address over all API views; headers tell where it stands."""
        who = self._owner(request)
        try:
            self.usage = get_usage(
                request, group="api", key=lambda *_: who, rate=self.rate, increment=True
            )
        except Exception:
            # The counter store is down: doors that guess stay shut by themselves, this one works.
            log.exception("The API's counter cannot be read.")
            self.usage = None
        if self.usage and self.usage["should_limit"]:
            raise TooManyTries(retry_after=max(1, int(self.usage["time_left"])))

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if usage := getattr(self, "usage", None):
            response["RateLimit-Limit"] = str(usage["limit"])
            response["RateLimit-Remaining"] = str(max(0, usage["limit"] - usage["count"]))
            response["RateLimit-Reset"] = str(max(0, int(usage["time_left"])))
        if not response.has_header("Cache-Control"):
            is_read = request.method in ("GET", "HEAD") and response.status_code == 200
            # A read may be kept by its reader, who asks by ETag whether it still holds.
            response["Cache-Control"] = "private, no-cache" if is_read else "private, no-store"
        return response
