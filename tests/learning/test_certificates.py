"""Certificates: who gets one, when, and once; what is printed on it."""

import pytest
from django.core import mail
from django.db import IntegrityError

from engineroom import events, outbox
from engineroom.models import AuditEntry, OutboxEvent
from learning import actions, codes, wording
from learning import events as facts
from learning.actions.certificate_rules import certify_places, end_rule
from learning.actions.certificates import (
    issue_by_hand,
)
from learning.models import Certificate, CertificateRule, Enrollment
from learning.queries import certificates as found
from learning.refusals import (
    AlreadyCertified,
    BadRule,
    NoRule,
    NotPublished,
)
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.factories.certificates import (
    answer,
    finish,
    finish_lessons,
    hand_in,
    make_certificate,
    make_rule,
)

pytestmark = pytest.mark.django_db


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=f"learning.{action}").count()


@pytest.fixture
def heard(monkeypatch):
    """Certificate events as they are announced."""
    said = []
    for kind in (facts.CertificateIssued, facts.CertificateRenewed, facts.CertificateRevoked):
        monkeypatch.setitem(events._listeners, kind, [said.append])
    return said


def test_the_last_step_brings_the_certificate_with_its_words_audit_event_and_mail(heard):
    course = make.make_course(title="Bees")
    make_rule(course, months=12)
    place = make.make_enrollment(make_user(name="Ada Tester"), course)
    finish_lessons(place)
    answer(place)
    assert not Certificate.objects.exists()

    hand_in(place)

    one = Certificate.objects.get()
    assert (one.name, one.title, one.edition_number, one.rule.number) == (
        "Ada Tester",
        "Bees",
        1,
        1,
    )
    assert one.facts == {
        "lessons": 3,
        "exercises": 1,
        "projects": 1,
        "score": 100,
        "teachers": [],
    }
    assert one.is_valid
    assert one.expires_at.year == one.issued_at.year + 1
    assert entries("certificate_issued") == 1
    assert [type(said) for said in heard] == [facts.CertificateIssued]
    outbox.drain()
    (letter,) = [one for one in mail.outbox if "certificate" in one.subject]
    assert letter.to == [place.person.email]
    assert one.number in letter.body
    assert one.private_path in letter.body


def test_a_course_without_a_rule_gives_none():
    finish(make.make_enrollment())

    assert not Certificate.objects.exists()


def test_a_certificate_is_given_once_however_often_the_rule_is_met():
    one = make_certificate()
    place = Enrollment.objects.get()

    actions.reopen_item(enrollment=place, key="first")
    actions.complete_item(enrollment=place, key="first")
    answer(place)
    certify_places(course_id=one.course_id, why="test", after=0)

    assert Certificate.objects.count() == 1
    assert OutboxEvent.objects.filter(key__startswith="certificate:").count() == 1


def test_the_database_refuses_a_second_one():
    one = make_certificate()
    one.pk, one.public_id, one.code, one.status_index = None, "other", "other", one.status_index ^ 1

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        one.save(force_insert=True)


def test_a_bit_that_somebody_took_meanwhile_is_drawn_again(monkeypatch):
    one, course = make_certificate(), make.make_course()
    make_rule(course)
    free = (one.status_list, one.status_index ^ 1)
    bits = iter([(one.status_list, one.status_index), free])
    monkeypatch.setattr("learning.actions.certificates._free_bit", lambda: next(bits))

    given = issue_by_hand(person=one.person, course=course)

    assert (given.status_list, given.status_index) == free


@pytest.mark.parametrize(("wrong", "is_given"), [(0, True), (1, True), (2, False)])
def test_a_least_result_is_the_average_of_the_best_attempts(wrong, is_given):
    course = make.make_course()
    make_rule(course, needs_completion=False, min_score=83)  # 5 of 6 is 83.33
    place = make.make_enrollment(course=course)

    answer(place, wrong=wrong)

    assert Certificate.objects.exists() is is_given


def test_without_any_attempt_there_is_no_result_to_print():
    place = make.make_enrollment()
    make_rule(place.course)

    one = issue_by_hand(person=place.person, course=place.course)

    assert one.facts["score"] is None
    assert wording.result_text(one.facts) == ""


def test_a_better_attempt_brings_what_a_worse_one_did_not():
    course = make.make_course()
    make_rule(course, needs_completion=False, min_score=90)
    place = make.make_enrollment(course=course)
    answer(place, wrong=2)
    assert not Certificate.objects.exists()

    answer(place)

    assert Certificate.objects.get().facts["score"] == 100


def test_a_result_is_never_rounded_up():
    course = make.make_course()
    make_rule(course)
    place = make.make_enrollment(course=course)

    finish(place, wrong=1)

    assert Certificate.objects.get().facts["score"] == 83


