"""The database itself refuses changes of published editions."""

from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from catalog.actions.publishing import publish_edition, withdraw_edition
from catalog.files import store_file
from catalog.models import (
    Body,
    Course,
    Edition,
    Exercise,
    ImageReference,
    Lesson,
    Module,
    Option,
    Project,
    Question,
    Solution,
    Translation,
)
from tests.factories.catalog import (
    make_body,
    make_course,
    make_draft,
    make_exercise,
    make_lesson,
    make_project,
)

pytestmark = pytest.mark.django_db
TABLES = [
    Module,
    Lesson,
    Exercise,
    Project,
    Question,
    Option,
    Solution,
    ImageReference,
    Translation,
]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><path d="M0 0h4v3z"/></svg>'


@pytest.fixture
def course():
    edition = make_draft()
    lesson = make_lesson(edition)
    exercise = make_exercise(edition)
    make_project(edition)
    Solution.objects.create(exercise=exercise, position=1, body=make_body("So."))
    picture = store_file("a.svg", SVG)
    ImageReference.objects.create(
        edition=edition, item_key=lesson.key, position=1, file=picture, alt="A"
    )
    Translation.objects.create(
        edition=edition, item_key=lesson.key, locale="de", title="Lektion", body=make_body("Ja.")
    )
    publish_edition(course=edition.course, actor=None)
    return Course.objects.get(pk=edition.course_id)


def published_row(model, course):
    way = {Question: "exercise__edition", Solution: "exercise__edition"}.get(model, "edition")
    way = "question__exercise__edition" if model is Option else way
    return model.objects.filter(**{way: course.published_edition}).first()


def refused(work):
    with pytest.raises(DatabaseError, match="cannot be changed|starts as a draft|never changed"):
        with transaction.atomic():
            work()


@pytest.mark.parametrize("model", TABLES)
def test_a_published_row_can_neither_be_changed_nor_deleted(course, model):
    row = published_row(model, course)
    table = model._meta.db_table

    refused(row.save)
    refused(row.delete)
    with connection.cursor() as cursor:
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):  # noqa: S608 - names of our own tables
            refused(partial(cursor.execute, f"{statement} WHERE id = %s", [row.pk]))

    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", TABLES)
def test_no_row_can_be_added_to_a_published_edition(course, model):
    row = published_row(model, course)
    row.pk, row._state.adding = None, True
    for name in ("key", "public_id", "item_key"):
        if hasattr(row, name):
            setattr(row, name, f"{getattr(row, name)}-new")
    if model is Solution:
        row.position = 99

    refused(lambda: row.save(force_insert=True))


def test_a_draft_row_cannot_be_moved_into_a_published_edition(course):
    draft = course.editions.get(state="draft")
    lesson = draft.lessons.get()
    lesson.key = "elsewhere"
    lesson.edition = course.published_edition

    refused(lesson.save)


def test_a_published_edition_can_only_be_withdrawn(course):
    edition = course.published_edition

    refused(lambda: Edition.objects.filter(pk=edition.pk).update(title="Other"))
    refused(lambda: Edition.objects.filter(pk=edition.pk).update(state="draft", number=None))
    refused(lambda: Edition.objects.filter(pk=edition.pk).update(state="withdrawn", title="Other"))
    refused(lambda: Edition.objects.create(course=course, title="x", state="published", number=7))
    refused(lambda: Edition.objects.filter(pk=edition.pk)._raw_delete("default"))

    withdraw_edition(edition=edition, actor=None, reason="Legal")
    refused(lambda: Edition.objects.filter(pk=edition.pk).update(state="published"))


def test_texts_and_files_are_never_changed(course):
    refused(lambda: Body.objects.update(html="other"))
    picture = store_file("a.svg", SVG)
    picture.name = "b.svg"
    refused(picture.save)


def test_a_course_that_was_never_published_can_be_deleted_with_its_draft():
    course = make_course(is_published=False, exercises=1, projects=1)

    course.delete()

    assert not Edition.objects.exists()


def test_draft_rows_stay_free(course):
    draft = course.editions.get(state="draft")

    draft.lessons.update(title="New words")
    draft.exercises.all().delete()
    draft.delete()

    assert not course.editions.filter(state="draft").exists()
