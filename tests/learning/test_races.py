"""The same thing asked at the same time has one effect. Each race has a control without its guard."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from engineroom.models import AuditEntry
from learning import actions
from learning.actions import practice
from learning.models import Attempt, Completion, Enrollment, Grant
from tests.factories import learning as make
from tests.factories.accounts import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
THREADS = 6


def together(act):
    """Run `act` in THREADS threads at once; returns answers and errors alike."""
    barrier = Barrier(THREADS)

    def run(_):
        try:
            barrier.wait(timeout=20)
            return act()
        except (IntegrityError, OperationalError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def graded_entries():
    return AuditEntry.objects.filter(action="learning.attempt_graded").count()


def answered_attempt():
    attempt = make.make_attempt()
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    return attempt


def test_submits_at_once_grade_once():
    attempt = answered_attempt()

    found = together(lambda: actions.submit_attempt(attempt=Attempt.objects.get()).score)

    assert found == [6] * THREADS
    assert graded_entries() == 1
    assert Completion.objects.count() == 1
    assert Attempt.objects.get().pk == attempt.pk


def test_without_the_conditional_move_submits_grade_more_than_once():
    """Control: read the state first, then grade."""
    answered_attempt()
    seen = Barrier(THREADS)

    def naive():
        attempt = Attempt.objects.select_related(
            "enrollment__course", "enrollment__edition", "enrollment__person"
        ).get()
        if not attempt.is_graded:
            seen.wait(timeout=20)
            with transaction.atomic():
                practice._grade(attempt, attempt.enrollment, attempt.enrollment.person)

    # The score is written on an open row here, which the database itself refuses.
    found = together(naive)

    assert any(isinstance(error, IntegrityError) for error in found)
    assert graded_entries() == 0
    assert Attempt.objects.get().state == "open"


def test_starts_at_once_make_one_place_and_one_attempt():
    person, course = make_user(), make.make_course(is_free=True)

    places = together(lambda: actions.start_course(person=person, course=course).pk)
    place = Enrollment.objects.get()
    attempts = together(
        lambda: (
            actions.start_attempt(enrollment=Enrollment.objects.get(), exercise_key="practice").pk
        )
    )

    assert places == [place.pk] * THREADS
    assert attempts == [Attempt.objects.get().pk] * THREADS
    assert Grant.objects.count() == 1
    assert AuditEntry.objects.filter(action="learning.enrolled").count() == 1


def test_an_answer_saved_during_submits_is_never_lost_or_graded_twice():
    attempt = answered_attempt()

    def act():
        fresh = Attempt.objects.get()
        try:
            actions.save_answers(attempt=fresh, answers={"word": "changed"})
        except practice.AttemptClosed:
            return "closed"
        return actions.submit_attempt(attempt=fresh).score

    found = together(act)

    attempt.refresh_from_db()
    assert attempt.score == 5
    assert attempt.answers.get(question_key="word").given == {"text": "changed"}
    assert set(found) <= {"closed", 5}
    assert graded_entries() == 1
