"""Every public page answers, holds to its number of queries and shows only what is open."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.actions.courses import rename_course
from catalog.models import Recommendation, Translation
from engineroom import slots
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_course,
    make_cover,
    make_draft,
    make_faq,
    make_instructor,
    make_lesson,
    make_topic,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_slots")]


def text(response) -> str:
    return response.content.decode()


def queries(client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200
    return len(captured)


def furnish(count: int, topic):
    for index in range(count):
        course = make_course(
            lessons=2,
            exercises=1,
            projects=1,
            is_free=index % 2 == 0,
            topics=[topic],
            instructors=[make_instructor()],
        )
        make_faq(course=course)
        make_cover(course, palette=2)
    return course


LIMITS = {"/": 6, "/courses/": 6, "/courses/?q=course&level=beginner&sort=title": 6}


def test_the_number_of_queries_does_not_grow_with_the_catalog(client):
    topic = make_topic()
    course = furnish(3, topic)
    paths = [*LIMITS, course.get_absolute_url(), "/lessons/", "/exercises/", "/projects/"]
    paths += ["/topics/", topic.get_absolute_url(), "/feed/"]
    lesson = course.published_edition.lessons.first()
    paths.append(f"{course.get_absolute_url()}lessons/{lesson.key}/")
    few = {path: queries(client, path) for path in paths}
    furnish(30, topic)

    many = {path: queries(client, path) for path in paths}

    assert many == few, {path: (few[path], many[path]) for path in few}
    assert all(few[path] <= limit for path, limit in LIMITS.items())
    assert few[course.get_absolute_url()] <= 8


def test_a_visitor_without_a_session_gets_a_page_for_everybody(client):
    course = make_course()

    response = client.get(course.get_absolute_url())

    assert response["Cache-Control"] == "public, max-age=60"
    assert not response.cookies
    assert (
        client.get(
            course.get_absolute_url(), headers={"If-None-Match": response["ETag"]}
        ).status_code
        == 304
    )


def test_a_person_with_a_place_sees_it_and_nobody_stores_the_page(client):
    course = make_course()
    place = {"url": "/learn/x/", "label": "Continue", "done": 2, "total": 5}
    slots.fill("catalog.my_place", lambda person, course: place)
    client.force_login(make_user())

    response = client.get(course.get_absolute_url())

    assert response["Cache-Control"] == "private, no-store"
    assert "2 of 5 finished" in text(response)


def test_the_course_page_offers_the_course(client):
    paid, free = make_course(is_free=False), make_course(is_free=True)

    assert 'href="/buy/offer_x/"' in text(client.get(paid.get_absolute_url()))
    assert f'href="/learn/{free.slug}/"' in text(client.get(free.get_absolute_url()))


def test_an_empty_school_has_pages_too(client):
    for path in ("/", "/courses/", "/lessons/", "/topics/", "/feed/", "/sitemap.xml"):
        assert client.get(path).status_code == 200


def titles(response) -> list[str]:
    return re.findall(r'<h3 class="h4"><a href="/courses/[^"]+" lang="en">([^<]+)<', text(response))


def test_the_list_is_searched_filtered_sorted_and_paged(client):
    topic = make_topic(slug="web")
    make_course(title="Waiting well", level="advanced", is_free=False, topics=[topic])
    make_course(title="Serving", summary="Well done", lessons=3)
    make_course(title="Other")

    assert set(titles(client.get("/courses/?q=well"))) == {"Waiting well", "Serving"}
    assert titles(client.get("/courses/?topic=web")) == ["Waiting well"]
    assert titles(client.get("/courses/?level=advanced&level=nonsense")) == ["Waiting well"]
    assert titles(client.get("/courses/?price=paid")) == ["Waiting well"]
    assert titles(client.get("/courses/?sort=title")) == ["Other", "Serving", "Waiting well"]
    assert titles(client.get("/courses/?sort=newest"))[0] == "Other"
    assert "Nothing by that name" in text(client.get("/courses/?q=zzz"))


def test_pages_follow_each_other_by_key(client):
    for index in range(30):
        make_course(title=f"Course {index:02}")

    first = client.get("/courses/?sort=title")
    following = re.search(r'rel="next" href="([^"]+)"', text(first))[1].replace("&amp;", "&")
    second = client.get("/courses/" + following)

    assert titles(first) + titles(second) == [f"Course {index:02}" for index in range(30)]


def test_an_old_address_redirects_for_good(client):
    course = make_course(slug="old")
    lesson = course.published_edition.lessons.first()
    rename_course(course=course, actor=None, slug="middle")
    course.refresh_from_db()
    rename_course(course=course, actor=None, slug="новый")

    response = client.get(f"/courses/old/lessons/{lesson.key}/?a=1")

    assert response.status_code == 301
    assert client.get(response["Location"]).status_code == 200
    assert client.get("/courses/middle/")["Location"].endswith(
        "/courses/%D0%BD%D0%BE%D0%B2%D1%8B%D0%B9/"
    )


def test_a_draft_has_no_public_page(client):
    edition = make_draft()
    lesson = make_lesson(edition, is_open=True)

    assert client.get(f"/courses/{edition.course.slug}/").status_code == 404
    assert client.get(f"/courses/{edition.course.slug}/lessons/{lesson.key}/").status_code == 404


def test_an_exercise_asked_for_as_a_lesson_is_found(client):
    course = make_course(exercises=1)
    key = course.published_edition.exercises.get().key

    response = client.get(f"{course.get_absolute_url()}lessons/{key}/")

    assert response.status_code == 301
    assert response["Location"] == f"{course.get_absolute_url()}exercises/{key}/"


def test_a_translation_has_its_own_address_and_language(client):
    edition = make_draft()
    lesson = make_lesson(edition, key="wait", is_open=True)
    Translation.objects.create(
        edition=edition, item_key=lesson.key, locale="ar", title="Darasa", body=make_body("Nass")
    )
    from catalog.actions.publishing import publish_edition

    publish_edition(course=edition.course, actor=None)
    path = f"/courses/{edition.course.slug}/lessons/wait/"

    page = text(client.get(f"/ar{path}"))

    assert 'lang="ar" dir="rtl"' in page
    assert "Nass" in page
    assert 'hreflang="ar"' in text(client.get(path))
    assert client.get(f"/de{path}").status_code == 404


def structured(response) -> list[dict]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text(response))
    return [json.loads(part) for part in found]


def test_pages_describe_themselves_to_machines(client):
    topic = make_topic(sections=1)
    course = make_course(topics=[topic], is_free=False)
    make_faq(course=course, question="Why </script>?")
    lesson = course.published_edition.lessons.first()

    page = client.get(course.get_absolute_url())
    kinds = {part["@type"] for part in structured(page)}
    assert kinds == {"Course", "BreadcrumbList", "FAQPage"}
    assert f'<link rel="canonical" href="http://localhost:8000/courses/{course.slug}/">' in text(
        page
    )
    assert 'property="og:title"' in text(page)
    kinds = {
        part["@type"]
        for part in structured(client.get(f"{course.get_absolute_url()}lessons/{lesson.key}/"))
    }
    assert "LearningResource" in kinds
    assert "Article" in {part["@type"] for part in structured(client.get(topic.get_absolute_url()))}


def test_the_site_map_lists_what_is_on_offer(client):
    course = make_course(exercises=1, projects=1)
    draft = make_draft()
    slots.fill("site.map", lambda: [("/verify/", None)])
    index = text(client.get("/sitemap.xml"))

    parts = re.findall(r"<loc>http://localhost:8000(/sitemap-[^<]+)</loc>", index)
    whole = "".join(b"".join(client.get(part).streaming_content).decode() for part in parts)

    assert f"/courses/{course.slug}/</loc>" in whole
    for place in ("lessons", "exercises", "projects"):
        assert f"/courses/{course.slug}/{place}/" in whole
    assert "/verify/" in whole
    assert draft.course.slug not in whole
    assert client.get("/sitemap-nonsense-1.xml").status_code == 404
    assert "Sitemap: http://localhost:8000/sitemap.xml" in text(client.get("/robots.txt"))


def test_a_topic_shows_what_it_recommends(client):
    topic = make_topic(sections=2)
    course = make_course(lessons=2, exercises=1, projects=1)
    hidden = make_course(is_published=False)
    edition = course.published_edition
    rows = [
        ("course", course, ""),
        ("course", hidden, ""),
        ("lesson", course, edition.lessons.first().key),
        ("exercise", course, edition.exercises.get().key),
        ("project", course, edition.projects.get().key),
        ("lesson", course, "gone"),
    ]
    for position, (kind, each, key) in enumerate(rows):
        Recommendation.objects.create(
            topic=topic, kind=kind, course=each, key=key, position=position
        )
    make_faq(topic=topic, question="Which language?")

    page = text(client.get(topic.get_absolute_url()))

    for row in (edition.lessons.first(), edition.exercises.get(), edition.projects.get()):
        assert row.title in page
    assert hidden.title not in page
    assert "Which language?" in page
    assert client.get(f"/topics/{make_topic(is_published=False).slug}/").status_code == 404


HOSTILE = [
    "/courses/?after=%00",
    "/courses/?after=NQ",
    "/courses/?after=bnVsbA",
    "/courses/?after=WzEsMl0",
    "/courses/?after=WyIyMDI2IiwgIngiXQ",
    "/courses/?after=" + "A" * 5000,
    "/courses/?q=%00%00a",
    "/courses/?q=" + "x" * 20_000,
    "/courses/?q=%25_%27%22\\",
    "/courses/?level=%00&price=nonsense&sort=../x&language=%ff",
    "/courses/?topic=" + "&topic=".join("abc"),
    "/lessons/?after=WyJ4Il0&sort=title",
    "/exercises/?sort=shortest&after=WzFlOTk5LCAxXQ",
    "/courses/%00/",
    "/courses/%ff%fe/",
    "/courses/" + "a" * 400 + "/",
    "/courses/a/lessons/%00/",
    "/topics/..%2f..%2fetc/",
    "/files/" + "0" * 64 + "/x.png",
    "/files/" + "g" * 64 + "/x.png",
    "/preview/%00/",
    "/xx/courses/a/lessons/b/",
    "/sitemap-lessons-99999999999999999999.xml",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_that_is_asked_for_breaks_a_page(client, path):
    make_course(exercises=1)

    response = client.get(path)
    if response.streaming:
        b"".join(response.streaming_content)

    assert response.status_code in (200, 400, 302, 404)


def test_each_page_has_one_heading_and_labels(client):
    topic = make_topic(sections=1)
    course = make_course(exercises=1, projects=1, topics=[topic], instructors=[make_instructor()])
    edition = course.published_edition
    base = course.get_absolute_url()
    paths = ["/", "/courses/", base, "/lessons/", "/topics/", topic.get_absolute_url()]
    paths += [f"{base}lessons/{edition.lessons.get().key}/"]
    paths += [f"{base}exercises/{edition.exercises.get().key}/"]
    paths += [f"{base}projects/{edition.projects.get().key}/"]
    paths += [course.instructors.get().get_absolute_url()]

    for path in paths:
        page = text(client.get(path))
        assert len(re.findall(r"<h1[ >]", page)) == 1, path
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        for control in re.findall(r'<(?:input|select)[^>]*\sid="([^"]+)"', page):
            assert f'for="{control}"' in page, path
        assert not re.search(r"\sstyle=|<script(?![^>]*(?:src|ld\+json))", page), path
