"""Markdown to sanitized HTML, once, when a text is saved. Knows no tables of the school.

CommonMark with tables, strikethrough, footnotes and callouts (`> [!NOTE]`). Listings become the
design's `.code` blocks with Pygments class names. Raw HTML passes the same sanitizer.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from html import escape
from json import dumps

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from catalog.markup import Rewriter

# Part of every body's digest: raise it when the same source renders differently.
RENDERER_VERSION = 1

CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][-+]?[ \t]*([^\n]*)(?:\n|$)", re.I)
CALLOUTS = {
    "note": ("", "Note"),
    "tip": (" notice--good", "Tip"),
    "important": ("", "Important"),
    "warning": (" notice--warn", "Warning"),
    "caution": (" notice--bad", "Caution"),
}
TERMINALS = frozenset(["bash", "console", "sh", "shell", "shell-session", "terminal", "zsh"])
LANGUAGE_NAMES = {"text": "Text", "css": "CSS", "html": "HTML", "json": "JSON", "http": "HTTP"} | {
    "js": "JavaScript", "sql": "SQL", "xml": "XML", "yaml": "YAML", "py": "Python"
}  # fmt: skip

INLINE_TAGS = frozenset(
    ["a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd"]
    + ["mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"]
)
BLOCK_TAGS = frozenset(
    ["blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1"]
    + ["h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "section", "summary"]
    + ["table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"]
)
ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title", "id"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "role"},
    "li": {"id"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
ATTRIBUTES_INLINE = {tag: names - {"id"} for tag, names in ATTRIBUTES.items() if tag != "img"}
CLASSES = {
    "div": {"notice", "notice--good", "notice--warn", "notice--bad"},
    "section": {"footnotes"},
    "td": {"r"},
    "th": {"r"},
}
SCHEMES = {"http", "https", "mailto"}
CLEANER = nh3.Cleaner(
    tags=set(INLINE_TAGS | BLOCK_TAGS),
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    link_rel=None,
    url_schemes=SCHEMES,
)
INLINE_CLEANER = nh3.Cleaner(
    tags=set(INLINE_TAGS),
    attributes=ATTRIBUTES_INLINE,
    allowed_classes={},
    link_rel=None,
    url_schemes=SCHEMES,
)


@dataclass(frozen=True)
class Rendered:
    """`images` lists {"src", "alt", "is_decorative"} as written, in order; `links` lists pairs
    (as written, as resolved or None); `digest` is what `digest_of` says about them."""

    html: str
    text: str
    word_count: int
    images: list[dict]
    links: list[tuple]
    digest: str


def digest_of(source: str, links: Iterable = ()) -> str:
    """SHA-256 over source, renderer and what its links and pictures were resolved to."""
    plain = dumps([RENDERER_VERSION, source, [list(pair) for pair in links]], ensure_ascii=False)
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def word_count_of(text: str) -> int:
    """Words of a plain text; a Chinese, Japanese or Korean character counts as half a word."""
    wide = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text))
    rest = re.sub(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’.-][^\W_]+)*", rest)) + wide // 2


def render(
    source: str,
    *,
    resolve_link: Callable[[str], str | None] | None = None,
    resolve_image: Callable[[str, str], dict | None] | None = None,
    top: int = 2,
    anchor_prefix: str = "",
) -> Rendered:
    """Render a whole text.

    `resolve_link(href)` gives the address to use, or None to leave plain text. `resolve_image(src,
    alt)` gives {"src", "width", "height"} for a file of ours, {"link"} for a picture elsewhere
    (linked, never loaded), or None; each may add "alt". Headings start at level `top`.
    """
    source = source.replace("\0", "�").replace("\r\n", "\n")
    made = _Blocks()
    short = sha256(source.encode("utf-8", "replace")).hexdigest()[:6]
    markup = PARSER.render(source, {"docId": short, "made": made})
    return _finished(
        source, markup, made, resolve_link, resolve_image, top=top, anchor_prefix=anchor_prefix
    )


def render_inline(source: str, *, resolve_link=None) -> str:
    """One run of text (an option, a label): only inline markup, safe inside labels and legends."""
    source = " ".join(source.replace("\0", "�").split("\n")).strip()
    markup = INLINE_CLEANER.clean(PARSER.renderInline(source, {"made": _Blocks()}))
    writer = Rewriter(resolve_link=resolve_link)
    writer.feed(markup)
    writer.close()
    return writer.html()


def render_brief(source: str, *, resolve_link=None, resolve_image=None) -> str:
    """A prompt or explanation: inline markup when it is one paragraph, else blocks."""
    html = render(
        source, resolve_link=resolve_link, resolve_image=resolve_image, top=3
    ).html.strip()
    alone = html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1
    return html[3:-4] if alone and not re.search(r"<(div|ul|ol|pre|table)\b", html) else html


def _finished(source, markup, made, resolve_link, resolve_image, *, top, anchor_prefix):
    clean = CLEANER.clean(markup)
    resolved = []

    def image(src, alt):
        found = resolve_image(src, alt)
        resolved.append((src, dumps(found, sort_keys=True, default=str)))
        return found

    writer = Rewriter(
        resolve_link=resolve_link,
        resolve_image=image if resolve_image else None,
        top=top,
        anchor_prefix=anchor_prefix,
    )
    writer.feed(clean)
    writer.close()
    html = made.put_back(writer.html())
    pictures = [vars(picture) for picture in writer.images]
    variant = [("top", top), ("prefix", anchor_prefix)] if (top, anchor_prefix) != (2, "") else []
    return Rendered(
        html=html,
        text=writer.text(),
        word_count=word_count_of(writer.text()),
        images=pictures,
        links=writer.links,
        digest=digest_of(source, [*writer.links, *resolved, *variant]),
    )


class _Blocks:
    """Markup of our own. It passes the sanitizer as a word that no author can guess."""

    def __init__(self):
        self.nonce, self.blocks, self.names = secrets.token_hex(12), [], {}

    def keep(self, block: str) -> str:
        self.blocks.append(block)
        return f"<pre>{self.nonce}-{len(self.blocks) - 1}.</pre>\n"

    def put_back(self, html: str) -> str:
        pattern = rf'<pre tabindex="0">{self.nonce}-(\d+)\.</pre>'
        return re.sub(pattern, lambda match: self.blocks[int(match[1])], html)

    def label(self, name: str) -> str:
        """A region's name, numbered when a text has several of the same."""
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else f"{name} {self.names[name]}"


