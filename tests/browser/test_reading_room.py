"""The main pages in a real Chromium: accessible, fitting a phone, valid, and usable bare."""

import json
import re
import time

import pytest

from tests.node import packages

pytestmark = pytest.mark.browser

PUBLIC = [
    "/", "/courses/", "/courses/?q=nothing-like-it", "/courses/backend-development/", "/topics/",
    "/topics/backend-development/", "/lessons/", "/exercises/", "/projects/",
    "/courses/html-foundations/lessons/html-layout-size-and-composition/",
    "/courses/html-foundations/projects/a-small-site/", "/accounts/login/", "/accounts/signup/",
    "/accounts/password/reset/", "/developers/", "/no/such/page/",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker as script text."""
    return (packages.modules() / "axe-core" / "axe.min.js").read_text()


def violations(page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(result => result.violations.map("
        "rule => rule.id + ': ' + rule.nodes.map(node => node.html.slice(0, 120)).join(' | ')))",
        RULES,
    )
    return [f"{page.url} {line}" for line in found]


def sign_up(page, school) -> str:
    """A verified account, signed in; returns its address."""
    email = f"reader{time.monotonic_ns()}@example.com"
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Create account").click()
    page.goto(school.link_in_mail(email, "confirm-email"))
    page.get_by_role("button", name="Confirm").click()
    return email


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_public_pages_shut_nobody_out(chromium, school, axe, theme):
    context = chromium.new_context(base_url=school.url, color_scheme=theme)
    page = context.new_page()

    found = []
    for path in PUBLIC:
        page.goto(path)
        found += violations(page, axe)

    context.close()
    assert found == []


def test_no_page_scrolls_sideways_on_the_smallest_phone(chromium, school):
    context = chromium.new_context(base_url=school.url, viewport={"width": 320, "height": 640})
    page = context.new_page()

    wide = []
    for path in PUBLIC:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide.append((path, width))

    context.close()
    assert wide == []


def test_a_paid_course_is_bought_and_begun_without_javascript(chromium, school):
    context = chromium.new_context(base_url=school.url, java_script_enabled=False)
    page = context.new_page()
    email = sign_up(page, school)

    page.goto("/courses/css-foundations/")
    page.get_by_role("link", name=re.compile("Buy for")).click()
    page.get_by_label(re.compile("agree|consent|right", re.I)).first.check()
    page.get_by_role("button", name=re.compile("Pay")).click()
    page.get_by_role("button", name="Succeed").click()

    assert "/orders/" in page.url
    assert school.mails_to(email)
    page.goto("/learn/css-foundations/")
    page.get_by_role("button", name=re.compile("Mark|complete|Done", re.I)).first.click()
    page.goto("/learn/")
    assert "CSS foundations" in page.get_by_role("main").inner_text()
    context.close()


def test_the_private_pages_of_a_learner_shut_nobody_out(browser_page, school, axe):
    page = browser_page
    sign_up(page, school)
    page.goto("/learn/html-foundations/")
    page.get_by_role("button", name=re.compile("Start", re.I)).first.click()

    found = []
    for path in ("/learn/", "/learn/html-foundations/html-layout-size-and-composition/",
                 "/accounts/", "/accounts/2fa/", "/accounts/sessions/", "/orders/"):  # fmt: skip
        page.goto(path)
        found += violations(page, axe)

    assert found == []


def test_the_admin_is_reached_by_staff_and_shuts_nobody_out(browser_page, school, axe):
    page = browser_page
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(school.staff_email)
    page.get_by_label("Password", exact=True).fill(school.staff_password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()

    page.goto("/admin/")
    assert page.get_by_role("heading", level=1).count() == 1
    assert violations(page, axe) == []


def test_a_passkey_is_added_and_signs_in(chromium, school):
    context = chromium.new_context(base_url=school.url)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
        }},
    )  # fmt: skip
    sign_up(page, school)

    page.goto("/accounts/2fa/webauthn/add/")
    if page.get_by_label("Password", exact=True).count():
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_label("Name").fill("Test key")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name=re.compile("passkey", re.I)).click()
    page.wait_for_url(lambda url: "/login" not in url)

    page.goto("/learn/")
    assert page.url.endswith("/learn/")
    context.close()


def test_the_pages_are_valid_html(browser_page, school, tmp_path):
    paths = []
    for number, path in enumerate(PUBLIC[:-1]):
        answer = browser_page.request.get(path)
        file = tmp_path / f"{number}.html"
        file.write_text(answer.text())
        paths.append(str(file))
    config = packages.HERE / "htmlvalidate.json"

    result = packages.run(
        "html-validate/bin/html-validate.mjs",
        "--config",
        str(config),
        "--formatter",
        "json",
        *paths,
    )

    found = []
    for report in json.loads(result.stdout or "[]"):
        path = PUBLIC[int(report["filePath"].rsplit("/", 1)[1].removesuffix(".html"))]
        found += [
            f"{path}:{one['line']} {one['ruleId']} {one['message']}" for one in report["messages"]
        ]
    assert found == []


def test_the_openapi_document_makes_a_typed_client_that_compiles(tmp_path):
    made = tmp_path / "school.d.ts"
    document = packages.HERE.parent.parent / "docs" / "reference" / "openapi.yaml"

    result = packages.run("openapi-typescript/bin/cli.js", str(document), "-o", str(made))
    assert result.returncode == 0, result.stderr
    (tmp_path / "use.ts").write_text(
        "import type { paths } from './school';\n"
        "export type Courses = paths['/api/v1/courses']['get'];\n"
    )
    compiled = packages.run(
        "typescript/bin/tsc", "--strict", "--noEmit", "--skipLibCheck", str(tmp_path / "use.ts")
    )

    assert compiled.returncode == 0, compiled.stdout


def test_a_printed_lesson_has_no_navigation(browser_page):
    page = browser_page
    page.goto("/courses/html-foundations/lessons/html-layout-size-and-composition/")
    page.emulate_media(media="print")

    assert not page.locator(".masthead").is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
