"""/developers/: the API reference that the school serves itself, read from its own document."""

import json
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import BashLexer, JsonLexer

from engineroom import openapi
from engineroom.pages import public_page
from engineroom.reference import Operation, Reader, slug

LONGEST_SEARCH = 100
SAMPLE_PROBLEM = {
    "type": "/developers/problems/#invalid",
    "title": "The request is not valid",
    "status": 400,
    "code": "invalid",
    "detail": "Some fields need another look.",
    "request_id": "req_aguqxkdp4q2a",
    "errors": [{"field": "email", "code": "invalid", "detail": "Enter a valid email address."}],
}
SAMPLE_PAGE = {
    "next": "https://school.example/api/v1/…?cursor=cD0x",
    "previous": None,
    "results": [],
}


@dataclass(frozen=True)
class Shown:
    """An operation with its samples highlighted."""

    operation: Operation
    request: SafeString
    answer: SafeString


@dataclass(frozen=True)
class Chapter:
    """The operations of one tag."""

    name: str
    slug: str
    entries: list[Shown]


def _colored(text: str, lexer) -> SafeString:
    """Pygments escapes everything it is given."""
    return mark_safe(highlight(text, lexer, HtmlFormatter(nowrap=True)))


@cache
def _chapters(urlconf: str) -> list[Chapter]:
    """Made once per process: the document does not change while it runs."""
    reader = Reader(openapi.document(), settings.SITE_URL)
    by_tag: dict[str, list[Shown]] = {}
    for one in reader.operations():
        shown = Shown(one, _colored(one.request, BashLexer()), _colored(one.answer, JsonLexer()))
        by_tag.setdefault(one.tag, []).append(shown)
    return [Chapter(tag, slug(tag), entries) for tag, entries in by_tag.items()]


@cache
def _calls(urlconf: str, tag: str) -> SafeString:
    """The body of a chapter, rendered once per process: a hundred kilobytes that never change."""
    one = next(one for one in _chapters(urlconf) if one.slug == tag)
    return mark_safe(render_to_string("engineroom/_developers_calls.html", {"chapter": one}))


def chapters() -> list[Chapter]:
    return _chapters(settings.ROOT_URLCONF)


@cache
def _document_text(urlconf: str) -> str:
    return json.dumps(openapi.document(), ensure_ascii=False, default=str)


@public_page(max_age=300)
def overview(request):
    """The introduction and the list of all calls; `?q=` narrows the list."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    words = query.lower().split()
    found = [
        Chapter(chapter.name, chapter.slug, entries)
        for chapter in chapters()
        if (entries := [one for one in chapter.entries if one.operation.matches(words)])
    ]
    samples = {
        "first_call": _colored(f"curl {settings.SITE_URL}/developers/openapi.json", BashLexer()),
        "token_call": _colored(
            f'curl {settings.SITE_URL}/api/v1/me \\\n  -H "Authorization: Bearer $TOKEN"',
            BashLexer(),
        ),
        "problem": _colored(json.dumps(SAMPLE_PROBLEM, indent=2), JsonLexer()),
        "page": _colored(json.dumps(SAMPLE_PAGE, indent=2, ensure_ascii=False), JsonLexer()),
    }
    return render(
        request,
        "engineroom/developers.html",
        {
            "query": query,
            "found": found,
            "count": sum(len(chapter.entries) for chapter in found),
            "chapters": chapters(),
            "version": openapi.document()["info"]["version"],
            "codes": openapi.problem_codes()[:6],
            **samples,
        },
    )


@public_page(max_age=300)
def chapter(request, tag):
    """All calls of one tag, each with its parameters, bodies, answers and an example."""
    for one in chapters():
        if one.slug == tag:
            calls = _calls(settings.ROOT_URLCONF, tag)
            context = {"chapter": one, "calls": calls, "chapters": chapters(), "query": ""}
            return render(request, "engineroom/developers_chapter.html", context)
    raise Http404


@public_page(max_age=300)
def problems(request):
    """Every stable error code. Problem documents point here by their `type`."""
    context = {"codes": openapi.problem_codes(), "chapters": chapters(), "query": ""}
    return render(request, "engineroom/developers_problems.html", context)


@public_page(max_age=300)
def document(request):
    """The OpenAPI document itself."""
    return HttpResponse(_document_text(settings.ROOT_URLCONF), content_type="application/json")
