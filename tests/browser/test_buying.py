"""A course is bought, opened and begun: with the mouse, with keys alone, and without a script."""

import re

import pytest

from tests.browser.people import Api, new_email, sign_up

pytestmark = pytest.mark.browser
WIDTHS = [1280, 390]
SLUG = "css-foundations"


@pytest.fixture(params=WIDTHS)
def page(request, chromium, school):
    """An empty window of the width; what the browser complains of fails the test."""
    context = chromium.new_context(
        base_url=school.url, viewport={"width": request.param, "height": 900}
    )
    page, said, outside = context.new_page(), [], []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: outside.append(one.url))
    yield page
    context.close()
    assert said == []
    assert [url for url in outside if not url.startswith((school.url, "data:"))] == []


def test_with_the_mouse(page, school):
    email = sign_up(page, school)
    page.goto("/")
    if page.get_by_role("navigation", name="Main", exact=True).is_visible():
        page.get_by_role("navigation", name="Main", exact=True).get_by_text("Catalog").click()
    else:
        page.get_by_text("Menu", exact=True).click()
        page.get_by_role("link", name="Catalog and search").click()
    page.get_by_role("main").get_by_role("link", name="CSS foundations").first.click()
    page.get_by_role("link", name="Buy for €39.00").first.click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Pay €39.00").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay €39.00").click()

    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")
    assert school.link_in_mail(email, f"/courses/{SLUG}/")
    page.get_by_role("link", name="Start reading").click()
    page.get_by_role("main").get_by_role("link", name="Start learning").first.click()
    page.get_by_role("button", name="Mark as complete").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Units, color and type"
    page.goto("/learn/")
    assert "1 of 9 steps" in page.get_by_role("main").inner_text()


class Keys:
    """Somebody who has no mouse: Tab to a thing, then Enter or Space."""

    def __init__(self, page):
        self.page = page

    def name(self) -> str:
        return self.page.evaluate(
            """() => {
              const one = document.activeElement;
              const label = one.labels?.[0]?.textContent;
              return (one.getAttribute('aria-label') || label || one.textContent).trim();
            }"""
        )

    def reach(self, wanted: str, *, within: int = 120) -> None:
        """Tab until the focus is on what begins so; it must be seen to be there."""
        for _ in range(within):
            self.page.keyboard.press("Tab")
            if self.name().startswith(wanted):
                style = self.page.evaluate(
                    "(() => { const s = getComputedStyle(document.activeElement);"
                    " return s.outlineStyle + s.boxShadow })()"
                )
                assert style != "nonenone", f"{wanted}: the focus is not shown"
                return
        raise AssertionError(f"Tab never reaches “{wanted}” on {self.page.url}")

    def skip(self) -> None:
        """Over the masthead by the first link of the page."""
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")

    def choose(self) -> None:
        """The first choice of the first question, and the one below it by an arrow."""
        while self.page.evaluate("document.activeElement.type") != "radio":
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Space")
        self.page.keyboard.press("ArrowDown")

    def press(self, wanted: str, key: str = "Enter") -> None:
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def write(self, wanted: str, text: str) -> None:
        self.reach(wanted)
        self.page.keyboard.type(text)


def test_with_keys_alone(page, school):
    keys, email = Keys(page), new_email("keys")
    page.goto(f"/courses/{SLUG}/")
    keys.press("Buy for")
    keys.write("E-mail", email)
    keys.reach("I agree")
    page.keyboard.press("Space")
    keys.press("Pay €39.00", "Space")
    keys.press("Succeed", "Space")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")

    page.goto(school.link_in_mail(email, "/accounts/link/"))
    keys.skip()
    keys.press("Sign in")
    page.goto(f"/learn/{SLUG}/")
    keys.press("Mark as complete")
    assert page.get_by_role("heading", level=1).inner_text() == "Units, color and type"

    page.goto(f"/learn/{SLUG}/cascade-and-values/")
    keys.skip()
    keys.choose()
    keys.press("Save for later")
    assert page.get_by_role("radio", checked=True).count() == 1
    assert page.get_by_role("radio").nth(1).is_checked()


def test_without_a_script(chromium, school):
    context = chromium.new_context(base_url=school.url, java_script_enabled=False)
    page = context.new_page()
    email = sign_up(page, school)
    page.goto(f"/courses/{SLUG}/")
    page.get_by_role("link", name=re.compile("Buy for")).first.click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Ask for 3-D Secure").click()
    page.get_by_role("button", name="Confirm the payment").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")
    assert school.link_in_mail(email, "/orders/")

    page.goto(f"/learn/{SLUG}/cascade-and-values/")
    first = page.locator("ol.order").first.locator("li").first.inner_text()
    page.locator("ol.order").first.get_by_role("button", name="down").first.click()
    assert page.locator("ol.order").first.locator("li").nth(1).inner_text()[2:] == first[2:]
    page.get_by_role("button", name="Check my answers").click()
    assert page.get_by_role("alert").is_visible()
    assert page.title().startswith("Error: ")
    context.close()


def test_a_declined_card_is_said_and_can_be_replaced(page, school):
    sign_up(page, school)
    page.goto(f"/courses/{SLUG}/")
    page.get_by_role("link", name=re.compile("Buy for")).first.click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Pay").click()
    page.get_by_label("Card number").fill("4000 0000 0000 9995")
    page.get_by_role("button", name="Pay").click()
    assert page.get_by_role("alert").inner_text().startswith("Your bank declined this card")
    assert page.title().startswith("Error: ")

    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Succeed").click()

    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")


def test_a_purchase_by_api_opens_the_course_in_the_browser(chromium, school, learner):
    context = chromium.new_context(base_url=school.url, storage_state=learner.state)
    api = Api(context.request, learner.token)
    api.pay(api.order("ai-fundamentals-for-ux"))
    page = context.new_page()

    page.goto("/learn/ai-fundamentals-for-ux/")

    assert page.get_by_role("heading", level=1).inner_text() == "What a model learns"
    context.close()
