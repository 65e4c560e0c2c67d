"""Money through Stripe in a browser: our pages, the stand-in's hosted page, and its signed post."""

import re
import sqlite3

import pytest

from tests.browser.people import sign_in, sign_up
from tests.browser.stripe_school import open_stripe_school

pytestmark = pytest.mark.browser
SLUG = "css-foundations"
GOOD, DECLINED = "4242424242424242", "4000000000000002"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_stripe_school(tmp_path_factory.mktemp("stripe-school")) as world:
        yield world


@pytest.fixture
def page(chromium, world):
    """An empty window; it may go to the school and to its Stripe, and nowhere else."""
    context = chromium.new_context(base_url=world.school.url)
    page, said, outside = context.new_page(), [], []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: outside.append(one.url))
    yield page
    context.close()
    assert said == []
    homes = (world.school.url, world.stripe.url, "data:")
    assert [url for url in outside if not url.startswith(homes)] == []


def go_to_stripe(page, world) -> None:
    """From our checkout to the hosted page, which opens by itself."""
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    page.wait_for_url(f"{world.stripe.url}/pay/**")


def pay(page, card: str) -> None:
    page.get_by_label("Card").fill(card)
    page.get_by_role("button", name="Pay").click()


def heading(page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def sell_membership(chromium, world) -> str:
    """Staff put it on sale; the address at which it is bought."""
    context = chromium.new_context(base_url=world.school.url)
    page = context.new_page()
    sign_in(page, world.school.staff_email, world.school.staff_password)
    page.goto("/admin/payments/offer/add/")
    page.locator("[name=title]").fill("Membership")
    page.locator("[name=price]").fill("29.00")
    page.locator("[name=period]").select_option("month")
    page.locator("[name=things]").fill("membership school")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/payments/offer/")
    context.close()
    link = sqlite3.connect(world.school.data_dir / "school.db")
    sql = "SELECT public_id FROM payments_offer WHERE title = 'Membership'"
    (name,) = link.execute(sql).fetchone()
    link.close()
    return f"/buy/{name}/"


def test_a_declined_card_then_a_good_one_buy_a_course(page, world):
    email = sign_up(page, world.school)
    page.goto(f"/courses/{SLUG}/")
    page.get_by_role("link", name=re.compile("Buy for")).first.click()
    go_to_stripe(page, world)

    pay(page, DECLINED)
    assert page.get_by_role("status").inner_text() == "Your card was declined."
    page.get_by_role("link", name="Back").click()
    page.wait_for_url("**/checkout/**")
    assert heading(page) != "Thank you"
    go_to_stripe(page, world)
    pay(page, GOOD)

    assert heading(page).startswith("Thank you")
    assert "Visa ending 4242" in page.get_by_role("main").inner_text()
    assert world.deliver() > 0
    assert world.school.link_in_mail(email, f"/courses/{SLUG}/")
    page.goto(f"/learn/{SLUG}/")
    page.get_by_role("button", name="Mark as complete").click()
    page.goto("/orders/")
    assert page.get_by_role("main").get_by_text("€39.00").count() == 1


def test_a_membership_begins_and_renews_by_stripes_post(page, chromium, world):
    address = sell_membership(chromium, world)
    email = sign_up(page, world.school)
    page.goto(address)
    go_to_stripe(page, world)
    pay(page, GOOD)
    assert heading(page).startswith("Thank you")
    world.deliver()
    page.goto(f"/learn/{SLUG}/")
    page.get_by_role("button", name="Start the course").click()
    page.get_by_role("button", name="Mark as complete").wait_for()

    world.advance(days=32)
    world.deliver()

    page.goto("/subscriptions/")
    page.get_by_role("main").get_by_role("link", name="Membership").click()
    payments = page.get_by_role("table").get_by_role("row")
    payments.nth(2).wait_for()
    assert payments.count() == 3  # the heads of the columns, and two months
    assert all("€29.00" in row for row in payments.all_inner_texts()[1:])
    assert world.school.link_in_mail(email, "/orders/")
