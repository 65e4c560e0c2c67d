"""What machines read: site map, robots, the feed."""

from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from catalog.queries.addresses import map_blocks, mapped, mapped_pages
from catalog.queries.feed import newest_courses, newest_open_lessons
from catalog.views.addresses import whole
from engineroom import clock, slots
from engineroom.budgets import budget

XML = "application/xml; charset=utf-8"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
CLOSED = ("admin", "accounts", "learn", "api", "buy", "checkout", "orders", "preview", "simulator")


def _kept(response, seconds: int = 3600):
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response


@budget(50)
@require_safe
def robots(request):
    lines = ["User-agent: *", *(f"Disallow: /{name}/" for name in CLOSED)]
    lines += ["", f"Sitemap: {whole('/sitemap.xml')}", ""]
    return _kept(HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))


@budget(100)
@require_safe
def sitemap(request):
    """The index of the parts."""
    parts = "".join(
        f"<sitemap><loc>{escape(whole(f'/sitemap-{name}.xml'))}</loc></sitemap>\n"
        for name in map_blocks()
    )
    text = f"{HEAD}<sitemapindex {SPACE}>\n{parts}</sitemapindex>\n"
    return _kept(HttpResponse(text, content_type=XML))


@budget(2000)
@require_safe
def sitemap_part(request, name):
    """At most 20,000 addresses, sent as they are read."""
    place, _, number = name.partition("-")
    if name == "pages":
        rows = _pages()
    elif place in ("courses", "lessons", "exercises", "projects") and number.isdecimal():
        rows = mapped(place, int(number))
    else:
        raise Http404
    return _kept(StreamingHttpResponse(_urls(rows), content_type=XML))


def _pages():
    yield from mapped_pages()
    for rows in slots.gather("site.map"):
        yield from rows


def _urls(rows):
    yield f"{HEAD}<urlset {SPACE}>\n"
    for path, changed_at in rows:
        changed = f"<lastmod>{changed_at:%Y-%m-%d}</lastmod>" if changed_at else ""
        yield f"<url><loc>{escape(whole(path))}</loc>{changed}</url>\n"
    yield "</urlset>\n"


@budget(100)
@require_safe
def feed(request):
    """Atom: new courses and open lessons. The text of a closed lesson is never in it."""
    courses, lessons = newest_courses(), newest_open_lessons()
    made = Atom1Feed(
        title=f"{settings.SCHOOL_NAME}: new courses and lessons",
        link=whole("/"),
        description="",
        feed_url=whole("/feed/"),
        language="en",
    )
    entries = [
        (course.published_at, course.title, course.get_absolute_url(), escape(course.summary))
        for course in courses
    ]
    entries += [
        (
            lesson.edition.published_at,
            f"{lesson.edition.course.title}: {lesson.title}",
            f"/courses/{lesson.edition.course.slug}/lessons/{lesson.key}/",
            _absolute(lesson.body.html),
        )
        for lesson in lessons
    ]
    for changed_at, title, path, html in sorted(entries, key=lambda entry: entry[0], reverse=True):
        made.add_item(
            title=title,
            link=whole(path),
            description=html,
            unique_id=whole(path),
            updateddate=changed_at,
            pubdate=changed_at,
        )
    if not entries:
        made.latest_post_date = clock.now
    text = made.writeString("utf-8")
    return _kept(HttpResponse(text, content_type="application/atom+xml; charset=utf-8"), 300)


def _absolute(html: str) -> str:
    for name in ("href", "src"):
        html = html.replace(f'{name}="/', f'{name}="{settings.SITE_URL}/')
    return html
