"""What a course asks for its certificate, and giving it to everybody who has done it already."""

from django.db import transaction

from catalog.models import Course
from engineroom import audit, clock, outbox
from learning.actions.certificates import certify_place
from learning.models import Certificate, CertificateRule, Enrollment
from learning.queries import certificates as found
from learning.refusals import BadRule, NotPublished

TOPIC = "learning.certify_course"
BATCH = 100
MONTHS = range(2, 121)  # who is reminded thirty days before the end has more than that
SCORES = range(1, 101)
TERMS = ("needs_completion", "min_score", "needs_project", "months")


def _checked(rule: CertificateRule) -> None:
    asked = rule.needs_completion or rule.needs_project or rule.min_score is not None
    if not asked:
        raise BadRule("Ask for at least one thing.", field="needs_completion")
    if rule.min_score is not None and rule.min_score not in SCORES:
        raise BadRule("A result is 1 to 100 percent.", field="min_score")
    if rule.months is not None and rule.months not in MONTHS:
        raise BadRule("A certificate is valid for 2 to 120 months, or for good.", field="months")


@transaction.atomic
def set_rule(
    *,
    course: Course,
    needs_completion: bool = True,
    min_score: int | None = None,
    needs_project: bool = False,
    months: int | None = None,
    actor=None,
) -> CertificateRule:
    """From now on the course gives its certificate to who has done this; `min_score` in percent,
    `months` of validity or None for good. The same rule again changes nothing; another one takes the
    place of the one in force. Who has done it already gets the certificate from the worker.
    Raises BadRule, NotPublished."""
    # Two rules at once would both take the next number.
    course = Course.objects.select_for_update(of=("self",), no_key=True).get(pk=course.pk)
    rule = CertificateRule(
        course=course,
        needs_completion=needs_completion,
        min_score=min_score,
        needs_project=needs_project,
        months=months,
    )
    _checked(rule)
    if course.published_edition is None:
        raise NotPublished
    if lacks := found.lacking(course.published_edition, rule):
        raise BadRule(f"The published edition has no {lacks}.")
    before = found.rule_in_force(course)
    if before and all(getattr(before, name) == getattr(rule, name) for name in TERMS):
        return before
    if before:
        _end(before, actor)
    last = CertificateRule.objects.filter(course=course).order_by("-number").first()
    rule.number = last.number + 1 if last else 1
    rule.save(force_insert=True)
    terms = {name: getattr(rule, name) for name in TERMS}
    audit.record("learning.rule_set", rule.public_id, actor=actor, course=course.public_id, **terms)
    look_again(course.pk, rule.public_id)
    return rule


def _end(rule: CertificateRule, actor) -> bool:
    ended = CertificateRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=clock.now())
    if ended:
        audit.record("learning.rule_ended", rule.public_id, actor=actor)
    return bool(ended)


@transaction.atomic
def end_rule(*, rule: CertificateRule, actor=None) -> bool:
    """The course gives no certificates any more; those given stay. Returns whether it was in force."""
    return _end(rule, actor)


def look_again(course_id: int, why: str, after: int = 0) -> None:
    """Queue a look at every place of the course; `why` names the occasion, which counts once."""
    payload = {"course": course_id, "why": why, "after": after}
    outbox.put(TOPIC, payload, key=f"certify:{course_id}:{why}:{after}")


def certify_places(*, course_id: int, why: str, after: int) -> int:
    """Give the certificate to who has done what the rule asks, a batch of places at a time; the next
    batch is queued. Returns how many were given."""
    holders = Certificate.objects.filter(course=course_id).valid().exclude(person=None)
    places = Enrollment.objects.filter(course=course_id, pk__gt=after).exclude(
        person__in=holders.values("person")
    )
    batch = list(places.order_by("pk").values_list("pk", flat=True)[:BATCH])
    given = 0
    for place in batch:
        with transaction.atomic():
            # Gone meanwhile, with its person: nothing to give.
            if Enrollment.objects.filter(pk=place).exists():
                given += certify_place(place) is not None
    if len(batch) == BATCH:
        look_again(course_id, why, batch[-1])
    return given
