"""Certificates that end: revoked, run out, renewed, left behind."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.actions.erasure import erase_person
from engineroom import clock, events, outbox
from engineroom.models import AuditEntry, OutboxEvent
from learning import actions
from learning import events as facts
from learning.actions.certificate_rules import certify_places, end_rule
from learning.actions.certificates import (
    RENEW_BEFORE,
    is_renewable,
    issue_by_hand,
    remind_of_ends,
    renew_certificate,
    revoke_certificate,
)
from learning.models import Certificate, Enrollment
from learning.queries import certificates as found
from learning.refusals import (
    AlreadyRevoked,
    BadReason,
    NotRenewable,
    RuleNotMet,
)
from tests.factories.accounts import make_user
from tests.factories.certificates import (
    answer,
    make_certificate,
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


def test_a_revoked_certificate_is_revoked_for_good_and_its_learner_told(heard):
    one = make_certificate()
    for bad in ("", "   ", "x" * 301, "a\x00b"):
        with pytest.raises(BadReason):
            revoke_certificate(certificate=one, reason=bad)
    assert Certificate.objects.get().is_valid

    revoke_certificate(certificate=one, reason=" The work was\n not theirs. ")

    assert (one.state, one.revoked_reason) == ("revoked", "The work was not theirs.")
    assert [type(said) for said in heard][-1:] == [facts.CertificateRevoked]
    assert "The work" not in str(AuditEntry.objects.values_list("data", flat=True))
    with pytest.raises(AlreadyRevoked):
        revoke_certificate(certificate=one, reason="Again.")
    answer(Enrollment.objects.get())
    certify_places(course_id=one.course_id, why="test", after=0)
    assert Certificate.objects.count() == 1, "it does not come back by itself"
    outbox.drain()
    assert "The work was not theirs." in mail.outbox[-1].body


def test_after_a_revocation_staff_can_give_it_anew_with_another_name():
    one = make_certificate()
    revoke_certificate(certificate=one, reason="The name was wrong.")
    one.person.name = "Ada Right"
    one.person.save()

    anew = issue_by_hand(person=one.person, course=one.course)

    assert (anew.name, anew.is_valid) == ("Ada Right", True)
    assert anew.facts["score"] == 100


def test_a_certificate_expires_by_the_clock():
    one = make_certificate(months=2)
    assert one.state == "valid"

    with clock.moved_by(timedelta(days=70)):
        assert one.state == "expired"
        assert not Certificate.objects.valid().exists()
    assert make_certificate(make_user(name="B")).expires_at is None


def test_thirty_days_before_the_end_one_mail_goes_out():
    one = make_certificate(months=3)
    revoked = make_certificate(make_user(name="R"), months=3)
    revoke_certificate(certificate=revoked, reason="Wrong.")
    assert remind_of_ends() == 0

    with clock.stopped_at(one.expires_at - RENEW_BEFORE + timedelta(minutes=1)):
        assert remind_of_ends() == 1
        assert remind_of_ends() == 0
        outbox.drain()

    letter = mail.outbox[-1]
    assert letter.subject.startswith("Your certificate ends soon")
    assert letter.to == [one.person.email]


def test_a_renewed_certificate_holds_a_term_longer_and_is_reminded_of_anew(heard):
    one = make_certificate(months=3)
    end = one.expires_at
    with pytest.raises(NotRenewable):
        renew_certificate(certificate=one)

    with clock.stopped_at(end - timedelta(days=10)):
        remind_of_ends()
        stale = Certificate.objects.get()
        one.refresh_from_db()
        renew_certificate(certificate=one)
        assert one.expires_at > end + timedelta(days=88)
        renew_certificate(certificate=stale)  # the same press twice
        assert Certificate.objects.get().expires_at == one.expires_at
        assert not is_renewable(one)

    assert entries("certificate_renewed") == 1
    assert facts.CertificateRenewed(certificate_id=one.pk) in heard
    with clock.stopped_at(one.expires_at - timedelta(days=1)):
        assert remind_of_ends() == 1


def test_one_that_ran_out_is_renewed_from_today_and_one_without_end_never():
    one = make_certificate(months=2)
    with clock.moved_by(timedelta(days=300)):
        renew_certificate(certificate=one)
        assert one.is_valid
        assert one.expires_at > clock.now() + timedelta(days=27)
    lasting = make_certificate(make_user(name="B"))
    with pytest.raises(NotRenewable):
        renew_certificate(certificate=lasting)


def test_renewing_asks_for_what_the_rule_in_force_asks():
    one = make_certificate(months=2)
    with clock.moved_by(timedelta(days=45)):
        actions.reopen_item(enrollment=Enrollment.objects.get(), key="first")
        with pytest.raises(RuleNotMet) as refused:
            renew_certificate(certificate=one)
        assert refused.value.details["left"] == ["1 of 5 steps are not finished."]
        end_rule(rule=one.rule)
        with pytest.raises(NotRenewable):
            renew_certificate(certificate=one)
        revoke_certificate(certificate=one, reason="Wrong.")
        with pytest.raises(NotRenewable):
            renew_certificate(certificate=one)


def test_after_erasure_nothing_names_the_person_and_what_was_revoked_stays_so():
    one = make_certificate(make_user(name="Quimby Vanishing"))
    revoke_certificate(certificate=one, reason="Quimby cheated.")

    erase_person(person=one.person, actor=None)

    one.refresh_from_db()
    assert (one.person, one.name, one.facts, one.revoked_reason) == (None, "", {}, "")
    assert one.state == "revoked"
    assert found.revoked_bits(one.status_list) == [one.status_index]
    assert "Quimby" not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))
