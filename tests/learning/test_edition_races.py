"""Finishing, trying and moving up at the same moment. Each race has a control without the lock.

Two transactions meet after their work and before either ends; whoever waits for a lock comes late to
the meeting, which then breaks up.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import OperationalError, connections, transaction

from catalog.models import Edition
from engineroom.models import AuditEntry
from engineroom.refusals import Refusal
from learning.actions import moving, practice, progress, works
from learning.models import Attempt, Completion, Enrollment
from tests.factories import learning as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
on_postgres = pytest.mark.skipif(
    "not __import__('django.db', fromlist=['connection']).connection.features"
    ".has_select_for_update",
    reason="SQLite runs writers one after another: careless code fails on PostgreSQL only",
)
PATIENCE = 1  # seconds


def meeting(*works):
    """Each of the works in a thread and a transaction of its own; what they answer."""
    barrier = Barrier(len(works))

    def alone(work):
        try:
            with transaction.atomic():
                answer = work(
                    Enrollment.objects.select_related("edition", "course", "person").get()
                )
                with suppress(BrokenBarrierError):
                    barrier.wait(timeout=PATIENCE)
            return answer
        except (Refusal, OperationalError) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(alone, works))


@pytest.fixture
def unlocked(monkeypatch):
    """Nobody holds a place: each goes by what was read before."""
    for module in (moving, practice, progress, works):
        monkeypatch.setattr(module, "hold_place", lambda place: place)


def complete(key):
    return lambda place: progress.complete_item(enrollment=place, key=key)


def move(place):
    return moving.move_up(enrollment=place).is_new


def start(place):
    return practice.start_attempt(enrollment=place, exercise_key="practice")


def two_lessons(edition: Edition) -> None:
    module = make.add_module(edition, "one", 1)
    make.add_lesson(module, "first", 1)
    make.add_lesson(module, "second", 2)


def one_lesson(edition: Edition) -> None:
    make.add_lesson(make.add_module(edition, "one", 1), "first", 1)


def place_in(fill) -> Enrollment:
    course = make.make_course(is_published=False)
    make.publish(course, fill)
    return make.make_enrollment(course=course)


def last_two_at_once() -> Enrollment:
    place = place_in(two_lessons)
    meeting(complete("first"), complete("second"))
    assert Completion.objects.count() == 2
    place.refresh_from_db()
    return place


def finished_while_moving() -> Enrollment:
    """The last lesson of the edition on offer is finished while the place moves there."""
    place = place_in(two_lessons)
    make.publish(place.course, one_lesson)
    assert meeting(complete("first"), move) == [True, True]
    place.refresh_from_db()
    assert place.edition.number == 2
    return place


def tried_while_moving() -> list:
    """An exercise is begun while the place moves to an edition without it."""
    place = place_in(make.fill_course)
    make.publish(place.course, one_lesson)
    meeting(start, move)
    return list(Attempt.objects.filter(state=Attempt.State.OPEN))


def moved_at_once() -> int:
    place = place_in(two_lessons)
    make.publish(place.course, one_lesson)
    meeting(move, move)
    return AuditEntry.objects.filter(action="learning.moved_up").count()


def test_the_last_two_lessons_at_once_finish_the_course():
    assert last_two_at_once().is_finished


@on_postgres
def test_without_the_lock_neither_of_the_last_two_finishes_the_course(unlocked):
    assert not last_two_at_once().is_finished


def test_a_lesson_finished_while_moving_up_is_counted_where_the_place_arrives():
    assert finished_while_moving().finished_edition == 2


@on_postgres
def test_without_the_lock_a_lesson_finished_while_moving_up_is_overlooked(unlocked):
    assert not finished_while_moving().is_finished


def test_no_attempt_stays_open_at_an_exercise_that_was_left():
    assert tried_while_moving() == []


@on_postgres
def test_without_the_lock_an_attempt_stays_open_at_an_exercise_that_was_left(unlocked):
    assert len(tried_while_moving()) == 1


def test_two_moves_at_once_are_one():
    assert moved_at_once() == 1


@on_postgres
def test_without_the_lock_two_moves_at_once_are_two(unlocked):
    assert moved_at_once() == 2
