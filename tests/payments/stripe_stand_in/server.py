"""The stand-in's server: Stripe's addresses over HTTP on this machine, idempotency keys, its pages."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.payments.stripe_stand_in import billing, money, pages
from tests.payments.stripe_stand_in import params as parameters
from tests.payments.stripe_stand_in.memory import Memory, Refused, signed
from tests.payments.stripe_stand_in.routes import ROUTES

KEY = "sk_test_stand_in"
SECRET = "whsec_stand_in"


def _public(thing):
    """Without what the stand-in keeps for itself."""
    if isinstance(thing, dict):
        return {name: _public(one) for name, one in thing.items() if not name.startswith("_")}
    return [_public(one) for one in thing] if isinstance(thing, list) else thing


class StandIn:
    """`with StandIn(now) as stripe:`; `stripe.url` is where the SDK finds it."""

    def __init__(self, now: float):
        self.memory = Memory(int(now))
        self.lock = threading.RLock()
        self.kept: dict[str, tuple[str, int, dict]] = {}
        # What every request is answered with instead: (status, error); None: as it should be.
        self.says: tuple[int, dict] | None = None
        self.requests: list[tuple[str, str, dict]] = []
        self.sent = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: str, body: str, headers) -> tuple[int, dict]:
        text = body if method == "POST" else query
        given = parameters.parse(text)
        mark = hashlib.sha256(f"{method} {path} {text}".encode()).hexdigest()
        key = headers.get("Idempotency-Key") if method == "POST" else None
        with self.lock:
            self.requests.append((method, path, given))
            if self.says:
                return self.says[0], {"error": {"message": "An error occurred."} | self.says[1]}
            if headers.get("Authorization") != f"Bearer {KEY}":
                return 401, {"error": {"type": "invalid_request_error", "message": "Invalid key."}}
            if key in self.kept:
                known, status, said = self.kept[key]
                if known != mark:
                    message = (
                        "Keys for idempotent requests can only be used with the same parameters."
                    )
                    return 400, {"error": {"type": "idempotency_error", "message": message}}
                return status, said
            status, said = self._do(method, path, given)
            # What fails a check of its parameters is not kept: nothing was begun.
            is_checked = status != 400 or "param" not in said["error"]
            if key and is_checked:
                self.kept[key] = (mark, status, said)
            return status, said

    def _do(self, method: str, path: str, given: dict) -> tuple[int, dict]:
        try:
            for verb, pattern, types, act in ROUTES:
                found = re.fullmatch(pattern, path)
                if verb == method and found:
                    parameters.check(given, types)
                    expand = given.pop("expand", [])
                    made = act(self, given, *found.groups())
                    return 200, _public(self.memory.expanded(made, expand))
            raise Refused(f"Unrecognized request URL ({method}: {path}).", status=404)
        except parameters.Unknown as unknown:
            message = f"Received unknown parameter: {unknown}"
            error = {"type": "invalid_request_error", "message": message, "param": str(unknown)}
            return 400, {"error": error | {"code": "parameter_unknown"}}
        except Refused as refused:
            return refused.status, {"error": refused.error}

    def advance(self, to: float) -> None:
        with self.lock:
            billing.advance(self.memory, int(to))

    def waiting(self) -> list[dict]:
        """Events that were not taken yet."""
        events = self.memory.events[self.sent :]
        self.sent = len(self.memory.events)
        return events

    def posted(self, event: dict, at: float, secret: str = SECRET) -> tuple[bytes, str]:
        """(body, header) of an event as Stripe posts it."""
        body = json.dumps(_public(event), indent=2)
        return body.encode(), signed(body, secret, int(at))

    def session(self, reference: str) -> dict:
        return self.memory.get("checkout.session", reference)

    def intent(self, reference: str) -> dict:
        """The PaymentIntent behind a session's or its own id."""
        if reference.startswith("pi_"):
            return self.memory.get("payment_intent", reference)
        session = self.session(reference)
        if session["payment_intent"]:
            return self.memory.get("payment_intent", session["payment_intent"])
        row = self.memory.rows("invoice_payment", invoice=session["invoice"])[0]
        return self.memory.get("payment_intent", row["payment"]["payment_intent"])

    def dispute(self, reference: str) -> dict:
        return money.open_dispute(self.memory, self.intent(reference))


def _handler(stand_in: StandIn):
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # head and body are two writes: nobody waits between
        protocol_version = "HTTP/1.1"

        def _reply(self, status: int, body: bytes, kind: str, **headers) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if parts.path.startswith("/v1/"):
                said = stand_in.answer(self.command, parts.path, parts.query, body, self.headers)
                self._reply(said[0], json.dumps(said[1]).encode(), "application/json")
                return
            with stand_in.lock:
                form = dict(parse_qsl(body))
                status, text, to = pages.show(stand_in, self.command, parts.path, form)
            more = {"Location": to} if to else {}
            self._reply(status, text.encode(), "text/html; charset=utf-8", **more)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_):
            pass

    return Handler
