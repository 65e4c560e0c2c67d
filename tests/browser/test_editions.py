"""A course gets a new edition while somebody studies it: staff publish it, the learner moves up on a
phone-size screen with the keyboard alone."""

import io
import re
import zipfile

import pytest

from tests.browser.people import sign_up
from tests.browser.test_pages import CHECK, RULES, SETTLED, axe  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
COURSE = """---
title: Tying knots
summary: Three knots for every rope.
level: beginner
language: en
---
Take a rope.
"""
FIRST = {"01-bowline": "The bowline", "02-reef": "The reef knot"}
SECOND = {"01-bowline": "The bowline", "03-sheet-bend": "The sheet bend"}


def package(lessons: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tying-knots/course.md", COURSE)
        archive.writestr("tying-knots/01-knots/module.md", "---\ntitle: Knots\n---\n")
        for name, title in lessons.items():
            text = f"---\ntitle: {title}\n---\nMake a loop, then {title.lower()}.\n"
            archive.writestr(f"tying-knots/01-knots/{name}.md", text)
    return file.getvalue()


@pytest.fixture
def office(chromium, school, staff_state):
    context = chromium.new_context(
        base_url=school.url, storage_state=staff_state, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(chromium, school):
    context = chromium.new_context(
        base_url=school.url, viewport={"width": 390, "height": 780}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def bring_in(office, lessons) -> None:
    office.goto("/admin/catalog/importrun/add/")
    office.get_by_label("Package").set_input_files(
        {"name": "tying-knots.zip", "mimeType": "application/zip", "buffer": package(lessons)}
    )
    office.get_by_role("button", name="Look at the package").click()
    office.get_by_role("button", name=re.compile("Import", re.I)).first.click()
    office.goto("/admin/catalog/course/?q=tying-knots")
    office.get_by_role("link", name="Tying knots").first.click()


def publish(office) -> None:
    office.get_by_role("link", name=re.compile("^Publish")).first.click()
    office.get_by_role("button", name=re.compile("^Publish")).first.click()


def press(page, name: str) -> None:
    """Tab until the control has the focus, then Enter."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate("document.activeElement.innerText.trim()")
        if said.startswith(name):
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"No key leads to {name}.")


def faults(page, axe) -> list[str]:  # noqa: F811
    page.evaluate(axe)
    found = page.evaluate(CHECK, RULES)
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    found += page.evaluate(CHECK, RULES)
    page.emulate_media(color_scheme="light")
    return found


def test_a_learner_moves_up_with_keys_alone(office, phone, school, axe):  # noqa: F811
    bring_in(office, FIRST)
    publish(office)
    sign_up(phone, school)
    phone.goto("/learn/tying-knots/")
    press(phone, "Start for free")
    press(phone, "Mark as complete")
    bring_in(office, SECOND)
    office.get_by_role("link", name="What changed").click()
    told = office.get_by_role("main").inner_text()
    assert "1 added, 1 removed" in told
    assert "The sheet bend" in told
    assert faults(office, axe) == []
    office.go_back()
    publish(office)

    phone.goto("/learn/")
    press(phone, "See what changes")
    told = phone.get_by_role("main").inner_text()
    assert "1 of 2 steps finished" in told
    assert "The reef knot" in told
    assert faults(phone, axe) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    press(phone, "Move up")

    assert "You are in edition 2 now." in phone.inner_text("body")
    assert phone.get_by_role("heading", level=1).inner_text() == "The sheet bend"
    press(phone, "Mark as complete")
    phone.goto("/learn/")
    assert "Finished" in phone.get_by_role("main").inner_text()
