"""Every main page in a real Chromium: nobody shut out, nothing sideways, nothing from elsewhere."""

import json
import re
from pathlib import Path

import pytest

from tests.node import packages

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """rules => axe.run(document, {runOnly: rules}).then(result => result.violations.map(
  rule => rule.id + ': ' + rule.nodes.map(node => node.html.slice(0, 160)).join(' | ')))"""
# An inherited color that is in transition starts another transition in each child, frame by frame.
SETTLED = """async () => {
  const wait = span => new Promise(done => setTimeout(done, span));
  await wait(150);
  for (let calm = 0; calm < 3; calm++) {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const moving = document.getAnimations();
    if (moving.length) calm = -1;
    await Promise.all(moving.map(one => one.finished.catch(() => null)));
  }
}"""

PUBLIC = {
    "home": "/",
    "catalog": "/courses/",
    "nothing found": "/courses/?q=nothing-like-it",
    "lessons": "/lessons/",
    "exercises": "/exercises/",
    "projects": "/projects/",
    "topics": "/topics/",
    "topic": "/topics/backend-development/",
    "course": "/courses/backend-development/",
    "free course": "/courses/html-foundations/",
    "open lesson": "/courses/css-foundations/lessons/rules-and-the-cascade/",
    "closed lesson": "/courses/css-foundations/lessons/units-color-and-type/",
    "exercise of a course": "/courses/css-foundations/exercises/cascade-and-values/",
    "project of a course": "/courses/html-foundations/projects/a-small-site/",
    "instructor": "/instructors/lectern-editors/",
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "developers": "/developers/",
    "chapter": "/developers/learning/",
    "problems": "/developers/problems/",
    "no page": "/no/such/page/",
}
OFFICE = {
    "front page": "/admin/",
    "courses": "/admin/catalog/course/",
    "course form": "/admin/catalog/course/1/change/",
    "lessons": "/admin/catalog/lesson/",
    "topic form": "/admin/catalog/topic/1/change/",
    "import": "/admin/catalog/importrun/add/",
    "orders": "/admin/payments/order/",
    "order": "/admin/payments/order/1/change/",
    "refund": "/admin/payments/order/1/refund/",
    "offer form": "/admin/payments/offer/add/",
    "grants": "/admin/learning/grant/",
    "grant form": "/admin/learning/grant/add/",
    "people": "/admin/accounts/user/",
    "person": "/admin/accounts/user/1/change/",
    "audit trail": "/admin/engineroom/auditentry/",
}
LEARNERS = (
    "dashboard", "reader", "finished lesson", "exercise", "result", "project", "no place",
    "course of mine", "checkout", "simulator", "orders", "receipt", "account", "security",
    "sessions", "addresses", "password", "leaving",
)  # fmt: skip
ALL = [
    *(("anybody", name) for name in PUBLIC),
    *(("learner", name) for name in LEARNERS),
    *(("staff", name) for name in OFFICE),
]


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker as script text; evaluated from outside, so that the policy stays."""
    return (packages.modules() / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Where each page's HTML is kept for the validator."""
    return tmp_path_factory.mktemp("html")


@pytest.fixture(scope="session")
def windows(chromium, school, learner, staff_state):
    """One window for each kind of visitor. Without motion, so that colors change at once."""
    states = {"anybody": None, "learner": learner.state, "staff": staff_state}
    contexts = {
        who: chromium.new_context(base_url=school.url, storage_state=state, reduced_motion="reduce")
        for who, state in states.items()
    }
    yield {who: context.new_page() for who, context in contexts.items()}
    for context in contexts.values():
        context.close()


def address(who: str, name: str, learner) -> str:
    return {"anybody": PUBLIC, "learner": learner.pages, "staff": OFFICE}[who][name]


@pytest.mark.parametrize(("who", "name"), ALL)
def test_a_page_shuts_nobody_out(windows, school, learner, axe, folder, who, name):
    page, path = windows[who], address(who, name, learner)
    said, outside = [], []

    def hear(message):
        if message.type == "error":
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: outside.append(request.url))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")

    answer = page.goto(path)
    (folder / f"{who}-{name.replace(' ', '-')}.html").write_bytes(answer.body())
    complaints = list(said)  # axe itself tries inline styles, which the policy refuses it
    page.evaluate(axe)
    found = [f"light {line}" for line in page.evaluate(CHECK, RULES)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    found += [f"dark {line}" for line in page.evaluate(CHECK, RULES)]
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate(SETTLED)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.remove_listener("console", hear)

    assert answer.status == (404 if name == "no page" else 200)
    assert found == [], "\n" + "\n".join(found)
    assert width <= 320
    assert name == "no page" or complaints == [], f"{path} says {complaints}"
    assert [url for url in outside if not url.startswith((school.url, "data:"))] == []


def test_the_html_of_all_these_pages_is_valid(folder):
    files = sorted(folder.glob("*.html"))
    if len(files) < len(ALL):
        pytest.fail("The pages were not looked at before.")
    config = packages.HERE / "htmlvalidate.json"

    report = folder / "report.json"

    # Into a file: what Node writes to a pipe may be lost when it ends.
    packages.run(
        "html-validate/bin/html-validate.mjs", "--config", str(config),
        "--formatter", f"json={report}", *(str(file) for file in files),
    )  # fmt: skip

    found = [
        f"{Path(page['filePath']).name}:{one['line']}:{one['column']} {one['ruleId']} {one['message']}"
        for page in json.loads(report.read_text())
        for one in page["messages"]
    ]
    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize("path", [PUBLIC["open lesson"], "reader"])
def test_a_printed_lesson_has_text_and_no_navigation(windows, learner, path):
    page = windows["learner"]
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(learner.pages.get(path, path))
    page.emulate_media(media="print", color_scheme="light")
    try:
        for part in (".masthead", ".colophon nav", ".reader__bar", ".turn", "form"):
            for one in page.locator(part).all():
                assert not one.is_visible(), part
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.locator(".prose p").first.is_visible()
    finally:
        page.emulate_media(media="screen")


def test_a_visitor_chooses_the_theme_and_keeps_it(chromium, school):
    context = chromium.new_context(base_url=school.url, color_scheme="light")
    page = context.new_page()
    page.goto("/topics/")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)

    page.get_by_role("button", name=re.compile("^Dark", re.I)).click()
    dark = page.evaluate(paper)
    back = page.url
    page.goto("/courses/")

    assert back.endswith("/topics/")
    assert dark != light
    assert page.evaluate(paper) == dark
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name=re.compile("^(System|Auto)", re.I)).click()
    assert page.evaluate(paper) == light
    context.close()


def test_a_text_reader_finds_the_main_matter_with_the_first_key(browser_page):
    page = browser_page
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")

    assert skip == "Skip to main content"
    assert page.evaluate("document.activeElement.id") == "main"


def test_moving_on_before_a_page_has_settled_leaves_no_complaint(chromium, school):
    context = chromium.new_context(base_url=school.url, viewport={"width": 1280, "height": 900})
    page, said = context.new_page(), []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/topics/")

    for step in range(12):
        page.get_by_role("navigation").get_by_role(
            "link", name=("Catalog", "Topics")[step % 2]
        ).first.click(no_wait_after=True)
        page.wait_for_timeout(20 * (step % 4))
        page.set_viewport_size({"width": 1280, "height": 700 + 20 * step})
    page.wait_for_timeout(500)

    context.close()
    assert said == []
