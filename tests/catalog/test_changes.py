"""What differs between two editions, by key."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import changes
from catalog.actions.publishing import publish_edition
from catalog.changes import Content, Row
from catalog.models import Edition, Lesson, Question
from catalog.queries.changes import edition_changes, edition_named
from catalog.queries.editions import draft_of
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_draft,
    make_exercise,
    make_lesson,
    make_module,
    make_project,
    make_question,
)


def row(key: str, module: str = "m", **fields) -> Row:
    return Row("lesson", key, fields.pop("title", key.title()), module, module.upper(), **fields)


def content(*rows: Row, **details) -> Content:
    return Content(details, {one.module: one.module_title for one in rows}, list(rows))


def test_the_same_edition_has_no_changes():
    same = content(row("a"), row("b"), title="T")

    found = changes.compare(same, same)

    assert found.is_empty
    assert found.same == 2


def test_added_removed_renamed_and_rewritten_are_told_apart():
    before = content(row("a", text=1), row("b"), row("c"), title="T")
    after = content(row("a", text=2), row("c", title="See"), row("d"), title="U")

    found = changes.compare(before, after)

    assert [one.key for one in found.added] == ["d"]
    assert [one.key for one in found.removed] == ["b"]
    assert {one.key: one.words for one in found.changed} == {
        "a": ["new text"],
        "c": ["renamed, was “C”"],
    }
    assert (found.same, found.details) == (0, ["title"])


def test_an_item_that_became_another_kind_is_another_item():
    before, after = content(row("a")), content(Row("exercise", "a", "A", "m", "M"))

    found = changes.compare(before, after)

    assert [one.name for one in found.added] == [("exercise", "a")]
    assert [one.name for one in found.removed] == [("lesson", "a")]


def test_only_the_item_that_was_carried_elsewhere_counts_as_moved():
    before = content(*(row(key) for key in "abcdef"))
    after = content(*(row(key) for key in "fabcde"))

    assert [one.key for one in changes.compare(before, after).changed] == ["f"]


def test_an_item_in_another_module_has_moved():
    found = changes.compare(content(row("a"), row("b")), content(row("a"), row("b", "n")))

    assert [(one.key, one.words) for one in found.changed] == [("b", ["moved"])]
    assert (found.modules_added, found.modules_removed) == (["N"], [])


@settings(max_examples=200, deadline=None)
@given(before=st.permutations("abcdefgh"), after=st.permutations("abcdefgh"))
def test_what_has_not_moved_kept_its_order(before, after):
    found = changes.compare(content(*map(row, before)), content(*map(row, after)))
    moved = {one.key for one in found.changed}

    assert [key for key in before if key not in moved] == [key for key in after if key not in moved]
    assert (before == after) == (not moved)


def published(edition: Edition) -> tuple[Edition, Edition]:
    """The edition, closed, and the draft after it."""
    course = edition.course
    publish_edition(course=course, actor=make_user())
    return Edition.objects.get(pk=edition.pk), draft_of(course)


@pytest.fixture
def pair(db):
    edition = make_draft(title="HTTP")
    module = make_module(edition, key="one", title="One")
    make_lesson(edition, module=module, key="waiting", title="Waiting")
    make_exercise(edition, module=module, key="codes", questions=3)
    make_project(edition, module=module, key="build")
    return published(edition)


def test_a_fresh_draft_is_the_same_as_the_edition_before_in_nine_queries(
    pair, django_assert_num_queries
):
    with django_assert_num_queries(9):
        found = edition_changes(*pair)

    assert found.is_empty
    assert found.same == 3


def test_every_kind_of_change_of_a_draft_is_found(pair):
    before, draft = pair
    exercise = draft.exercises.get()
    first, second, _ = exercise.questions.all()
    first.delete()
    option = second.options.first()
    option.is_right, option.why_html = False, "Other."
    option.save()
    make_question(exercise, key="new")
    Lesson.objects.filter(edition=draft).update(
        title="Listening", body=make_body("Quite another text."), is_open=True, minutes=9
    )
    draft.projects.all().delete()
    extra = make_module(draft, key="two", title="Two")
    make_lesson(draft, module=extra, key="late", title="Late")
    Edition.objects.filter(pk=draft.pk).update(summary="Other words.")
    draft.refresh_from_db()

    found = edition_changes(before, draft)

    assert [(one.kind, one.key) for one in found.added] == [("lesson", "late")]
    assert [(one.kind, one.key) for one in found.removed] == [("project", "build")]
    lesson, asked = sorted(found.changed, key=lambda one: one.kind, reverse=True)
    assert lesson.all_words == ["renamed, was “Waiting”", "new text", "open to everybody", "time"]
    assert asked.questions_added == ("new",)
    assert asked.questions_removed == (first.key,)
    assert asked.questions_changed == (second.key,)
    assert found.modules_added == ["Two"]
    assert found.details == ["summary"]


def test_what_a_question_answers_is_not_in_what_is_told_of_it(pair):
    before, draft = pair
    Question.objects.filter(exercise__edition=draft).update(answer={"answers": ["SECRET"]})

    found = edition_changes(before, draft)

    assert len(found.changed[0].questions_changed) == 3
    assert "SECRET" not in repr(found)


def test_editions_are_found_by_number_or_as_the_draft(pair):
    before, draft = pair

    assert edition_named(before.course, "1") == before
    assert edition_named(before.course, "draft") == draft
    for name in ("2", "0", "x", "", "1" * 30, "²"):
        assert edition_named(before.course, name) is None


@pytest.fixture
def staff(client, db):
    person = make_user(is_staff=True, is_superuser=True)
    client.force_login(person)
    return client


def test_staff_see_what_publishing_would_change(staff, pair):
    before, draft = pair
    make_lesson(draft, key="late", title="Late arrivals")
    draft.lessons.filter(key="waiting").update(title="Listening", problem="It has no text.")
    here = f"/admin/catalog/course/{before.course_id}/changes/"

    page = staff.get(here).content.decode()

    assert "Late arrivals" in page
    assert "renamed, was “Waiting”" in page
    assert "Left out when published: It has no text." in page
    assert "<strong>1</strong> added" in page
    assert here in staff.get(f"/admin/catalog/course/{before.course_id}/change/").content.decode()
    assert here in staff.get(f"/admin/catalog/course/{before.course_id}/publish/").content.decode()


def test_staff_compare_any_two_editions(staff, pair):
    first, draft = pair
    make_lesson(draft, key="late", title="Late arrivals")
    published(draft)
    here = f"/admin/catalog/course/{first.course_id}/changes/"

    forth = staff.get(here, {"from": "1", "to": "2"})
    back = staff.get(here, {"from": "2", "to": "1"})
    same = staff.get(here)

    assert [one.key for one in forth.context["changes"].added] == ["late"]
    assert [one.key for one in back.context["changes"].removed] == ["late"]
    assert "are the same" in same.content.decode()
    assert staff.get(here, {"from": "9"}).status_code == 404
    assert staff.get("/admin/catalog/course/999999/changes/").status_code == 404
