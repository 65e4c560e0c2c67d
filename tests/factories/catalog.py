"""Courses and what belongs to them."""

from itertools import count

from catalog.actions.publishing import publish_edition
from catalog.bodies import store_body
from catalog.models import (
    FAQ,
    Course,
    Cover,
    Edition,
    Exercise,
    Instructor,
    Lesson,
    Module,
    Option,
    Project,
    Question,
    Topic,
    TopicSection,
)

_number = count(1)
TEXT = "A server waits for a request, decides what it means and answers."
EDITION_FIELDS = {"title", "summary", "level", "language", "outcomes", "requirements"}


def make_body(source: str = TEXT):
    return store_body(source)


def make_instructor(**fields) -> Instructor:
    number = next(_number)
    fields.setdefault("slug", f"instructor-{number}")
    fields.setdefault("name", f"Instructor {number}")
    return Instructor.objects.create(**fields)


def make_draft(**fields) -> Edition:
    """The empty draft of a new course."""
    number = next(_number)
    fields.setdefault("slug", f"course-{number}")
    fields.setdefault("title", f"Course {number}")
    description = fields.pop("description", "What the course is about.")
    course = Course.objects.create(
        **{
            name: value
            for name, value in fields.items()
            if name not in {"outcomes", "requirements"}
        }
    )
    facts = {name: value for name, value in fields.items() if name in EDITION_FIELDS}
    return Edition.objects.create(course=course, description=make_body(description), **facts)


def make_module(edition: Edition, **fields) -> Module:
    number = next(_number)
    fields.setdefault("key", f"module-{number}")
    fields.setdefault("title", f"Module {number}")
    fields.setdefault("position", edition.modules.count() + 1)
    return Module.objects.create(edition=edition, **fields)


def _item(model, word: str, edition: Edition, fields: dict):
    number = next(_number)
    fields.setdefault("key", f"{word}-{number}")
    fields.setdefault("title", f"{word.capitalize()} {number}")
    fields.setdefault("position", number)
    if "module" not in fields:
        fields["module"] = edition.modules.first() or make_module(edition)
    if not hasattr(fields.get("body", ""), "pk") and fields.get("body", "") is not None:
        fields["body"] = make_body(fields.get("body") or f"{TEXT} Number {number}.")
    return model.objects.create(edition=edition, **fields)


def make_lesson(edition: Edition, **fields) -> Lesson:
    """`body` may be Markdown."""
    fields.setdefault("minutes", 5)
    return _item(Lesson, "lesson", edition, fields)


def make_project(edition: Edition, **fields) -> Project:
    fields.setdefault("hours", 2)
    return _item(Project, "project", edition, fields)


def make_exercise(edition: Edition, *, questions: int = 1, **fields) -> Exercise:
    """With single choice questions whose first option is right."""
    exercise = _item(Exercise, "exercise", edition, fields)
    for _ in range(questions):
        make_question(exercise)
    exercise.question_count = questions
    exercise.save()
    return exercise


def make_question(
    exercise: Exercise, *, options=("Right", "Wrong"), right=(0,), **fields
) -> Question:
    """`options` are texts; `right` the positions of the right ones."""
    number = next(_number)
    fields.setdefault("key", f"question-{number}")
    fields.setdefault("kind", "single")
    fields.setdefault("prompt", f"Question {number}?")
    fields.setdefault("prompt_html", fields["prompt"])
    fields.setdefault("position", exercise.questions.count() + 1)
    question = Question.objects.create(exercise=exercise, **fields)
    for index, text in enumerate(options):
        Option.objects.create(
            question=question,
            key=f"o{index + 1}",
            position=index + 1,
            text=text,
            text_html=text,
            is_right=index in right,
            why=f"Why {text}",
            why_html=f"Why {text}",
        )
    return question


def make_course(
    *, is_published: bool = True, lessons: int = 1, exercises: int = 0, projects: int = 0, **fields
) -> Course:
    """A course with one module, published unless told otherwise. The first lesson is open."""
    topics, instructors = fields.pop("topics", []), fields.pop("instructors", [])
    edition = make_draft(**fields)
    course = edition.course
    for index in range(lessons):
        make_lesson(edition, is_open=index == 0)
    for _ in range(exercises):
        make_exercise(edition)
    for _ in range(projects):
        make_project(edition)
    course.topics.set(topics)
    course.instructors.set(instructors)
    if is_published:
        publish_edition(course=course, actor=None)
        course.refresh_from_db()
    return course


def make_topic(*, sections: int = 0, **fields) -> Topic:
    number = next(_number)
    fields.setdefault("slug", f"topic-{number}")
    fields.setdefault("title", f"Topic {number}")
    fields.setdefault("summary", "What it is.")
    fields.setdefault("is_published", True)
    topic = Topic.objects.create(**fields)
    for index in range(sections):
        TopicSection.objects.create(
            topic=topic,
            key=f"section-{index + 1}",
            position=index + 1,
            title=f"Section {index + 1}",
            body=make_body(f"Words of section {index + 1} of {topic.slug}."),
        )
    return topic


def make_faq(**fields) -> FAQ:
    """Pass `topic` or `course`."""
    fields.setdefault("question", "Why?")
    fields.setdefault("answer", "Because.")
    fields.setdefault("answer_html", f"<p>{fields['answer']}</p>")
    return FAQ.objects.create(**fields)


def make_cover(course: Course, **fields) -> Cover:
    return Cover.objects.create(course=course, **fields)