def test_a_rule_may_ask_for_a_project_alone():
    course = make.make_course()
    make_rule(course, needs_completion=False, needs_project=True)
    place = make.make_enrollment(course=course)
    finish_lessons(place)
    assert not Certificate.objects.exists()

    hand_in(place)

    assert Certificate.objects.get().facts["projects"] == 1


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"needs_completion": False}, "needs_completion"),
        ({"min_score": 0}, "min_score"),
        ({"min_score": 101}, "min_score"),
        ({"months": 1}, "months"),
        ({"months": 121}, "months"),
    ],
)
def test_a_rule_that_asks_for_nothing_or_the_impossible_is_refused(terms, field):
    with pytest.raises(BadRule) as refused:
        make_rule(**terms)

    assert refused.value.field == field
    assert not CertificateRule.objects.exists()


def test_a_rule_asks_only_for_what_the_edition_has():
    bare = make.make_course(fill=False)
    for terms in ({"min_score": 50}, {"needs_project": True}):
        with pytest.raises(BadRule):
            make_rule(bare, **terms)
    with pytest.raises(NotPublished):
        make_rule(make.make_course(is_published=False))


def test_the_same_rule_again_changes_nothing_and_another_takes_its_place():
    course = make.make_course()
    first = make_rule(course, months=6)
    assert make_rule(course, months=6) == first

    second = make_rule(course, months=12)

    first.refresh_from_db()
    assert first.ended_at
    assert (second.number, found.rule_in_force(course)) == (2, second)
    assert entries("rule_set") == 2


def test_who_finished_before_there_was_a_rule_gets_it_from_the_worker():
    course = make.make_course()
    done, open_ = make.make_enrollment(course=course), make.make_enrollment(make_user(), course)
    finish(done)
    finish_lessons(open_)

    make_rule(course)
    assert not Certificate.objects.exists()
    outbox.drain()

    assert [one.person for one in Certificate.objects.all()] == [done.person]


def test_who_had_finished_gets_it_also_when_their_edition_has_more_by_now():
    place = make.make_enrollment()
    finish(place)
    # As after moving up to an edition with one more lesson.
    place.completions.filter(item_key="second").delete()

    make_rule(place.course)
    outbox.drain()

    assert Certificate.objects.get().person == place.person


def test_the_look_at_all_places_goes_on_in_batches(monkeypatch):
    monkeypatch.setattr("learning.actions.certificate_rules.BATCH", 2)
    course = make.make_course()
    for _ in range(5):
        finish(make.make_enrollment(make_user(), course))

    make_rule(course)
    outbox.drain()

    assert Certificate.objects.count() == 5


def test_a_new_rule_gives_no_second_certificate_to_who_holds_a_valid_one():
    one = make_certificate()

    make_rule(one.course, months=3)
    outbox.drain()
    answer(Enrollment.objects.get())

    assert Certificate.objects.get() == one


def test_an_ended_rule_gives_none():
    course = make.make_course()
    rule = make_rule(course)
    assert end_rule(rule=rule)
    assert not end_rule(rule=rule)

    finish(make.make_enrollment(course=course))

    assert not Certificate.objects.exists()


def test_staff_give_one_by_hand_whatever_was_done():
    course, person, staff = make.make_course(), make_user(name="Eve Hand"), make_user(is_staff=True)
    with pytest.raises(NoRule):
        issue_by_hand(person=person, course=course, actor=staff)
    make_rule(course)

    one = issue_by_hand(person=person, course=course, actor=staff)

    assert (one.name, one.edition_number, wording.work_text(one.facts)) == ("Eve Hand", 1, "")
    entry = AuditEntry.objects.get(action="learning.certificate_issued")
    assert (entry.actor, entry.data["by_hand"]) == (staff, True)
    with pytest.raises(AlreadyCertified):
        issue_by_hand(person=person, course=course, actor=staff)
    assert Certificate.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Ada Tester", "Ada Tester"),
        ("  Ada \t\n Tester ", "Ada Tester"),
        ("\u202eretseT adA", "retseT adA"),
        ("Ada\u0000\u0007 \u200bTester", "Ada Tester"),
        ("", wording.NOBODY),
        ("\u200d\u200c\u2066", wording.NOBODY),
        ("नी\u200dल", "नी\u200dल"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 300, "x" * 120),
        ("#panic() $ \\", "#panic() $ \\"),
    ],
)
def test_names_are_printed_on_one_line_without_tricks(name, printed):
    assert wording.printed_name(name) == printed


def test_a_code_cannot_be_guessed_and_is_read_however_it_is_typed():
    code = codes.new_code()
    assert len({codes.new_code() for _ in range(1000)}) == 1000

    assert codes.read_code(codes.spaced(code)) == code
    assert codes.read_code(f"  {codes.spaced(code).lower()} ") == code
    assert codes.read_code("ilo0-1234-5678-9abc") == "110012345678 9ABC".replace(" ", "")
    for bad in ("", "short", "U" * 16, "0" * 17, "\u0660" * 16, "0" * 100):
        assert codes.read_code(bad) == ""
