"""Markdown becomes safe, accessible HTML."""

import re
from time import process_time

import pytest

from catalog.markdown import render, render_brief, render_inline, word_count_of
from catalog.markup import Rewriter

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></mtext><style><img src=x onerror=alert(1)></style></math>",
    "<iframe src=https://example.com></iframe>",
    "<form action=/x><input name=q><button>x</button></form>",
    "<div style='position:fixed' class='masthead' id='main'>x</div>",
    "<base href=https://example.com>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    '```python title="</span><script>alert(1)</script>"\n1\n```',
    '```"><script>alert(1)</script>\nx\n```',
    "# <img src=x onerror=alert(1)>",
    '[a]: http://x "onmouseover=alert(1)"\n[a]',
    "> [!NOTE] <script>alert(1)</script>\n> x",
    "<pre>LECTERN</pre>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_that_acts_gets_through(source):
    html = render(source).html + render_inline(source) + render_brief(source)
    tags = "".join(re.findall(r"<[^>]*>", html)).lower()

    for word in (
        "<script",
        "onerror",
        "javascript:",
        "<iframe",
        "<form",
        "<input",
        "style=",
        "<base",
        "data:",
        " onmouseover",
        'id="main"',
        "masthead",
        "<svg",
        "<style",
    ):
        assert word not in tags, html


def test_pictures_elsewhere_are_linked_and_never_loaded():
    rendered = render("![A cat](https://example.com/cat.png) [![b](//example.com/b.png)](/c/)")

    assert "<img" not in rendered.html
    assert (
        '<a href="https://example.com/cat.png" rel="nofollow noopener">A cat</a>' in rendered.html
    )
    assert '<a href="/c/">b</a>' in rendered.html
    assert [image["alt"] for image in rendered.images] == ["A cat", "b"]


def test_pictures_of_ours_have_their_size():
    found = {"src": "/files/x/a.png", "width": 4, "height": 3}
    html = render("![A](a.png)", resolve_image=lambda src, alt: found).html

    assert '<img src="/files/x/a.png" alt="A" width="4" height="3" loading="lazy"' in html


def test_a_picture_can_say_that_it_is_decoration():
    images = render('![](a.png "decorative") ![](b.png)').images

    assert [image["is_decorative"] for image in images] == [True, False]


def test_links_are_resolved_or_become_plain_text():
    known = {"b.md": "/courses/c/lessons/b/"}
    html = render(
        "[b](b.md) [c](c.md) [d](https://example.com)",
        resolve_link=lambda href: known.get(href) or (href if ":" in href else None),
    ).html

    assert '<a href="/courses/c/lessons/b/">b</a> c ' in html
    assert 'rel="nofollow noopener"' in html


def test_links_within_a_text_need_their_target():
    html = render("## Two words\n[a](#two-words) [b](#Two-Words) [c](#nowhere)").html

    assert html.count('href="#two-words"') == 2
    assert "nowhere" not in html


def test_equal_headings_get_ids_of_their_own():
    html = render("# A\n\n# A-1\n\n# A\n\n# A\n\n# Main\n\n# Main\n\n# A 2\n\n# A-2").html

    assert re.findall(r'id="([^"]+)"', html) == (
        ["a", "a-1", "a-2", "a-3", "main-section", "main-1", "a-2-1", "a-2-2"]
    )


def test_twenty_thousand_equal_headings_take_less_than_a_second():
    writer = Rewriter()
    started = process_time()

    writer.feed("<h2>Again</h2>" * 20_000)
    html = writer.html()

    assert process_time() - started < 1
    assert html.count("<h2") == len(writer.anchors) == 20_000
    assert html.endswith('<h2 id="again-19999">Again</h2>')


def test_headings_start_at_the_second_level_without_gaps():
    html = render("# A\n\n#### B\n\n## C\n\n# A\n").html

    assert re.findall(r"<h(\d) id=\"([^\"]+)\"", html) == [
        ("2", "a"),
        ("3", "b"),
        ("3", "c"),
        ("2", "a-1"),
    ]


def test_listings_are_named_highlighted_and_reachable_by_keyboard():
    html = render('```python title="a.py" hl="1"\nimport os\n```\n\n```console\n$ ls\n```\n').html

    assert '<div class="code"><div class="code__head"><span>a.py</span>' in html
    assert 'tabindex="0" role="region" aria-label="a.py example"' in html
    assert '<span class="hll"><span class="kn">import</span>' in html
    assert '<div class="code plate">' in html


def test_tables_scroll_in_a_region_of_their_own():
    html = render("| a | |\n|--:|---|\n| 1 | 2 |").html

    assert '<div class="table-wrap" tabindex="0" role="region" aria-label="Table">' in html
    assert '<th class="r" scope="col">a</th>' in html
    assert "<td></td>" in html


def test_callouts_become_notices():
    html = render("> [!WARNING] Mind this\n> Words.").html

    assert '<div class="notice notice--warn">' in html
    assert "<strong>Mind this</strong><br>\nWords." in html


def test_words_are_counted_without_listings():
    rendered = render("One two, three.\n\n```\nnot these\n```\n")

    assert rendered.word_count == 3
    assert word_count_of("日本語です") == 2


def test_the_same_source_has_the_same_digest_and_other_links_another():
    assert render("[a](b)").digest == render("[a](b)").digest
    assert render("[a](b)").digest != render("[a](b)", resolve_link=lambda href: "/c/").digest


@pytest.mark.parametrize(
    "source", ["[" * 3000, "*" * 5000, ">" * 2000 + "x", "<" * 5000, "\0", "`" * 4000]
)
def test_odd_input_ends(source):
    assert render(source).html is not None
