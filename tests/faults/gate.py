"""A wire between school and gateway that can be cut: what a gateway elsewhere would have.

`GATE` names an address that is asked before each call to the simulator. It may sleep, break off or
answer 500, while the adapter gives up after a few seconds, as the real one does.
"""

import http.client
import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from payments import gateways
from payments.gateways.simulator import SimulatorGateway
from payments.refusals import GatewayUnavailable

PATIENCE = 5.0


def _ask(port: int) -> None:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        wire.request("GET", "/")
        if wire.getresponse().status != 200:
            raise GatewayUnavailable
    except (OSError, http.client.HTTPException) as error:
        raise GatewayUnavailable from error
    finally:
        wire.close()


class SimulatorBehindTheGate(SimulatorGateway):
    def start(self, intent):
        _ask(int(os.environ["GATE"]))
        return super().start(intent)

    def fetch(self, reference):
        _ask(int(os.environ["GATE"]))
        return super().fetch(reference)


def stand_before_the_simulator() -> None:
    if os.environ.get("GATE"):
        gateways.register(SimulatorGateway.name, SimulatorBehindTheGate)


class Gate:
    """How the wire behaves now: `mood` is fine, sleep, reset or broken."""

    def __init__(self):
        self.mood = "fine"
        self.port = 0


@contextmanager
def gate():
    """The server at the other end of the wire."""
    state = Gate()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if state.mood == "sleep":
                time.sleep(30)
            if state.mood == "reset":
                self.connection.close()
                return
            self.send_response(500 if state.mood == "broken" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
