"""Certificates: the rule of a course, giving, renewing, revoking.

A certificate is given once: two processes that finish a place at the same time wait for each other
at its row, and the database refuses a second one of the same rule.
"""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction

from catalog.models import Course, Edition
from engineroom import audit, clock, events, mail, outbox
from engineroom.addresses import absolute_url
from learning import wording
from learning.actions.signing_keys import signing_key
from learning.credentials import LIST_BITS
from learning.events import CertificateIssued, CertificateRenewed, CertificateRevoked
from learning.models import Certificate, CertificateRule, Enrollment
from learning.queries import certificates as found
from learning.refusals import (
    AlreadyCertified,
    AlreadyRevoked,
    BadReason,
    NoRule,
    NotPublished,
    NotRenewable,
    RuleNotMet,
)
from payments import periods

PRINT_TOPIC = "learning.print_certificate"
REASON_LIMIT = 300
RENEW_BEFORE = timedelta(days=30)
# Half full at most, so that a free bit is found among a few random ones.
LIST_FILL = LIST_BITS // 2
CANDIDATES = 64


def certify_place(enrollment_id: int) -> Certificate | None:
    """Give the certificate when the place's course asks for no more; None when it does, or when
    there is nothing to give. In the caller's transaction, which made the last step true."""
    rule = found.rule_for_place(enrollment_id)
    if rule is None:
        return None
    # Whoever finishes another step of this place meanwhile waits here, and then sees this one. The
    # weaker lock: completions name the row, and both have written theirs already.
    rows = Enrollment.objects.select_for_update(of=("self",), no_key=True)
    place = rows.select_related("person", "course", "edition").get(pk=enrollment_id)
    if found.has_one(place.person_id, rule):
        return None
    reached = found.standing(place, rule)
    if not reached.is_met:
        return None
    return _issue(place.person, rule, place.course, place.edition, reached.facts)


@transaction.atomic
def issue_by_hand(*, person, course: Course, actor=None) -> Certificate:
    """Give the certificate of the rule in force, whatever was done. Raises NoRule, NotPublished,
    AlreadyCertified (a valid one must be revoked first; one that ran out is renewed)."""
    rule = found.rule_in_force(course)
    if rule is None:
        raise NoRule
    mine = Certificate.objects.filter(person=person, course=course)
    if mine.valid().exists() or mine.filter(rule=rule, revoked_at=None).exists():
        raise AlreadyCertified
    place = found.place_in(person, course)
    edition = place.edition if place else course.published_edition
    if edition is None:
        raise NotPublished
    facts = found.standing(place, rule).facts if place else {"teachers": found.teachers(course)}
    made = _issue(person, rule, course, edition, facts, actor=actor, by_hand=True)
    if made is None:
        raise AlreadyCertified
    return made


def _free_bit() -> tuple[int, int]:
    """A list and a random bit of it that nobody has. Three queries."""
    last = Certificate.objects.order_by("-pk").values_list("status_list", flat=True).first() or 1
    if Certificate.objects.filter(status_list=last).count() >= LIST_FILL:
        last += 1
    tried = {secrets.randbelow(LIST_BITS) for _ in range(CANDIDATES)}
    taken = Certificate.objects.filter(status_list=last, status_index__in=tried)
    return last, (tried - set(taken.values_list("status_index", flat=True))).pop()


def _written(*, person, rule: CertificateRule, **values) -> Certificate | None:
    """The row, written; None when there is one already. Somebody may take the same bit meanwhile:
    then another one is drawn."""
    for is_last in (False, False, True):
        number, bit = _free_bit()
        try:
            with transaction.atomic():
                return Certificate.objects.create(
                    person=person, rule=rule, status_list=number, status_index=bit, **values
                )
        except IntegrityError:
            if Certificate.objects.filter(person=person, rule=rule, revoked_at=None).exists():
                return None
            if is_last:
                raise
    raise AssertionError("unreachable")


