"""manage.py import_course."""

import json

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Course, Topic
from catalog.queries.editions import draft_of
from tests.catalog.packages import FOLDER, SVG, write_folder, zipped

pytestmark = pytest.mark.django_db
KEYS = ["course", "created", "changed", "unchanged", "counts", "items"]


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def tea(tmp_path):
    return write_folder(tmp_path / "tea", FOLDER)


def test_it_imports_publishes_and_reports(tea, tmp_path, capsys):
    call_command("import_course", str(tea), publish=True, report=str(tmp_path / "r.json"))

    report = json.loads((tmp_path / "r.json").read_text())
    assert list(report) == KEYS
    assert report["course"] == "tea"
    assert report["counts"]["lessons"] == 3
    assert set(report["items"][0]) == {"path", "line", "kind", "outcome", "reason"}
    assert {item["outcome"] for item in report["items"]} == {"kept", "approximated", "dropped"}
    assert Course.objects.get().published_edition
    shown = capsys.readouterr()
    assert "missing.md does not exist" in shown.out
    assert "a new edition is published" in shown.out
    assert "\r" not in shown.err


def test_a_dry_run_keeps_nothing(tea, tmp_path, capsys):
    call_command("import_course", str(tea), dry_run=True, report=str(tmp_path / "r.json"))

    assert not Course.objects.exists()
    assert json.loads((tmp_path / "r.json").read_text())["counts"]["lessons"] == 3
    assert "would be created" in capsys.readouterr().out


def test_a_zip_file_is_a_package_too(tmp_path):
    (tmp_path / "tea.zip").write_bytes(zipped(FOLDER).getvalue())

    call_command("import_course", str(tmp_path / "tea.zip"), verbosity=0)

    assert draft_of(Course.objects.get(slug="tea")).lessons.count() == 3


def test_a_price_needs_a_currency(tea):
    with pytest.raises(CommandError, match="currency"):
        call_command("import_course", str(tea), price="49.00")

    assert not Course.objects.exists()


def test_a_refusal_is_one_sentence_and_status_1(tmp_path):
    (tmp_path / "x.txt").write_text("x")

    with pytest.raises(CommandError) as caught:
        call_command("import_course", str(tmp_path))

    assert caught.value.returncode == 1
    assert str(caught.value).startswith("This is no course")


def test_a_report_that_cannot_be_written_is_said_so(tea, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_course", str(tea), report=str(tmp_path / "no" / "r.json"))


def test_a_folder_of_topics_becomes_topics(tmp_path, tea):
    topics = write_folder(
        tmp_path / "topics",
        {"drinks.md": "---\ntitle: Drinks\nrecommends: {courses: [tea]}\n---\nAll of them.\n"},
    )
    call_command("import_course", str(tea), verbosity=0)

    call_command("import_course", str(topics), verbosity=0)

    topic = Topic.objects.get()
    assert (topic.slug, topic.title, topic.is_published) == ("drinks", "Drinks", True)
    assert topic.recommendations.get().course.slug == "tea"


def test_a_course_with_a_folder_of_topics_beside_it_stays_a_course(tmp_path):
    write_folder(tmp_path / "tea", {**FOLDER, "images/pot.svg": SVG})

    call_command("import_course", str(tmp_path / "tea"), verbosity=0)

    assert Course.objects.get().slug == "tea"
