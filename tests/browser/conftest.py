"""One school and one Chromium for all browser tests of a run."""

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.chromium import find_or_install
from tests.browser.people import Learner, make_learner, sign_in
from tests.browser.school import open_school

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def school(tmp_path_factory):
    with open_school(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def learner(chromium, school) -> Learner:
    context = chromium.new_context(base_url=school.url)
    yield make_learner(context, school)
    context.close()


@pytest.fixture(scope="session")
def staff_state(chromium, school) -> dict:
    """The cookies of the staff login that the school printed."""
    context = chromium.new_context(base_url=school.url)
    page = context.new_page()
    sign_in(page, school.staff_email, school.staff_password)
    page.goto("/admin/")
    assert page.get_by_role("heading", level=1).is_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def browser_page(chromium, school):
    """A page with no cookies; the test fails when the browser reports an error of ours."""
    context = chromium.new_context(
        base_url=school.url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    outside = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((school.url, "data:")) else outside.append(request.url)
        ),
    )
    yield page
    context.close()
    assert complaints == []
    assert outside == []
