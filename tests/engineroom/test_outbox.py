"""The outbox: at least once, in order per stream, no message lost, a poison one alone."""

import threading
from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.core.management import call_command
from django.db import connections, transaction

from engineroom import clock, jobs, mail, outbox
from engineroom.models import OutboxEvent, Worker

pytestmark = pytest.mark.django_db
TOPIC = "tests.note"


class Recorder:
    """A consumer that remembers; keys in `poison` raise, those in `crash` end the process."""

    def __init__(self):
        self.seen, self.poison, self.crash = [], set(), set()

    def __call__(self, payload, key):
        self.seen.append(key)
        if key in self.crash:
            raise SystemExit(9)
        if key in self.poison:
            raise RuntimeError("poison")


@pytest.fixture
def consumer(monkeypatch):
    recorder = Recorder()
    monkeypatch.setitem(outbox._consumers, TOPIC, recorder)
    return recorder


def put(*keys, **fields):
    for key in keys:
        outbox.put(TOPIC, {"key": key}, key=key, **fields)


def test_a_message_leaves_once_and_is_marked(consumer):
    put("a", "b")

    assert outbox.drain() == 2
    assert outbox.drain() == 0
    assert consumer.seen == ["a", "b"]
    assert OutboxEvent.objects.exclude(done_at=None).count() == 2


def test_a_key_that_is_there_queues_nothing_more(consumer):
    put("a", "a")
    outbox.drain()
    put("a")

    assert outbox.drain() == 0
    assert consumer.seen == ["a"]


def test_a_message_of_a_transaction_that_failed_never_leaves(consumer):
    with transaction.atomic():
        put("a")
        transaction.set_rollback(True)

    assert outbox.drain() == 0


def test_a_delayed_message_waits(consumer):
    put("a", delay_seconds=60)

    assert outbox.drain() == 0
    with clock.moved_by(timedelta(seconds=61)):
        assert outbox.drain() == 1


def test_a_failed_message_comes_again_later_and_later(consumer):
    put("bad")
    consumer.poison.add("bad")
    pauses, now = [], clock.now()

    with clock.stopped_at(now):
        outbox.drain()
    for _ in range(3):
        row = OutboxEvent.objects.get()
        pauses.append((row.available_at - now).total_seconds())
        now = row.available_at
        with clock.stopped_at(now):
            outbox.drain()

    assert pauses == [10, 20, 40]
    assert OutboxEvent.objects.get().error == "RuntimeError: poison"


def test_a_poison_message_stops_only_itself_and_is_given_up_after_ten_tries(consumer):
    put("bad", "good")
    consumer.poison.add("bad")

    for hours in range(12):
        with clock.moved_by(timedelta(hours=2 * hours)):
            outbox.drain()

    bad = OutboxEvent.objects.get(key="bad")
    assert consumer.seen.count("good") == 1
    assert consumer.seen.count("bad") == bad.attempts == outbox.MAX_ATTEMPTS
    assert bad.dead_at is not None
    assert outbox.dead_count() == 1


def test_a_message_that_ends_its_process_is_given_up_too(consumer):
    put("deadly", "good")
    consumer.crash.add("deadly")

    for minutes in range(0, 60, 3):
        with clock.moved_by(timedelta(minutes=minutes)):
            try:
                outbox.drain()
            except SystemExit:
                continue

    assert consumer.seen.count("deadly") == outbox.MAX_ATTEMPTS
    assert consumer.seen.count("good") == 1
    assert OutboxEvent.objects.get(key="deadly").dead_at is not None


def test_dead_letters_can_be_tried_again(consumer):
    put("bad")
    OutboxEvent.objects.update(dead_at=clock.now(), attempts=10)

    assert outbox.drain() == 0
    assert outbox.revive([OutboxEvent.objects.get().pk]) == 1
    assert outbox.drain() == 1


