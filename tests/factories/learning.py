"""Published courses with all kinds of items, and people who study them.

Content rows are written with the catalog's models alone, so that this room is tested by itself.
"""

from hashlib import sha256
from itertools import count

from catalog.models import (
    Body,
    Course,
    Edition,
    Exercise,
    Lesson,
    Module,
    Option,
    Project,
    Question,
    Solution,
    Topic,
)
from engineroom import clock
from learning.actions import give_grant, start_attempt, start_course
from learning.models import Enrollment, Grant
from tests.factories.accounts import make_user

_number = count(1)
SECRET = "SECRET-RIGHT"
PAID = "PAID-BODY"


def make_body(text: str = "Words.") -> Body:
    return Body.objects.get_or_create(
        digest=sha256(text.encode()).hexdigest(),
        defaults={"source": text, "html": f"<p>{text}</p>", "text": text, "word_count": 1},
    )[0]


def make_topic(**fields) -> Topic:
    number = next(_number)
    return Topic.objects.create(
        **{"slug": f"topic-{number}", "title": f"Topic {number}", "is_published": True} | fields
    )


def add_lesson(module: Module, key: str, position: int = 1, **fields) -> Lesson:
    fields = {"title": key.title(), "minutes": 5, "body": make_body(f"{PAID} {key}")} | fields
    return Lesson.objects.create(
        edition=module.edition, module=module, key=key, position=position, **fields
    )


def add_project(module: Module, key: str, position: int = 9, **fields) -> Project:
    rubric = [{"criterion": "It runs", "points": 3}, {"criterion": "It is clear", "points": 2}]
    fields = {
        "title": key.title(),
        "hours": 2,
        "rubric": rubric,
        "body": make_body(f"{PAID} {key}"),
    } | fields
    return Project.objects.create(
        edition=module.edition, module=module, key=key, position=position, **fields
    )


def add_exercise(module: Module, key: str, position: int = 5, *, questions=None, solutions=0):
    """`questions`: dicts of question fields plus `options`, a list of option fields."""
    questions = six_questions() if questions is None else questions
    exercise = Exercise.objects.create(
        edition=module.edition,
        module=module,
        key=key,
        position=position,
        title=key.title(),
        minutes=4,
        body=make_body(f"{PAID} {key}"),
        question_count=len(questions),
    )
    for place, fields in enumerate(questions, 1):
        fields = dict(fields)
        options = fields.pop("options", [])
        question = Question.objects.create(
            exercise=exercise,
            position=place,
            prompt=fields["key"],
            prompt_html=f"Prompt {fields['key']}?",
            explanation_html=f"<p>{SECRET} explanation {fields['key']}</p>",
            **fields,
        )
        for number, option in enumerate(options, 1):
            Option.objects.create(
                question=question,
                position=number,
                text=option["text_html"],
                why_html=f"<p>{SECRET} why {option['key']}</p>",
                **option,
            )
    for place in range(1, solutions + 1):
        body = make_body(f"{SECRET} solution {key} {place}")
        Solution.objects.create(exercise=exercise, position=place, title="", body=body)
    return exercise


def six_questions() -> list[dict]:
    """One question of each kind. Option keys and texts betray what is right only to the tests."""

    def option(key, **fields):
        return {"key": key, "text_html": f"Choice {key}"} | fields

    return [
        {
            "key": "one",
            "kind": "single",
            "options": [option("s1"), option("s2", is_right=True), option("s3")],
        },
        {
            "key": "some",
            "kind": "multiple",
            "options": [option("m1", is_right=True), option("m2"), option("m3", is_right=True)],
        },
        {"key": "word", "kind": "text", "answer": {"answers": ["SECRET-RIGHT word", "Zürich"]}},
        {
            "key": "number",
            "kind": "numeric",
            "answer": {"answer": "7319.25", "tolerance": "0.5", "unit": "ms"},
        },
        {
            "key": "row",
            "kind": "ordering",
            "options": [option("r1"), option("r2"), option("r3"), option("r4")],
        },
        {
            "key": "pairs",
            "kind": "matching",
            "options": [option(f"p{n}", match=f"Partner {n}") for n in (1, 2, 3)],
        },
    ]


def make_course(*, is_published: bool = True, fill: bool = True, **fields) -> Course:
    """A paid course with two modules: lessons `first`, `second`, `third`, exercise `practice`,
    project `work`."""
    number = next(_number)
    fields = {"slug": f"course-{number}", "title": f"Course {number}", "is_free": False} | fields
    course = Course.objects.create(**fields)
    if is_published:
        publish(course, fill_course if fill else (lambda edition: None))
    return course


def add_module(edition: Edition, key: str, position: int) -> Module:
    return Module.objects.create(edition=edition, key=key, position=position, title=f"Module {key}")


def fill_course(edition: Edition) -> None:
    one, two = add_module(edition, "one", 1), add_module(edition, "two", 2)
    add_lesson(one, "first", 1)
    add_lesson(one, "second", 2)
    add_exercise(one, "practice", 3, solutions=1)
    add_lesson(two, "third", 1)
    add_project(two, "work", 2)


def publish(course: Course, fill, *, is_correction: bool = False) -> Edition:
    """The next edition, filled while it is a draft, then frozen."""
    edition = Edition.objects.create(course=course, title=course.title)
    fill(edition)
    last = course.editions.exclude(number=None).order_by("-number").first()
    edition.number = last.number + 1 if last else 1
    edition.state = Edition.State.PUBLISHED
    edition.is_correction = is_correction
    edition.published_at = clock.now()
    edition.save()
    course.published_edition = edition
    course.published_at = edition.published_at
    course.save()
    return edition


def withdraw(edition: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(
        state=Edition.State.WITHDRAWN, withdrawn_at=clock.now()
    )
    Course.objects.filter(published_edition=edition).update(published_edition=None)


def grant_course(person, course: Course, **fields) -> Grant:
    fields = {"source": Grant.Source.STAFF} | fields
    return give_grant(person=person, scope=Grant.Scope.COURSE, scope_key=course.public_id, **fields)


def make_enrollment(person=None, course: Course | None = None) -> Enrollment:
    """A learner with a grant and a place."""
    person = person or make_user(name="Ada Tester")
    course = course or make_course()
    grant_course(person, course)
    return start_course(person=person, course=course)


def make_attempt(enrollment: Enrollment | None = None, key: str = "practice"):
    enrollment = enrollment or make_enrollment()
    return start_attempt(enrollment=enrollment, exercise_key=key)


def right_answers(attempt) -> dict:
    """The right answers to the six questions, as the places in the attempt's layout."""
    by_question = {entry["question"]: entry for entry in attempt.layout}

    def place(question, key, prefix="o", among="options"):
        return f"{prefix}{by_question[question][among].index(key) + 1}"

    answers = {
        "one": place("one", "s2"),
        "some": [place("some", "m1"), place("some", "m3")],
        "word": "  secret-right   WORD ",
        "number": "7319,5 ms",
        "row": [place("row", key) for key in ("r1", "r2", "r3", "r4")],
        "pairs": {
            place("pairs", key): place("pairs", key, "p", "partners") for key in ("p1", "p2", "p3")
        },
    }
    return {key: value for key, value in answers.items() if key in by_question}
