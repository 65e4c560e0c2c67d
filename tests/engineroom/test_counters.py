"""The counter store: exact across threads and processes, and the throttles on top of it."""

import multiprocessing
import os
import threading
import time

import pytest
from django.core.cache import caches
from django.test import RequestFactory

from engineroom import addresses, throttles
from engineroom.counters import CounterCache
from engineroom.refusals import TooManyTries

PROCESSES, CALLS, LIMIT = 4, 50, 10


@pytest.fixture
def store(tmp_path):
    return CounterCache(str(tmp_path / "counters.db"), {})


def _spend_exactly(path, start, allowed):
    store = CounterCache(path, {})
    start.wait()
    for _ in range(CALLS):
        if not store.add("tries", 1, 60) and store.incr("tries") > LIMIT:
            continue
        with allowed.get_lock():
            allowed.value += 1


def _spend_naively(path, start, allowed):
    """Read, check, write: what a cache without an atomic count would do."""
    store = CounterCache(path, {})
    start.wait()
    for _ in range(CALLS):
        seen = store.get("tries", 0)
        # The others read now, too: what a busy machine does sooner or later.
        start.wait()
        if seen >= LIMIT:
            continue
        store.set("tries", seen + 1, 60)
        with allowed.get_lock():
            allowed.value += 1


def _race(work, path):
    context = multiprocessing.get_context("fork")
    start, allowed = context.Barrier(PROCESSES), context.Value("i", 0)
    processes = [
        context.Process(target=work, args=(path, start, allowed)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return allowed.value


def test_four_processes_with_fifty_tries_each_are_let_through_ten_times(tmp_path):
    assert _race(_spend_exactly, str(tmp_path / "c.db")) == LIMIT


def test_a_naive_count_lets_more_through(tmp_path):
    """The control: without the atomic count the same race breaks the limit."""
    assert _race(_spend_naively, str(tmp_path / "c.db")) > LIMIT


def test_a_connection_does_not_cross_a_fork(store):
    store.set("a", 1)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before = store.local.link
            answer = b"1" if store.get("a") == 1 and store.local.link is not before else b"0"
            os.write(writer, answer)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 1) == b"1"
    assert store.get("a") == 1


def test_each_thread_has_its_own_connection(store):
    store.set("count", 0)
    links = set()

    def work():
        for _ in range(50):
            store.incr("count")
        links.add(id(store.local.link))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("count") == 200


def test_what_has_expired_is_gone(store, monkeypatch):
    store.set("short", "a", 10)
    store.set("long", "b", None)
    now = time.time()
    monkeypatch.setattr("engineroom.counters.time.time", lambda: now + 11)

    assert store.get("short") is None
    assert store.add("short", "again", 10)
    assert store.get("long") == "b"
    with pytest.raises(ValueError, match="not found"):
        store.incr("missing")
    monkeypatch.setattr("engineroom.counters.time.time", lambda: now + 30)
    assert store.forget_expired() == 1


def test_it_keeps_what_a_cache_keeps(store):
    store.set("dict", {"a": [1, 2]})

    assert store.get("dict") == {"a": [1, 2]}
    assert store.get("none", "default") == "default"
    assert not store.add("dict", 1)
    assert store.touch("dict", 100)
    assert store.delete("dict")
    assert not store.delete("dict")
    store.set("a", True)
    assert store.get("a") is True
    store.clear()
    assert store.get("a") is None


def test_the_limit_refuses_and_says_how_long_to_wait():
    request = RequestFactory().post("/")
    for _ in range(3):
        throttles.spend(request, "door", key="ada@example.com", rate="3/5m")

    with pytest.raises(TooManyTries) as refusal:
        throttles.spend(request, "door", key="ada@example.com", rate="3/5m")
    throttles.spend(request, "door", key="grace@example.com", rate="3/5m")
    throttles.spend(request, "other-door", key="ada@example.com", rate="3/5m")

    assert 1 <= refusal.value.details["retry_after"] <= 300
    assert refusal.value.message.startswith("Too many tries. Wait ")


def test_a_door_that_guesses_stays_shut_when_the_store_is_down(settings):
    settings.CACHES = {
        "default": {"BACKEND": "engineroom.counters.CounterCache", "LOCATION": "/proc/none/c.db"}
    }

    with pytest.raises(throttles.TriesUncounted):
        throttles.spend(RequestFactory().post("/"), "door", key="a", rate="3/m")


def test_the_configured_store_is_exact(settings):
    assert throttles.is_exact()
    assert isinstance(caches["default"]._connection, object)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert not throttles.is_exact()


@pytest.mark.parametrize(
    ("hops", "forwarded", "remote", "expected"),
    [
        (0, "1.2.3.4", "10.0.0.9", "10.0.0.9"),
        (1, "6.6.6.6, 1.2.3.4", "10.0.0.9", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.8", "10.0.0.9", "1.2.3.4"),
        (1, "", "10.0.0.9", "10.0.0.9"),
        (3, "1.2.3.4", "10.0.0.9", "10.0.0.9"),
        (1, "nonsense", "10.0.0.9", "0.0.0.0"),  # noqa: S104 - what stands for an unreadable address
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "", "127.0.0.1"),
        (0, "", "::ffff:10.0.0.9", "10.0.0.9"),
    ],
)
def test_the_address_is_the_one_that_trusted_hops_vouch_for(
    settings, hops, forwarded, remote, expected
):
    settings.TRUSTED_PROXIES = hops
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)

    assert addresses.client_address(request) == expected


def test_a_forged_forwarded_address_changes_nothing(settings):
    settings.TRUSTED_PROXIES = 0
    for number in range(3):
        request = RequestFactory().post("/", HTTP_X_FORWARDED_FOR=f"9.9.9.{number}")
        throttles.spend_address(request, "door", "3/m")

    request = RequestFactory().post("/", HTTP_X_FORWARDED_FOR="9.9.9.200")
    with pytest.raises(TooManyTries):
        throttles.spend_address(request, "door", "3/m")
