"""Certificates: what a rule asks, how far somebody is, who has one."""

from dataclasses import dataclass
from fractions import Fraction

from accounts.models import User
from catalog.models import Course, Edition
from learning import codes
from learning.models import (
    Attempt,
    Certificate,
    CertificateRule,
    Completion,
    Enrollment,
    SigningKey,
    Submission,
)
from learning.outlines import Item, Outline
from learning.queries.progress import outline_of

TEACHERS = 2


@dataclass(frozen=True)
class Standing:
    """How far a place is: `facts` are the counts, the result in percent or None, and the teachers;
    `left` says in words what the rule still asks for."""

    facts: dict
    left: list[str]

    @property
    def is_met(self) -> bool:
        return not self.left


def rule_in_force(course: Course) -> CertificateRule | None:
    """One query."""
    return CertificateRule.objects.filter(course=course, ended_at=None).first()


def rule_for_place(enrollment_id: int) -> CertificateRule | None:
    """The rule in force of the course that the place is in. One query."""
    rules = CertificateRule.objects.filter(course__enrollments=enrollment_id, ended_at=None)
    return rules.first()


def average(enrollment: Enrollment, exercises: list[Item]) -> Fraction | None:
    """The mean, from 0 to 1, of the best attempt at each exercise that has questions; one that was
    never tried counts nothing. None when there is no such exercise, or none was ever tried. One
    query."""
    keys = [item.key for item in exercises if item.size]
    if not keys:
        return None
    best = dict.fromkeys(keys, Fraction(0))
    graded = Attempt.objects.filter(
        enrollment=enrollment,
        exercise_key__in=keys,
        state=Attempt.State.GRADED,
        max_score__gt=0,
    )
    tries = graded.order_by().values_list("exercise_key", "score", "max_score")
    for key, score, most in tries:
        best[key] = max(best[key], Fraction(score, most))
    return sum(best.values()) / len(best) if tries else None


def _left(rule, outline: Outline, mean, has_project: bool, has_finished: bool) -> list[str]:
    left = []
    missing = outline.total - outline.done
    if rule.needs_completion and not has_finished and (missing or not outline.total):
        left.append(f"{missing} of {outline.total} steps are not finished.")
    if rule.min_score is not None and (mean is None or mean * 100 < rule.min_score):
        reached = 0 if mean is None else int(mean * 100)
        left.append(f"The average result is {reached} of 100; {rule.min_score} are asked for.")
    if rule.needs_project and not has_project:
        left.append("No project has been handed in.")
    return left


def standing(enrollment: Enrollment, rule: CertificateRule, *, is_anew: bool = False) -> Standing:
    """Against the edition that the place is pinned to. Who had finished an earlier one stays finished;
    only who is certified `is_anew` has to have done what is in it by now. Five queries."""
    outline = outline_of(enrollment)
    by_kind = {kind: [i for i in outline.items if i.kind == kind] for kind in Completion.Kind}
    mean = average(enrollment, by_kind["exercise"])
    keys = [item.key for item in by_kind["project"]]
    works = Submission.objects.filter(enrollment=enrollment, project_key__in=keys)
    facts = {f"{kind}s": sum(i.is_done for i in items) for kind, items in by_kind.items()}
    # A result is printed rounded down: 89.9 never reads as 90.
    facts["score"] = None if mean is None else int(mean * 100)
    facts["teachers"] = teachers(enrollment.course)
    has_finished = enrollment.is_finished and not is_anew
    return Standing(facts, _left(rule, outline, mean, works.exists(), has_finished))


def teachers(course: Course) -> list[str]:
    """The names of the first instructors. One query."""
    return list(course.instructors.order_by("pk").values_list("name", flat=True)[:TEACHERS])


def place_in(person: User, course: Course) -> Enrollment | None:
    """One query."""
    places = Enrollment.objects.filter(person=person, course=course)
    return places.select_related("person", "course", "edition").first()


def has_one(person_id: int, rule: CertificateRule) -> bool:
    """Whether nothing is to be given: a certificate of this rule, revoked or not, or a valid one of
    an earlier rule. Two queries at most."""
    mine = Certificate.objects.filter(person=person_id, course=rule.course_id)
    return mine.filter(rule=rule).exists() or mine.valid().exists()


def certificates_of(person):
    """The person's own, newest first. One query."""
    return Certificate.objects.of(person).select_related("course", "rule").order_by("-pk")


def own_certificate(person, public_id: str) -> Certificate | None:
    """The person's own; another's does not exist. One query."""
    if not public_id.isprintable():
        return None
    found = certificates_of(person).select_related("course__cover__image", "person")
    return found.filter(public_id=public_id).first()


def certificate_by_code(text: str) -> Certificate | None:
    """Whose code somebody typed. One query, none for what cannot be a code."""
    code = codes.read_code(text)
    if not code:
        return None
    found = Certificate.objects.select_related("course__published_edition", "course__cover__image")
    return found.select_related("rule").filter(code=code).first()


def all_certificates():
    """For staff, newest first."""
    return Certificate.objects.select_related("person", "course", "rule").order_by("-pk")


def all_rules():
    """For staff, newest first."""
    return CertificateRule.objects.select_related("course").order_by("-pk")


def rule_named(public_id: str) -> CertificateRule | None:
    """The rule, in force or not, of a course that is or was published. One query."""
    if not public_id.isprintable():
        return None
    rules = CertificateRule.objects.select_related("course__published_edition")
    return rules.filter(public_id=public_id).first()


def export_certificates(person) -> dict:
    """Slot `accounts.export`: the person's own, as plain values. One query."""
    names = ("public_id", "code", "course__slug", "edition_number", "name", "title", "facts")
    moments = ("issued_at", "expires_at", "revoked_at")
    rows = Certificate.objects.of(person).order_by("pk").values(*names, *moments, "revoked_reason")
    for row in rows:
        row |= {at: row[at].isoformat() for at in moments if row[at]}
    return {"name": "certificates", "rows": [{"kind": "certificate"} | row for row in rows]}


def signing_keys() -> list[SigningKey]:
    """Every key that ever signed, the one that signs first. Their secrets are not read. One query."""
    return list(SigningKey.objects.defer("secret").order_by("-is_signing", "-pk"))


def revoked_bits(number: int) -> list[int] | None:
    """The set bits of a status list; None when there is no such list. Two queries."""
    if not Certificate.objects.filter(status_list=number).exists():
        return None
    rows = Certificate.objects.filter(status_list=number, revoked_at__isnull=False).order_by()
    return sorted(rows.values_list("status_index", flat=True))


def lacking(edition: Edition, rule: CertificateRule) -> str:
    """What the rule asks for and the edition has not; empty when it has all. Two queries at most."""
    if rule.min_score is not None and not edition.exercises.filter(question_count__gt=0).exists():
        return "exercise with questions"
    return "project" if rule.needs_project and not edition.projects.exists() else ""
