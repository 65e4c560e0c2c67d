"""The demo school as `make run` plants it: whole, planted once, and without a dead link."""

import re
from collections import Counter
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.apps import apps
from django.conf import settings

from catalog.models import (
    FAQ,
    Course,
    Exercise,
    ImageReference,
    Lesson,
    Project,
    Question,
    Topic,
)
from config import demo
from engineroom.models import SettingValue
from learning.models import Submission
from payments.models import Offer
from tests.factories.accounts import make_user
from tests.journeys.steps import buy, sign_in
from tests.journeys.visitor import Visitor, body_of

pytestmark = pytest.mark.usefixtures("school")
CLOSED = ("/accounts/", "/admin/", "/learn/", "/buy/", "/checkout/", "/orders/", "/simulator/")
# What a stranger's walk has seen already.
PUBLIC = tuple(
    f"/{name}/"
    for name in (
        "courses",
        "lessons",
        "exercises",
        "projects",
        "topics",
        "instructors",
        "developers",
    )
) + ("/feed/", "/sitemap", "/robots")
MOST_PAGES = 600


def every_row() -> dict[str, list]:
    """All rows of all our tables as plain values, by table. When a stamp was written may differ."""
    found = {}
    for model in apps.get_models():
        rows = model._default_manager.order_by("pk")
        if model is SettingValue:
            found[model._meta.label] = list(rows.values_list("pk", "value"))
        else:
            found[model._meta.label] = list(rows.values_list())
    return found


def test_it_holds_what_was_promised():
    published = {"edition__state": "published"}

    assert Topic.objects.filter(is_published=True).count() >= 3
    assert Course.objects.published().count() == 9
    assert Lesson.objects.filter(**published).count() >= 40
    assert Exercise.objects.filter(**published).count() >= 30
    assert Project.objects.filter(**published).count() >= 6
    assert FAQ.objects.count() >= 15
    assert FAQ.objects.filter(topic__slug="backend-development").count() == 3
    deepest = Course.objects.get(slug="backend-development")
    assert deepest.lesson_count >= 12
    assert deepest.lesson_count == max(Course.objects.values_list("lesson_count", flat=True))
    assert set(Course.objects.values_list("is_free", flat=True)) == {True, False}
    assert Offer.objects.count() == Course.objects.filter(is_free=False).count()
    kinds = Question.objects.filter(exercise__edition__state="published").values_list("kind")
    assert len(set(kinds)) == 6


def test_nothing_of_it_is_left_unpublished():
    for model in (Lesson, Exercise, Project):
        assert list(model.objects.exclude(problem="").values_list("key", "problem")) == []
    assert list(ImageReference.objects.filter(alt="", is_decorative=False)) == []


def test_planting_it_again_changes_no_row_in_any_table():
    before = every_row()
    assert demo.is_planted()

    demo.plant()

    after = every_row()
    assert {name: len(rows) for name, rows in after.items()} == {
        name: len(rows) for name, rows in before.items()
    }
    assert [name for name in before if before[name] != after[name]] == []


def test_topic_pages_list_project_briefs_and_a_gallery_of_marked_samples():
    visitor = Visitor()
    with_gallery = 0
    for topic in Topic.objects.filter(is_published=True):
        page = visitor.open(topic.get_absolute_url())
        links = [address for address, _ in page.read.links]
        projects = Project.objects.filter(
            edition__state="published", edition__course__topics=topic
        ).select_related("edition__course")
        briefs = [
            f"/courses/{project.edition.course.slug}/projects/{project.key}/"
            for project in projects
        ]
        assert any(brief in links for brief in briefs), topic
        works = Submission.objects.filter(
            course__topics=topic, is_public=True, is_hidden=False, is_sample=True
        )
        shown = [work for work in works if work.title in page.text]
        with_gallery += bool(shown)
        if shown:
            assert re.search("sample", page.text, re.I)
    assert with_gallery == Topic.objects.filter(is_published=True).count()


def test_the_article_on_backend_development_says_what_it_should():
    page = Visitor().open("/topics/backend-development/")

    words = page.text.lower()
    for matter in ("feasibility", "performance", "api", "growth", "architecture", "security"):
        assert matter in words
    assert page.html.count("<details") >= 3


