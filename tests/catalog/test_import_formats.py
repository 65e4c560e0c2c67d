"""Every format becomes the same kind of draft, and the same package again changes nothing."""

import pytest

from catalog.actions.importing import import_course
from catalog.importers.counting import counts_of
from catalog.importers.refusals import PackageRefused
from catalog.models import (
    FAQ,
    ContentFile,
    Course,
    Edition,
    ImportRun,
    Lesson,
    Module,
    Option,
    Question,
    Solution,
)
from catalog.queries.editions import draft_of
from engineroom import slots
from engineroom.models import AuditEntry
from tests.catalog.contents import contents_of, counted
from tests.catalog.packages import (
    CARPENTRIES,
    DOCSIFY,
    FOLDER,
    PLAIN,
    write_folder,
    zipped,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def bring(tmp_path, files, name="tea", **how):
    """Import the files as a folder of that name."""
    return import_course(source=write_folder(tmp_path / name, files), actor=None, **how)


def found(report, kind, outcome):
    return [item for item in report.items if (item.kind, item.outcome) == (kind, outcome)]


def html_of(slug, key):
    return Lesson.objects.get(edition__course__slug=slug, edition__state="draft", key=key).body.html


def test_the_schools_own_folder_becomes_a_draft(tmp_path):
    report = bring(tmp_path, FOLDER)

    draft = draft_of(Course.objects.get(slug="tea"))
    assert report.counts == {
        "modules": 2,
        "lessons": 3,
        "exercises": 1,
        "questions": 6,
        "options": 10,
        "projects": 1,
        "solutions": 0,
        "images": 1,
        "images_remote": 0,
        "images_with_alt": 1,
        "translations": 0,
    }
    assert (draft.title, draft.outcomes, draft.requirements) == (
        "Making tea",
        ["Boil water."],
        ["A kettle."],
    )
    assert [row.title for row in draft.modules.all()] == ["First steps", "More"]
    assert draft.lessons.get(key="boiling").is_open
    assert not draft.lessons.get(key="pot").is_open
    assert draft.projects.get().rubric == [{"criterion": "Warm", "points": 3}]
    assert FAQ.objects.get().question == "Is coffee covered?"
    assert draft.course.instructors.get().slug == "tea-editors"
    assert not draft.course.topics.get().is_published


def test_questions_keep_what_grading_needs(tmp_path):
    bring(tmp_path, FOLDER)

    rows = {row.key: row for row in Question.objects.all()}
    assert rows["word"].answer == {"answers": ["leaf", "leaves"]}
    assert rows["number"].answer == {"answer": "3", "tolerance": "0.5", "unit": "min"}
    assert [option.text for option in rows["order"].options.all()] == ["boil", "pour", "drink"]
    assert [option.key for option in rows["order"].options.all()] == ["boil", "pour", "drink"]
    assert {option.text: option.match for option in rows["pairs"].options.all()} == {
        "Green": "80",
        "Black": "95",
    }
    assert not any(row.problem for row in rows.values())


def test_links_lead_to_the_schools_own_addresses(tmp_path):
    report = bring(tmp_path, FOLDER)

    html = html_of("tea", "boiling")
    assert '<a href="/courses/tea/lessons/pot/">the pot</a>' in html
    assert '<a href="/courses/tea/projects/brew/">the task</a>' in html
    assert '<a href="/courses/tea/">the start</a>' in html
    assert "missing.md" not in html
    (broken,) = found(report, "link", "dropped")
    assert (broken.path, broken.line) == ("01-first/01-boiling.md", 9)


def test_pictures_are_stored_and_keep_their_words(tmp_path):
    bring(tmp_path, FOLDER)

    file = ContentFile.objects.get()
    assert f'src="{file.get_absolute_url()}"' in html_of("tea", "boiling")
    assert 'alt="A box"' in html_of("tea", "boiling")
    assert file.file.storage.exists(file.file.name)


@pytest.mark.parametrize("files", [FOLDER, PLAIN, DOCSIFY, CARPENTRIES])
def test_a_second_import_changes_nothing(tmp_path, files):
    first = bring(tmp_path, files, publish=True)
    rows = [model.objects.count() for model in (Edition, Lesson, Option, ImportRun, AuditEntry)]

    again = bring(tmp_path, files, publish=True)

    assert first.created > 0
    assert first.changed == 0
    assert (again.created, again.changed) == (0, 0)
    assert again.unchanged == first.created
    assert not again.is_published
    assert rows == [
        model.objects.count() for model in (Edition, Lesson, Option, ImportRun, AuditEntry)
    ]


@pytest.mark.parametrize("files", [FOLDER, PLAIN, DOCSIFY, CARPENTRIES])
def test_a_dry_run_reports_the_same_and_leaves_no_row(tmp_path, files):
    tried = bring(tmp_path, files, is_dry_run=True, publish=True)

    assert not Course.objects.exists()
    assert not Edition.objects.exists()
    assert not ImportRun.objects.exists()
    assert not AuditEntry.objects.exists()
    done = bring(tmp_path, files, publish=True)
    assert tried.as_json() == done.as_json()


@pytest.mark.parametrize("files", [FOLDER, PLAIN, DOCSIFY, CARPENTRIES])
def test_a_zip_gives_what_the_folder_gives(tmp_path, files):
    folder = bring(tmp_path, files, is_dry_run=True)
    whole = {f"tea/{path}": content for path, content in files.items()}

    archive = import_course(source=zipped(whole), name="upload", actor=None, is_dry_run=True)

    assert archive.as_json() == folder.as_json()


@pytest.mark.parametrize("files", [FOLDER, PLAIN, DOCSIFY, CARPENTRIES])
def test_the_report_counts_what_the_database_holds_and_the_api_lists(tmp_path, files):
    report = bring(tmp_path, files, publish=True)

    assert report.counts == counts_of(draft_of(Course.objects.get(slug="tea")))
    assert report.counts == counted(contents_of("tea"))
    assert report.run.report == report.as_json()


def test_plain_markdown_needs_no_front_matter(tmp_path):
    bring(tmp_path, PLAIN, name="bread")

    draft = draft_of(Course.objects.get(slug="bread"))
    assert draft.title == "Bread"
    assert draft.modules.count() == 1
    assert [row.title for row in draft.lessons.order_by("position")] == ["Dough", "The oven"]
    assert "<h1" not in html_of("bread", "oven")
    assert '<a href="/courses/bread/lessons/dough/">' in html_of("bread", "oven")


def test_docsify_lessons_come_in_the_order_of_the_table_with_quizzes_around_them(tmp_path):
    report = bring(tmp_path, DOCSIFY, name="web")

    draft = draft_of(Course.objects.get(slug="web"))
    assert draft.modules.get().title == "Start here"
    items = [*draft.lessons.all(), *draft.exercises.all(), *draft.projects.all()]
    assert [row.key for row in sorted(items, key=lambda row: row.position)] == [
        "quiz-1",
        "one",
        "quiz-2",
        "one-assignment",
        "two",
    ]
    assert report.counts["images"] == 1
    assert report.counts["images_remote"] == 1
    assert report.counts["images_with_alt"] == 2
    assert draft.translations.get().title == "Lección uno"
    html = html_of("web", "one")
    assert '<a href="/courses/web/exercises/quiz-1/">Quiz</a>' in html
    assert '<a href="/courses/web/projects/one-assignment/">task</a>' in html
    assert "img.example" not in html


def test_a_question_without_a_right_option_stays_in_the_draft(tmp_path):
    report = bring(tmp_path, DOCSIFY, name="web", publish=True)

    course = Course.objects.get(slug="web")
    published = Question.objects.filter(exercise__edition=course.published_edition)
    assert published.get(exercise__key="quiz-2").kind == "multiple"
    assert draft_of(course).exercises.get(key="quiz-2").questions.exclude(problem="").count() == 1
    (left,) = found(report, "question", "dropped")
    assert (left.path.endswith("en.json"), left.line) == (True, 6)
    assert report.counts["questions"] == 3


def test_another_language_becomes_a_course_of_its_own(tmp_path):
    bring(tmp_path, DOCSIFY, name="web")

    report = bring(tmp_path, DOCSIFY, name="web", locale="es")

    assert report.course == "web-es"
    assert Lesson.objects.get(edition__course__slug="web-es", key="one").title == "Lección uno"
    assert [item.reason for item in found(report, "question", "dropped")] == [
        "Stays in the draft: The question has no text.",
        "Stays in the draft: The question has no right option.",
    ]
    assert Lesson.objects.get(edition__course__slug="web", key="one").title == "Lesson one"


def test_a_language_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PackageRefused, match="no texts in xx"):
        bring(tmp_path, FOLDER, locale="xx")

    assert not Course.objects.exists()


