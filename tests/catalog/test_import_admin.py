"""The import wizard: upload, look, confirm."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.actions.uploading import LIFETIME, discard_expired_packages
from catalog.models import Course, ImportRun
from engineroom import clock
from engineroom.models import AuditEntry
from tests.catalog.packages import FOLDER, SVG, zipped
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course, make_instructor

pytestmark = pytest.mark.django_db
WIZARD, CONFIRM = "/admin/catalog/importrun/add/", "/admin/catalog/importrun/confirm/"


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def staff_with(*permissions):
    """An instructor."""
    person = make_user(is_staff=True)
    make_instructor(person=person)
    for name in permissions:
        person.user_permissions.add(
            Permission.objects.get(content_type__app_label="catalog", codename=name)
        )
    return person


@pytest.fixture
def writer():
    return staff_with("add_course", "change_course", "view_importrun")


@pytest.fixture
def browser(client, writer):
    client.force_login(writer)
    return client


def upload(files=FOLDER, name="tea.zip"):
    content = files if isinstance(files, bytes) else zipped(files).getvalue()
    return SimpleUploadedFile(name, content, "application/zip")


def look(browser, **fields):
    response = browser.post(WIZARD, {"package": upload(), **fields})
    found = re.search(r'name="ticket" value="([^"]+)"', response.text)
    return response, found[1] if found else ""


def kept():
    try:
        return default_storage.listdir("imports")[1]
    except FileNotFoundError:
        return []


def test_the_first_page_asks_for_a_package(browser):
    response = browser.get(WIZARD)

    assert response.status_code == 200
    assert 'type="file"' in response.text


def test_a_look_changes_nothing_and_shows_the_report(browser):
    response, ticket = look(browser)

    assert response.status_code == 200
    assert ticket
    assert "missing.md does not exist" in response.text
    assert "Nothing has been changed yet" in response.text
    assert not Course.objects.exists()
    assert not ImportRun.objects.exists()
    assert len(kept()) == 1
    assert re.fullmatch(r"package_[a-z2-7]{32}\.zip", kept()[0])


def test_confirming_imports_and_shows_the_run(browser, writer):
    _, ticket = look(browser)

    response = browser.post(CONFIRM, {"ticket": ticket}, follow=True)

    course, run = Course.objects.get(slug="tea"), ImportRun.objects.get()
    assert response.redirect_chain[-1][0] == f"/admin/catalog/importrun/{run.pk}/change/"
    assert "Making tea is imported" in response.text
    draft = course.editions.get(state="draft")
    assert f"/preview/{draft.public_id}/" in response.text
    assert f"/admin/catalog/course/{course.pk}/publish/" in response.text
    assert run.actor == writer
    assert course.published_edition is None
    assert AuditEntry.objects.get(action="course.imported").actor == writer
    assert kept() == []


def test_it_can_publish_at_once(browser):
    _, ticket = look(browser, publish="on")

    browser.post(CONFIRM, {"ticket": ticket})

    assert Course.objects.get().published_edition


def test_the_same_package_again_says_that_nothing_has_changed(browser):
    for _ in range(2):
        _, ticket = look(browser)
        response = browser.post(CONFIRM, {"ticket": ticket}, follow=True)

    assert "already as the package has it" in response.text
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"package": ""}, "This field is required"),
        ({"package": upload(b"%PDF")}, "not a readable zip"),
        ({"package": upload({"x.txt": "x"})}, "This is no course"),
        ({"package": upload({**FOLDER, "../x.md": "x"})}, "leads out of the package"),
        ({"package": upload({**FOLDER, "images/box.svg": SVG + "<script/>"})}, "box.svg"),
        ({"package": upload(), "price": "free"}, "plain number"),
        ({"package": upload(), "price": "5"}, "needs a currency"),
        ({"package": upload(), "currency": "€€€"}, "three letters"),
        ({"package": upload(), "locale": "../.."}, "such as fr"),
        ({"package": upload(), "locale": "xx"}, "no texts in xx"),
        ({"package": upload(name="a\0b.zip"), "locale": "xx"}, "no texts in xx"),
    ],
)
def test_what_cannot_be_imported_is_said_beside_the_field(browser, fields, words):
    response = browser.post(WIZARD, fields)

    assert response.status_code == 200
    assert words in response.text
    assert "errornote" in response.text
    assert not Course.objects.exists()
    assert kept() == []


def test_a_ticket_is_good_for_its_owner_only(browser, client):
    _, ticket = look(browser)
    client.force_login(staff_with("add_course", "change_course"))

    response = client.post(CONFIRM, {"ticket": ticket}, follow=True)

    assert "Upload it again" in response.text
    assert not Course.objects.exists()


@pytest.mark.parametrize("ticket", ["", "x", "a:b:c", "\0", "x" * 5000])
def test_a_made_up_ticket_imports_nothing(browser, ticket):
    response = browser.post(CONFIRM, {"ticket": ticket}, follow=True)

    assert response.status_code == 200
    assert "Upload it again" in response.text


def test_a_ticket_imports_once(browser):
    _, ticket = look(browser)
    browser.post(CONFIRM, {"ticket": ticket})

    response = browser.post(CONFIRM, {"ticket": ticket}, follow=True)

    assert "Upload it again" in response.text
    assert ImportRun.objects.count() == 1


def test_what_nobody_confirms_is_deleted_after_an_hour(browser):
    look(browser)

    assert discard_expired_packages() == 0
    with clock.moved_by(LIFETIME + timedelta(minutes=1)):
        assert discard_expired_packages() == 1
    assert kept() == []


def test_without_the_permission_there_is_no_wizard(client):
    client.force_login(staff_with("view_course"))

    for answer in (
        client.get(WIZARD),
        client.post(WIZARD, {"package": upload()}),
        client.post(CONFIRM, {"ticket": "x"}),
    ):
        assert answer.status_code == 403
    assert not Course.objects.exists()
    assert kept() == []


def test_who_may_only_add_courses_changes_none_by_import(client, browser):
    _, ticket = look(browser)
    browser.post(CONFIRM, {"ticket": ticket})
    client.force_login(staff_with("add_course"))

    response = client.post(
        WIZARD, {"package": upload({**FOLDER, "01-first/02-pot.md": "# Other\n\nWords.\n"})}
    )

    assert "You may not change the course" in response.text
    assert Course.objects.get().editions.get().lessons.get(key="pot").title == "The pot"


def test_an_instructor_imports_nothing_over_the_course_of_another(client, browser):
    other = make_course(slug="tea")
    before = other.editions.get(state="draft").lessons.get().title

    response, ticket = look(browser)

    assert "You may not change the course" in response.text
    assert ticket == ""
    assert Course.objects.get().editions.get(state="draft").lessons.get().title == before


def test_an_imported_course_names_whoever_imported_it_also_when_it_comes_again(browser, writer):
    for expected in ("created", "Nothing has changed"):
        _, ticket = look(browser)
        page = browser.post(CONFIRM, {"ticket": ticket}, follow=True)
        assert expected in page.text
        assert Course.objects.get().instructors.filter(person=writer).exists()


def test_who_is_no_instructor_imports_nothing(client):
    person = make_user(is_staff=True, roles=["instructor"])
    client.force_login(person)

    response, _ = look(client)

    assert "You are no instructor of the school yet." in response.text
    assert not Course.objects.exists()


def test_runs_are_listed_with_their_numbers(browser):
    _, ticket = look(browser)
    browser.post(CONFIRM, {"ticket": ticket})

    response = browser.get("/admin/catalog/importrun/")

    assert response.status_code == 200
    assert "tea" in response.text


def test_getting_the_confirmation_leads_back_to_the_start(browser):
    assert browser.get(CONFIRM).headers["Location"] == WIZARD