def test_a_crash_after_delivery_repeats_with_the_same_key(consumer, monkeypatch):
    put("a")
    [row] = outbox._claim(5)
    outbox._start(row)
    consumer({}, row.key)
    # Here the process dies: the row stays leased, nobody marks it.

    assert outbox.drain() == 0
    with clock.moved_by(outbox.LEASE + timedelta(seconds=1)):
        assert outbox.drain() == 1
    assert consumer.seen == ["a", "a"]


def test_a_relay_whose_lease_ran_out_does_not_deliver(consumer):
    put("a")
    [late] = outbox._claim(5)
    with clock.moved_by(outbox.LEASE + timedelta(seconds=1)):
        outbox.drain()

    outbox._deliver(late)

    assert consumer.seen == ["a"]


def test_messages_of_one_stream_keep_their_order(consumer):
    put("first", "second", stream="thing_1")
    put("other", stream="thing_2")
    consumer.poison.add("first")

    outbox.drain()
    assert consumer.seen == ["first", "other"]
    consumer.poison.clear()
    with clock.moved_by(timedelta(seconds=30)):
        outbox.drain()

    assert consumer.seen == ["first", "other", "first", "second"]


def _relays(count, rows):
    """`count` relays at once over `rows` messages; returns what each delivered."""
    barrier, seen, lock = threading.Barrier(count), [], threading.Lock()

    def consume(payload, key):
        with lock:
            seen.append(key)

    outbox._consumers[TOPIC] = consume
    put(*(f"m{number}" for number in range(rows)))

    def run():
        barrier.wait()
        try:
            outbox.drain()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@pytest.mark.django_db(transaction=True)
def test_four_relays_deliver_each_message_once(consumer):
    seen = _relays(4, 60)

    assert sorted(seen) == sorted(f"m{number}" for number in range(60))


@pytest.mark.django_db(transaction=True)
def test_without_the_lease_four_relays_deliver_twice(consumer, monkeypatch):
    """The control: relays that only look at what is not done step on each other."""

    def careless(limit):
        return list(OutboxEvent.objects.filter(done_at=None).order_by("pk")[:limit])

    meeting = threading.Barrier(4, timeout=5)

    def start(row):
        # All four have read the same rows before the first is marked.
        if row.key == "m0":
            meeting.wait()
        return True

    monkeypatch.setattr(outbox, "_claim", careless)
    monkeypatch.setattr(outbox, "_start", start)

    seen = _relays(4, 5)

    assert len(seen) > len(set(seen))


def test_the_lag_is_the_age_of_the_oldest_that_is_due(consumer):
    assert outbox.lag_seconds() == 0
    put("a")
    put("later", delay_seconds=3600)

    with clock.moved_by(timedelta(seconds=90)):
        assert 89 < outbox.lag_seconds() < 92
    assert outbox.waiting_count() == 2


def test_delivered_rows_go_after_two_weeks_and_dead_ones_stay(consumer):
    put("a", "dead")
    OutboxEvent.objects.filter(key="dead").update(dead_at=clock.now())
    outbox.drain()

    assert jobs.forget_delivered() == 0
    with clock.moved_by(timedelta(days=15)):
        assert jobs.forget_delivered() == 1
    assert [row.key for row in OutboxEvent.objects.all()] == ["dead"]


def test_mail_carries_the_key_as_its_message_id():
    message = outgoing.EmailMessage("Hello", "Text", None, ["ada@example.com"])
    mail.queue_message(message, key="greeting ada")
    mail.queue_message(message, key="greeting ada")

    assert not outgoing.outbox
    outbox.drain()

    [sent] = outgoing.outbox
    assert sent.to == ["ada@example.com"]
    assert "greeting-ada" in sent.extra_headers["Message-ID"]


def test_the_worker_command_works_off_what_is_due(consumer):
    put("a", "b")

    call_command("worker", once=True)

    assert consumer.seen == ["a", "b"]
    assert not Worker.objects.exists()