def test_carpentries_challenges_become_exercises_and_instructors_notes_vanish(tmp_path):
    report = bring(tmp_path, CARPENTRIES, name="loops", publish=True)

    draft = draft_of(Course.objects.get(slug="loops"))
    assert [row.title for row in draft.lessons.order_by("position")] == [
        "First in order",
        "Second in order",
    ]
    exercise = draft.exercises.get()
    assert (exercise.title, exercise.minutes, exercise.lesson_key) == ("Try it", 5, "a")
    solution = Solution.objects.get(exercise=exercise)
    assert (solution.title, "42" in solution.body.html) == ("Answer", True)
    html = html_of("loops", "a")
    assert "Never show" not in html
    assert "42" not in html
    assert "::: not a div" in html
    assert 'alt="A box_1 [drawn]"' in html
    assert '<a href="/courses/loops/exercises/a-try-it/">Try it</a>' in html
    assert "Objectives" in html
    assert len(found(report, "instructor", "dropped")) == 1
    assert report.counts["images"] == report.counts["images_with_alt"] == 2


def test_what_moved_changes_and_what_is_gone_goes(tmp_path):
    bring(tmp_path, FOLDER)
    files = dict(FOLDER)
    files["02-more/09-boiling.md"] = files.pop("01-first/01-boiling.md")
    del files["02-more/01-leaves.md"]

    write_folder(tmp_path / "again" / "tea", files)
    report = import_course(source=tmp_path / "again" / "tea", actor=None)

    draft = draft_of(Course.objects.get(slug="tea"))
    assert draft.lessons.get(key="boiling").module.key == "more"
    assert not draft.lessons.filter(key="leaves").exists()
    assert report.created == 0
    assert report.changed >= 2
    assert [item.path for item in found(report, "lesson", "dropped")] == ["leaves"]


