"""A draft before it is published, as staff and instructors see it."""

import pytest

from catalog.models import Edition
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_course,
    make_draft,
    make_exercise,
    make_instructor,
    make_lesson,
    make_project,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_slots")]


def text(response) -> str:
    return response.content.decode()


def test_a_preview_is_for_staff_and_the_courses_instructors(client):
    edition = make_draft()
    lesson = make_lesson(edition, body="Not yet public.")
    make_exercise(edition, key="quiz")
    make_project(edition, key="build")
    base = f"/preview/{edition.public_id}/"
    paths = [
        base,
        f"{base}lessons/{lesson.key}/",
        f"{base}exercises/quiz/",
        f"{base}projects/build/",
    ]

    assert client.get(base).status_code == 302
    client.force_login(make_user())
    assert [client.get(path).status_code for path in paths] == [404] * 4
    teacher = make_user()
    edition.course.instructors.add(make_instructor(person=teacher))
    for person in (teacher, make_user(is_superuser=True)):
        client.force_login(person)
        responses = [client.get(path) for path in paths]
        assert [response.status_code for response in responses] == [200] * 4
        assert all("Preview of the draft" in text(response) for response in responses)
        assert responses[0]["Cache-Control"] == "private, no-store"
        assert "Not yet public." in text(responses[1])


def test_a_preview_counts_what_is_in_the_edition_it_shows(client):
    client.force_login(make_user(is_superuser=True))
    never = make_draft(level="advanced")
    for _ in range(2):
        make_lesson(never, minutes=50)
    make_lesson(never, problem="The lesson has no text.", minutes=50)
    make_exercise(never, minutes=20)
    make_project(never, hours=3)
    changed = make_course(lessons=2)
    draft = changed.editions.get(state=Edition.State.DRAFT)
    make_lesson(draft)

    page = text(client.get(f"/preview/{never.public_id}/"))
    third = text(client.get(f"/preview/{draft.public_id}/"))

    assert "1 part, 2 lessons, 5 hours" in page
    assert "2 lessons, 1 exercise, 1 project" in page
    assert "Advanced" in page
    assert "0 lessons" not in page
    assert "1 part, 3 lessons" in third
    for course in (never.course, changed):
        course.refresh_from_db()
    assert (never.course.lesson_count, changed.lesson_count) == (0, 2)