def crawl(visitor: Visitor, start: str, *, skip=()) -> dict[str, object]:
    """Every page reachable from `start`, each address once: {address: Page or status}.

    Addresses with a query are followed from plain pages only: filters make endless combinations.
    """
    found: dict[str, object] = {}
    waiting = [(start, "")]
    asked, likes = {start}, Counter()
    while waiting:
        address, source = waiting.pop()
        assert len(found) < MOST_PAGES
        page = visitor.open(address)
        assert page.status == 200, f"{source} links to {address}: {page.status}"
        found[address] = page
        is_plain = "?" not in address
        for link, _ in page.read.links:
            target = internal(page.address, link)
            if target is None or target.startswith(skip) or target in asked:
                continue
            if "?" in target and not is_plain:
                continue
            asked.add(target)
            kind = re.sub(r"=[^&]*", "", target)
            likes[kind] += "?" in target
            if likes[kind] > 3:  # the same filters with other values
                continue
            waiting.append((target, address))
    return found


def internal(base: str, link: str) -> str | None:
    """The address without fragment when it is one of ours."""
    whole = urljoin(f"{settings.SITE_URL}{base}", link)
    if not whole.startswith(settings.SITE_URL):
        return None
    parts = urlsplit(whole)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def check_pages(visitor: Visitor, pages: dict) -> None:
    """One h1, unique ids, every picture there and described, every fragment with its target."""
    files = Counter()
    for address, page in pages.items():
        if not page.response["Content-Type"].startswith("text/html"):
            continue
        assert len(page.read.headings) == 1, f"{address}: {page.read.headings}"
        twice = [name for name, count in Counter(page.read.ids).items() if count > 1]
        assert twice == [], f"{address}: ids {twice}"
        for image in page.read.images:
            assert "alt" in image, f"{address}: {image}"
        for source in page.read.sources:
            if target := internal(address, source):
                files[target] += 1
        for link, _ in page.read.links:
            fragment = urlsplit(link).fragment
            target = internal(page.address, link)
            aim = page if target == page.address else pages.get(target)
            if fragment and aim is not None:
                assert unquote(fragment) in aim.read.ids, f"{address}: {link} leads nowhere"
    for file in files:
        assert visitor.status_of(file) == 200, file


@pytest.fixture(scope="module")
def public_pages(planted, django_db_blocker):
    """What a stranger reaches from the front page."""
    with django_db_blocker.unblock():
        return crawl(Visitor(), "/", skip=CLOSED)


def test_no_link_and_no_picture_of_a_public_page_is_dead(public_pages):
    check_pages(Visitor(), public_pages)


def test_every_published_thing_is_reached_from_the_front_page(public_pages):
    for course in Course.objects.published():
        assert course.get_absolute_url() in public_pages
    for place, model in (("lessons", Lesson), ("exercises", Exercise), ("projects", Project)):
        for slug, key in model.objects.filter(edition__state="published").values_list(
            "edition__course__slug", "key"
        ):
            assert f"/courses/{slug}/{place}/{key}/" in public_pages
    for topic in Topic.objects.filter(is_published=True):
        assert topic.get_absolute_url() in public_pages


def test_the_site_map_names_pages_that_are_there(public_pages):
    visitor = Visitor()
    parts = re.findall(r"<loc>(.*?)</loc>", visitor.open("/sitemap.xml").html)
    assert parts

    addresses = []
    for part in parts:
        body = body_of(visitor.client.get(urlsplit(part).path))
        addresses += re.findall(r"<loc>(.*?)</loc>", body.decode())

    assert len(addresses) == len(set(addresses)) >= 100
    unknown = {urlsplit(address).path for address in addresses} - set(public_pages)
    assert [path for path in unknown if visitor.status_of(path) != 200] == []


def test_every_page_of_a_learner_is_there_too():
    visitor, person = Visitor(), make_user()
    sign_in(visitor, person.email)
    slugs = list(Course.objects.order_by("slug").values_list("slug", "is_free"))
    for slug, is_free in slugs:
        if is_free:
            visitor.open(f"/learn/{slug}/").press("Start for free")
        else:
            buy(visitor, slug)

    pages = crawl(visitor, "/learn/", skip=PUBLIC)

    check_pages(visitor, pages)
    for item in Lesson.objects.filter(edition__state="published").select_related("edition__course"):
        page = pages[f"/learn/{item.edition.course.slug}/{item.key}/"]
        assert item.title in page.heading
