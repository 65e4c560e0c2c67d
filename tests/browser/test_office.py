"""The work of staff in a browser: import and publish, refund, give access."""

import io
import re
import zipfile

import pytest

from tests.browser.people import new_email, sign_up

pytestmark = pytest.mark.browser
COURSE = """---
title: Reading maps
summary: Read a contour map without getting lost.
level: beginner
language: en
topics: [web-foundations]
price: "12.00"
currency: EUR
---
Every line on the map joins places of one height.
"""
LESSON = """---
title: What a contour line is
---
A contour line joins places of equal height. Where lines stand close, the ground is steep.
"""


def package() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("reading-maps/course.md", COURSE)
        archive.writestr("reading-maps/01-lines/module.md", "---\ntitle: Lines\n---\n")
        archive.writestr("reading-maps/01-lines/01-what-a-contour-line-is.md", LESSON)
    return file.getvalue()


@pytest.fixture
def office(chromium, school, staff_state):
    context = chromium.new_context(
        base_url=school.url, storage_state=staff_state, reduced_motion="reduce"
    )
    page, said = context.new_page(), []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def test_a_course_comes_in_by_the_wizard_and_is_published(office, chromium, school):
    office.goto("/admin/")
    office.goto("/admin/catalog/importrun/add/")
    office.get_by_label("Package").set_input_files(
        {"name": "reading-maps.zip", "mimeType": "application/zip", "buffer": package()}
    )
    office.get_by_role("button", name="Look at the package").click()
    assert "Reading maps" in office.get_by_role("heading", level=1).inner_text()
    visitor = chromium.new_context(base_url=school.url).new_page()
    assert visitor.goto("/courses/reading-maps/").status == 404
    office.get_by_role("button", name=re.compile("Import", re.I)).first.click()
    assert visitor.goto("/courses/reading-maps/").status == 404

    office.goto("/admin/catalog/course/?q=reading-maps")
    office.get_by_role("link", name="Reading maps").first.click()
    office.get_by_role("link", name=re.compile("^Publish")).first.click()
    office.get_by_role("button", name=re.compile("^Publish")).first.click()

    assert visitor.goto("/courses/reading-maps/").status == 200
    assert visitor.get_by_role("link", name="Buy for €12.00").first.is_visible()
    visitor.context.close()


def test_an_order_is_refunded_and_its_reader_is_out_at_once(office, chromium, school):
    context = chromium.new_context(base_url=school.url)
    reader = context.new_page()
    email = sign_up(reader, school)
    reader.goto("/courses/css-foundations/")
    reader.get_by_role("link", name=re.compile("Buy for")).first.click()
    reader.get_by_role("checkbox").check()
    reader.get_by_role("button", name="Pay").click()
    reader.get_by_role("button", name="Succeed").click()
    lesson = "/learn/css-foundations/units-color-and-type/"
    assert reader.goto(lesson).status == 200

    office.goto(f"/admin/payments/order/?q={email}")
    office.locator("#result_list tbody a").first.click()
    office.get_by_role("link", name="Refund lines").click()
    office.get_by_label("Reason").fill("Changed their mind")
    office.get_by_label("CSS foundations").fill("39.00")
    office.get_by_role("button", name="Continue").click()
    assert "cannot be undone" in office.get_by_role("main").inner_text()
    office.get_by_role("button", name="Refund €39.00").click()

    assert "€39.00 refunded" in office.locator(".messagelist").inner_text()
    assert reader.goto(lesson).status == 403
    assert school.link_in_mail(email, "/orders/")
    context.close()


def test_a_grant_opens_a_course_without_money(office, chromium, school):
    context = chromium.new_context(base_url=school.url)
    reader = context.new_page()
    email = sign_up(reader, school)
    office.goto(f"/admin/accounts/user/?q={email}")
    found = office.locator("#result_list tbody a").first.get_attribute("href")

    office.goto("/admin/learning/grant/add/")
    office.get_by_label("Person").fill(re.search(r"/(\d+)/change/", found)[1])
    office.get_by_label("Scope").select_option("course")
    office.get_by_label("Course or topic").fill("human-centered-ai")
    office.get_by_role("button", name="Save", exact=True).click()
    assert office.locator(".errornote").count() == 0
    reader.goto("/learn/human-centered-ai/")
    reader.get_by_role("button", name="Start the course").click()

    assert reader.get_by_role("heading", level=1).inner_text() == "Automation and agency"
    context.close()


def test_the_first_page_of_the_office_shows_the_day(office):
    office.goto("/admin/")
    text = office.get_by_role("main").inner_text()

    for board in ("Orders today", "Enrollments today", "Engine room"):
        assert re.search(board, text, re.I), board


def test_the_office_is_shut_to_everybody_else(chromium, school):
    context = chromium.new_context(base_url=school.url)
    page = context.new_page()
    page.goto("/admin/")
    assert "/accounts/login/" in page.url
    sign_up(page, school, new_email("nosy"))

    assert page.goto("/admin/payments/order/").status == 403
    assert page.locator("#result_list").count() == 0
    context.close()
