"""Courses with a rule, and certificates that their learners earned."""

from learning.actions import complete_item, save_answers, submit_attempt, submit_work
from learning.actions.certificate_rules import set_rule
from learning.models import Certificate, Enrollment
from tests.factories import learning as make
from tests.factories.accounts import make_user


def make_rule(course=None, **terms):
    """A course whose every item is asked for, unless said otherwise."""
    return set_rule(course=course or make.make_course(), **terms)


def finish_lessons(place: Enrollment) -> None:
    for key in ("first", "second", "third"):
        complete_item(enrollment=place, key=key)


def hand_in(place: Enrollment) -> None:
    submit_work(enrollment=place, project_key="work", title="Mine", text="Words.")


def answer(place: Enrollment, *, wrong: int = 0) -> None:
    """An attempt at the exercise with so many of its six answers wrong."""
    attempt = make.make_attempt(place)
    answers = make.right_answers(attempt)
    for key, value in list({"word": "wrong", "number": "1"}.items())[:wrong]:
        answers[key] = value
    save_answers(attempt=attempt, answers=answers)
    submit_attempt(attempt=attempt)


def finish(place: Enrollment, *, wrong: int = 0) -> None:
    """Every item of the edition, the project last."""
    finish_lessons(place)
    answer(place, wrong=wrong)
    hand_in(place)


def make_certificate(person=None, course=None, **terms) -> Certificate:
    """Earned by finishing everything. `terms` are those of the rule."""
    course = course or make.make_course()
    make_rule(course, **terms)
    place = make.make_enrollment(person or make_user(name="Ada Tester"), course)
    finish(place)
    return Certificate.objects.select_related("person", "course", "rule").get(
        person=place.person, course=course
    )
