"""What every test gets: no network beyond this machine, a clean counter store, no leftover slots."""

import socket

import pytest
from django.core.cache import cache

LOCAL = {"127.0.0.1", "::1", "localhost"}


class NetworkUsed(AssertionError):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Sockets reach this machine only."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise NetworkUsed(f"A test tried to reach {address[0]}.")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def fresh_counters():
    """Throttles start at zero in every test."""
    cache.clear()
    yield
    cache.clear()