def test_an_empty_module_goes_only_after_its_lessons_have_moved(tmp_path):
    bring(tmp_path, FOLDER)
    before = set(Lesson.objects.values_list("public_id", flat=True))
    files = {path.replace("02-more/", "01-first/1"): text for path, text in FOLDER.items()}

    write_folder(tmp_path / "again" / "tea", files)
    import_course(source=tmp_path / "again" / "tea", actor=None)

    assert Module.objects.get().key == "first"
    assert set(Lesson.objects.values_list("public_id", flat=True)) == before


def test_a_price_makes_the_course_paid_and_reaches_the_till(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))
    slots.fill("catalog.price_course", lambda *call: asked.append(call))

    bring(tmp_path, FOLDER, price="49.00", currency="eur")

    assert not Course.objects.get().is_free
    assert asked == [("tea", "Making tea", 4900, "EUR", None)]


def test_an_import_without_price_leaves_a_paid_course_paid(tmp_path):
    bring(tmp_path, FOLDER, price="49.00", currency="EUR")

    report = bring(tmp_path, FOLDER)

    assert not Course.objects.get().is_free
    assert report.changed == 0


@pytest.mark.parametrize(
    ("price", "currency"),
    [("-1", "EUR"), ("1e9", "EUR"), ("49,00", "EUR"), ("1.001", "EUR"), ("1.5", "JPY"), ("5", "")],
)
def test_a_price_that_is_none_is_refused(tmp_path, price, currency):
    with pytest.raises(PackageRefused):
        bring(tmp_path, FOLDER, price=price, currency=currency)

    assert not Course.objects.exists()


def test_sample_works_are_planted_with_the_project(tmp_path, monkeypatch):
    planted = []
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))
    slots.fill("catalog.plant_work", lambda *call: planted.append(call))

    bring(tmp_path, FOLDER)

    course = Course.objects.get()
    assert planted == [(course, "brew", "A pot", "Sample work", "A brown pot.")]


def test_a_picture_without_words_keeps_its_lesson_out_of_the_edition(tmp_path):
    files = {**FOLDER, "02-more/01-leaves.md": "Look: ![](../images/box.svg)\n"}

    report = bring(tmp_path, files, publish=True)

    course = Course.objects.get()
    assert not course.published_edition.lessons.filter(key="leaves").exists()
    assert draft_of(course).lessons.get(key="leaves").problem
    assert len(found(report, "lesson", "dropped")) == 1


def test_a_picture_marked_as_decoration_needs_no_words(tmp_path):
    files = {**FOLDER, "02-more/01-leaves.md": 'Look: ![](../images/box.svg "decorative")\n'}

    bring(tmp_path, files, publish=True)

    assert Course.objects.get().published_edition.lessons.filter(key="leaves").exists()


def test_what_staff_wrote_about_an_instructor_is_kept(tmp_path):
    bring(tmp_path, FOLDER)
    other = {**FOLDER, "course.md": FOLDER["course.md"].replace("They drink it.", "Other words.")}

    report = bring(tmp_path, other, name="tea-again")

    course = Course.objects.get(slug="tea-again")
    assert course.instructors.get().bio == "They drink it."
    assert len(found(report, "instructor", "approximated")) == 1