def _fence(self, tokens, index, options, env):
    made = env["made"]
    return made.keep(_listing(tokens[index].content, tokens[index].info, made))


def _mark_callouts(state):
    """A quotation whose first line is [!NOTE] and the like becomes a notice."""
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type != "blockquote_open" or index + 2 >= len(tokens):
            continue
        inline = tokens[index + 2]
        if inline.type != "inline" or not (match := CALLOUT.match(inline.content)):
            continue
        variant, word = CALLOUTS[match[1].lower()]
        token.tag = "div"
        token.attrSet("class", f"notice{variant}")
        closing = next(
            later
            for later in tokens[index:]
            if later.type == "blockquote_close" and later.level == token.level
        )
        closing.tag = "div"
        title, rest = match[2].strip() or word, inline.content[match.end() :]
        inline.content = f"**{title}**" + (f"  \n{rest}" if rest.strip() else "")
        inline.children = []
        state.md.inline.parse(inline.content, state.md, state.env, inline.children)


def _align_cells(state):
    """Alignment by class: no page of the school has a style attribute."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and (style := token.attrGet("style")):
            del token.attrs["style"]
            if "right" in str(style):
                token.attrSet("class", "r")


def _listing(content: str, info: str, made: _Blocks) -> str:
    """A code block. The info string may go on: ```python title="shop/views.py" hl="2-4,7"."""
    language = info.split()[0].strip("{}.").lower() if info.split() else ""
    given = dict(re.findall(r'(title|hl)="([^"]*)"', info))
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    code = highlight(content, lexer, _formatter(given.get("hl", ""))).rstrip("\n")
    is_terminal = language in TERMINALS
    name = given.get("title") or _language_name(language, is_terminal)
    label = escape(made.label(f"{name} example"))
    return (
        f'<div class="code{" plate" if is_terminal else ""}"><div class="code__head">'
        f"<span>{escape(name)}</span>"
        '<button class="btn btn--text btn--sm" type="button" data-copy hidden>Copy</button></div>'
        f'<pre tabindex="0" role="region" aria-label="{label}"><code>{code}</code></pre></div>\n'
    )


@lru_cache(maxsize=64)
def _formatter(highlighted: str) -> HtmlFormatter:
    return HtmlFormatter(nowrap=True, hl_lines=_line_numbers(highlighted))


def _language_name(language: str, is_terminal: bool) -> str:
    if is_terminal:
        return "Terminal"
    return LANGUAGE_NAMES.get(language) or (language[:30].capitalize() if language else "Listing")


def _line_numbers(text: str) -> list[int]:
    """ "2-4,7" as [2, 3, 4, 7]; at most 500 lines, nonsense ignored."""
    found = []
    for first, last in re.findall(r"(\d{1,4})(?:-(\d{1,4}))?", text):
        found += range(int(first), int(last or first) + 1)
    return found[:500]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.validateLink = lambda url: True  # bad addresses end as plain text in the last pass
    parser.core.ruler.push("callouts", _mark_callouts)
    parser.core.ruler.push("aligned_cells", _align_cells)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    return parser


# What belongs to one text, its `_Blocks`, goes through the parser's `env`.
PARSER = _parser()