def _issue(
    person, rule: CertificateRule, course: Course, edition: Edition, facts: dict, *, actor=None,
    by_hand: bool = False,
) -> Certificate | None:  # fmt: skip
    """None when somebody else has given it meanwhile."""
    signing_key()
    now = clock.now().replace(microsecond=0)
    made = _written(
        person=person,
        course=course,
        rule=rule,
        edition_number=edition.number,
        name=wording.printed_name(person.name),
        title=edition.title[:200],
        facts=facts,
        issued_at=now,
        expires_at=_end(now, rule),
    )
    if made is None:
        return None
    audit.record(
        "learning.certificate_issued",
        made.public_id,
        actor=actor,
        course=course.public_id,
        edition=edition.number,
        rule=rule.number,
        by_hand=by_hand,
    )
    events.announce(
        CertificateIssued(certificate_id=made.pk, person_id=person.pk, course_id=course.pk)
    )
    outbox.put(PRINT_TOPIC, {"certificate": made.public_id}, key=f"print:{made.public_id}")
    tell(made, "certificate", key=f"certificate:{made.public_id}")
    return made


def _end(start, rule: CertificateRule):
    return periods.after(start, "month", rule.months) if rule.months else None


def tell(certificate: Certificate, template: str, *, key: str) -> None:
    """Queue a mail about the certificate to its person."""
    context = {
        "certificate": certificate,
        "title": certificate.title,
        "url": absolute_url(certificate.private_path),
        "public_url": absolute_url(certificate.get_absolute_url()),
    }
    mail.send(template, certificate.person.email, context, key=key)


def is_renewable(certificate: Certificate) -> bool:
    """Whether it is time: from thirty days before its end on. No query."""
    if certificate.revoked_at or certificate.expires_at is None or certificate.person_id is None:
        return False
    return certificate.expires_at - clock.now() <= RENEW_BEFORE


@transaction.atomic
def renew_certificate(*, certificate: Certificate, actor=None) -> Certificate:
    """Let the certificate hold for another term of the rule in force, when that is still met: from
    its end, or from now when it has run out. Asked twice, it is renewed once.
    Raises NotRenewable, RuleNotMet."""
    if not is_renewable(certificate):
        raise NotRenewable
    rule = found.rule_in_force(certificate.course)
    place = found.place_in(certificate.person, certificate.course)
    if rule is None or place is None:
        raise NotRenewable("This course gives no certificates any more.")
    reached = found.standing(place, rule, is_anew=True)
    if not reached.is_met:
        raise RuleNotMet(left=reached.left)
    start = max(certificate.expires_at, clock.now().replace(microsecond=0))
    until = _end(start, rule)
    moved = Certificate.objects.filter(
        pk=certificate.pk, expires_at=certificate.expires_at, revoked_at=None
    ).update(expires_at=until, reminded_at=None)
    certificate.refresh_from_db()
    if moved:
        audit.record(
            "learning.certificate_renewed",
            certificate.public_id,
            actor=actor or certificate.person,
            until=until.isoformat() if until else None,
        )
        events.announce(CertificateRenewed(certificate_id=certificate.pk))
    return certificate


@transaction.atomic
def revoke_certificate(*, certificate: Certificate, reason: str, actor=None) -> Certificate:
    """Take the certificate back for good; the public page, the status list and a mail say so. Raises
    BadReason (an empty one, or above 300 characters), AlreadyRevoked."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_LIMIT or not reason.isprintable():
        raise BadReason
    moved = Certificate.objects.filter(pk=certificate.pk, revoked_at=None).update(
        revoked_at=clock.now(), revoked_reason=reason
    )
    if not moved:
        raise AlreadyRevoked
    certificate.refresh_from_db()
    # The reason may name somebody: it stands on the row, which erasure clears, and not here.
    audit.record("learning.certificate_revoked", certificate.public_id, actor=actor)
    events.announce(CertificateRevoked(certificate_id=certificate.pk))
    if certificate.person_id:
        tell(certificate, "certificate_revoked", key=f"revoked:{certificate.public_id}")
    return certificate


def remind_of_ends(limit: int = 200) -> int:
    """Write to everybody whose certificate ends within thirty days, once a term; returns how many."""
    now, told = clock.now(), 0
    due = Certificate.objects.filter(
        revoked_at=None,
        reminded_at=None,
        person__isnull=False,
        expires_at__gt=now,
        expires_at__lte=now + RENEW_BEFORE,
    )
    for certificate in due.select_related("person", "course").order_by("expires_at", "pk")[:limit]:
        with transaction.atomic():
            mine = Certificate.objects.filter(
                pk=certificate.pk, reminded_at=None, revoked_at=None, person__isnull=False
            )
            if not mine.update(reminded_at=now):
                continue
            term = certificate.expires_at.date().isoformat()
            key = f"certificate-ends:{certificate.public_id}:{term}"
            tell(certificate, "certificate_ends", key=key)
            told += 1
    return told
