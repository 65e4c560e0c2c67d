"""A certificate is given once, and never to nobody, when processes finish a place at the same time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import IntegrityError, OperationalError, connection, models, transaction

from engineroom import clock
from engineroom.models import AuditEntry, OutboxEvent
from learning import actions
from learning.actions import certificates
from learning.actions.certificates import certify_place, renew_certificate
from learning.actions.signing_keys import rotate_signing_key, signing_key
from learning.models import Certificate, Enrollment, SigningKey
from learning.queries import certificates as found
from tests.factories import learning as make
from tests.factories.certificates import (
    answer,
    finish,
    finish_lessons,
    hand_in,
    make_certificate,
    make_rule,
)
from tests.learning.test_lock_order import on_postgres
from tests.learning.test_races import THREADS, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def finished_place() -> Enrollment:
    """Done before there was a rule, so that nothing has been given yet."""
    place = make.make_enrollment()
    finish(place)
    make_rule(place.course)
    signing_key()
    return place


def issued() -> int:
    return AuditEntry.objects.filter(action="learning.certificate_issued").count()


def test_processes_that_certify_a_place_at_once_give_one_certificate():
    place = finished_place()

    @transaction.atomic
    def certify():
        return certify_place(place.pk)

    given = together(certify)

    assert Certificate.objects.count() == issued() == 1
    assert sum(isinstance(one, Certificate) for one in given) == 1
    assert OutboxEvent.objects.filter(key__startswith="certificate:").count() == 1


def give_without_waiting(place: Enrollment) -> None:
    """Looks first, gives then, with everybody looking at the same time."""
    rule, looked = found.rule_for_place(place.pk), Barrier(THREADS)

    def give():
        fresh = Enrollment.objects.select_related("person", "course", "edition").get(pk=place.pk)
        assert not found.has_one(fresh.person_id, rule)
        looked.wait(timeout=20)
        with transaction.atomic():
            return certificates._issue(fresh.person, rule, fresh.course, fresh.edition, {})

    errors = [one for one in together(give) if isinstance(one, OperationalError | IntegrityError)]
    assert not errors


def test_even_without_waiting_the_database_lets_one_through():
    give_without_waiting(finished_place())

    assert Certificate.objects.count() == issued() == 1


def test_without_the_constraint_there_would_be_several():
    """The control."""
    place = finished_place()
    (rule,) = [
        one
        for one in Certificate._meta.constraints
        if one.name == "one_certificate_per_person_and_rule"
    ]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Certificate, rule)
    try:
        give_without_waiting(place)
        assert Certificate.objects.count() > 1
    finally:
        Certificate.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Certificate, rule)


@pytest.fixture
def both_wrote(monkeypatch):
    """Each of two processes has written its step before one looks whether all is done, where the
    database lets them."""
    met, look = Barrier(2), certificates.found.rule_for_place

    def meet(enrollment_id):
        with suppress(BrokenBarrierError):
            met.wait(timeout=2)
        return look(enrollment_id)

    monkeypatch.setattr(certificates.found, "rule_for_place", meet)


def last_two_steps_at_once() -> None:
    course = make.make_course()
    make_rule(course)
    place = make.make_enrollment(course=course)
    actions.complete_item(enrollment=place, key="first")
    actions.complete_item(enrollment=place, key="second")
    answer(place)
    signing_key()

    def run(step):
        try:
            return step(Enrollment.objects.get(pk=place.pk))
        finally:
            connection.close()

    def lesson(one):
        actions.complete_item(enrollment=one, key="third")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (lesson, hand_in)))


def test_the_last_two_steps_at_the_same_time_give_it(both_wrote):
    last_two_steps_at_once()

    assert Certificate.objects.count() == issued() == 1


@on_postgres
def test_without_waiting_at_the_place_nobody_would_see_the_other_step(both_wrote, monkeypatch):
    """The control: each sees its own step only, and nobody gives anything."""
    seen, look = Barrier(2), certificates.found.standing

    def stand(*args):
        reached = look(*args)
        seen.wait(timeout=20)
        return reached

    monkeypatch.setattr(certificates.found, "standing", stand)
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **kwargs: rows)

    # The look after each earlier step has no other side to meet.
    monkeypatch.setattr(certificates.found, "has_one", lambda *args: not _is_last())
    last_two_steps_at_once()

    assert not Certificate.objects.exists()


def _is_last() -> bool:
    return Enrollment.objects.get().completions.count() >= 4


def test_renewed_at_once_it_is_renewed_once():
    one = make_certificate(months=2)
    with clock.moved_by(timedelta(days=45)):
        ends = together(lambda: renew_certificate(certificate=Certificate.objects.get()))

    one.refresh_from_db()
    assert AuditEntry.objects.filter(action="learning.certificate_renewed").count() == 1
    assert {getattr(end, "expires_at", None) for end in ends} <= {one.expires_at, None}


def test_the_first_key_is_made_once_and_one_key_signs_after_any_rotation():
    @transaction.atomic
    def first():
        return signing_key().name

    names = together(first)
    assert set(names) == {SigningKey.objects.get().name}

    together(rotate_signing_key)

    assert SigningKey.objects.filter(is_signing=True).count() == 1
    assert not SigningKey.objects.filter(is_signing=False).exclude(secret="").exists()


def test_lessons_finished_one_after_the_other_give_nothing_early():
    course = make.make_course()
    make_rule(course)
    finish_lessons(make.make_enrollment(course=course))

    assert not Certificate.objects.exists()
