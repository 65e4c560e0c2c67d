"""A wire between school and gateway that can be cut: what a gateway elsewhere would have.

`GATE` names an address that is asked before each call to the simulator while the file `GATE_IS_ILL`
is there. It may sleep, break off or answer 500, while the adapter gives up after a few seconds, as the
real one does. While all is well nobody asks: the other promises are not about this wire.
"""

import http.client
import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from payments import gateways
from payments.gateways.simulator import SimulatorGateway
from payments.refusals import GatewayUnavailable

PATIENCE = 5.0


def _is_ill() -> bool:
    return bool(os.environ.get("GATE")) and Path(os.environ["GATE_IS_ILL"]).exists()


def _ask() -> None:
    if not _is_ill():
        return
    port = int(os.environ["GATE"])
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
    @property
    def is_outside(self) -> bool:
        return _is_ill()

    def start(self, intent):
        _ask()
        return super().start(intent)

    def fetch(self, reference):
        _ask()
        return super().fetch(reference)


def stand_before_the_simulator() -> None:
    if os.environ.get("GATE"):
        gateways.register(SimulatorGateway.name, SimulatorBehindTheGate)


class Gate:
    """How the wire behaves now: `mood` is fine, sleep, reset or broken."""

    def __init__(self, flag: Path):
        self.flag, self.port, self._mood = flag, 0, "fine"

    @property
    def mood(self) -> str:
        return self._mood

    @mood.setter
    def mood(self, mood: str) -> None:
        self._mood = mood
        if mood == "fine":
            self.flag.unlink(missing_ok=True)
        else:
            self.flag.touch()


@contextmanager
def gate(folder: Path):
    """The server at the other end of the wire."""
    state = Gate(folder / "gate-is-ill")
    os.environ["GATE_IS_ILL"] = str(state.flag)

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
