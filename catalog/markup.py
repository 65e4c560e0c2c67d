"""The last pass over sanitized HTML: links, pictures, headings, tables. Standard library only.

It reads what the sanitizer let through and writes every tag anew with escaped attributes, so that
nothing of the author's own markup is copied except what is named here.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

VOID = frozenset(["br", "hr", "img", "wbr"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
BLOCKS = frozenset(
    ["p", "div", "li", "td", "th", "blockquote", "dt", "dd", "figcaption", "summary", "caption"]
)
SCHEMES = frozenset(["", "http", "https", "mailto"])
FOOTNOTE_ID = re.compile(r"fn(ref)?-?[\w-]*\d+(:\d+)?")
# Ids that pages use themselves; an author's heading of that name gets a suffix.
RESERVED_IDS = frozenset(["main", "outline", "contents", "finder-q", "faq", "filters", "q"])


def anchor_of(text: str) -> str:
    """The fragment of a heading: lower case, words joined by hyphens, any script."""
    text = unicodedata.normalize("NFKC", text).strip().lower()
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", text)) or "section"


def safe_address(href: str) -> str | None:
    """The address when it is http, https, mailto or relative; None for every other one."""
    href = href.strip()
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme.lower() not in SCHEMES or any(ord(char) < 32 for char in href):
        return None
    return href


def is_outside(href: str) -> bool:
    return href.startswith("//") or urlsplit(href).scheme in ("http", "https")


@dataclass
class Picture:
    """A picture as the author wrote it. `is_decorative` only when the author says so."""

    src: str
    alt: str
    is_decorative: bool


@dataclass
class Rewriter(HTMLParser):
    """Feed it sanitized HTML, then read `html()`, `text()`, `images` and `links`.

    `top` is the level of the highest heading; deeper ones follow without gaps.
    """

    resolve_link: object = None
    resolve_image: object = None
    top: int = 2
    anchor_prefix: str = ""
    images: list = field(default_factory=list)
    links: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=False)
        self.parts, self.words, self.anchors = [], [], set()
        self.numbers = {}  # by base: the next number that may be free; anchors never go away
        self.open_links, self.fragments = [], []
        self.levels, self.heading = [], None
        self.in_pre = self.in_head = self.tables = 0

    # --- reading
    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            return self._start_link(given)
        if tag == "img":
            return self._picture(given)
        if tag in HEADINGS:
            return self._start_heading(tag)
        if tag in BLOCKS or tag in ("br", "tr"):
            self.words.append(" ")
        if tag == "pre":
            self.in_pre += 1
            given["tabindex"] = "0"
        elif tag == "thead":
            self.in_head += 1
        elif tag == "table":
            self.tables += 1
            name = "Table" if self.tables == 1 else f"Table {self.tables}"
            self._write("div", {"class": "table-wrap", "tabindex": "0", "role": "region"}, name)
            given["class"] = "table"
        elif tag == "th":
            given.setdefault("scope", "col" if self.in_head else "row")
        if "id" in given and not self._keep_id(given["id"]):
            del given["id"]
        return self._write(tag, given)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if tag == "a":
            self._end_link()
            return
        if tag in HEADINGS:
            self._end_heading()
            return
        if tag == "pre":
            self.in_pre -= 1
        elif tag == "thead":
            self.in_head -= 1
        if tag in BLOCKS or tag == "pre":
            self.words.append(" ")
        self.parts.append(f"</{tag}></div>" if tag == "table" else f"</{tag}>")

    def handle_data(self, data):
        self.parts.append(data if self.in_pre else escape(data, quote=False))
        self._say(data)

    def handle_entityref(self, name):
        self.parts.append(f"&{name};")
        self._say(unescape(f"&{name};"))

    def handle_charref(self, name):
        self.handle_entityref(f"#{name}")

    # --- writing
    def html(self) -> str:
        """Links to a place that the text does not have become plain text."""
        known = {anchor.lower(): anchor for anchor in self.anchors}
        for start, end, fragment in self.fragments:
            target = known.get((self.anchor_prefix + fragment).lower()) or known.get(
                fragment.lower()
            )
            if target is None:
                self.parts[start] = self.parts[end] = ""
            else:
                self.parts[start] = f'<a href="#{escape(target)}">'
        joined = re.sub(r"<th[^>]*>\s*</th>", "<td></td>", "".join(self.parts))
        return re.sub(r"<p>\s*</p>\n?", "", joined)

    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words)).strip()

    def _say(self, data):
        if not self.in_pre:
            self.words.append(data)
            if self.heading:
                self.heading["text"] += data

    def _write(self, tag, attrs, label=""):
        pairs = dict(attrs) | ({"aria-label": label} if label else {})
        text = "".join(f' {name}="{escape(value)}"' for name, value in pairs.items())
        self.parts.append(f"<{tag}{text}>")

    def _keep_id(self, name):
        if not FOOTNOTE_ID.fullmatch(name) or name in self.anchors:
            return False
        self.anchors.add(name)
        return True

    # --- links
    def _start_link(self, given):
        href = given.get("href", "")
        if href.startswith("#"):
            self.fragments.append([len(self.parts), None, unescape(href[1:])])
            self.open_links.append(self.fragments[-1])
            self.parts.append("")
            if (name := given.get("id")) and self._keep_id(name):
                self.parts.append(f'<span id="{escape(name)}"></span>')
            return
        target = safe_address(href) if href else None
        if target and self.resolve_link:
            target = self.resolve_link(target)
            target = safe_address(target) if target else None
        self.links.append((href, target))
        self.open_links.append(bool(target))
        if target:
            rel = {"rel": "nofollow noopener"} if is_outside(target) else {}
            title = {"title": given["title"]} if given.get("title") else {}
            self._write("a", {"href": target} | title | rel)

    def _end_link(self):
        if not self.open_links:
            return
        opened = self.open_links.pop()
        if isinstance(opened, list):
            opened[1] = len(self.parts)
            self.parts.append("</a>")
        elif opened:
            self.parts.append("</a>")

    # --- pictures
    def _picture(self, given):
        src, alt, title = given.get("src", ""), given.get("alt", "").strip(), given.get("title", "")
        is_decorative = not alt and (
            title.lower() == "decorative" or given.get("role") in ("presentation", "none")
        )
        self.images.append(Picture(src, alt, is_decorative))
        found = self._found(src, alt)
        alt = (found or {}).get("alt", alt)
        if found and (target := safe_address(found.get("src", ""))):
            size = {name: str(found[name]) for name in ("width", "height") if found.get(name)}
            more = {"loading": "lazy", "decoding": "async"}
            self._write("img", {"src": target, "alt": alt} | size | more)
        elif found and (target := safe_address(found.get("link", ""))):
            self._picture_link(target, alt)
        else:
            self.handle_data(alt)

    def _picture_link(self, target, alt):
        """A picture elsewhere is named and linked, never loaded; inside a link only named."""
        if any(self.open_links):
            self.handle_data(alt or "Picture")
            return
        self._write("a", {"href": target, "rel": "nofollow noopener"})
        self.handle_data(alt or "Picture")
        self.parts.append("</a>")

    def _found(self, src, alt):
        if self.resolve_image:
            return self.resolve_image(src, alt)
        if src.startswith("/files/"):
            return {"src": src}
        return {"link": src} if is_outside(src) else None

    # --- headings
    def _start_heading(self, tag):
        level = int(tag[1])
        while self.levels and self.levels[-1] >= level:
            self.levels.pop()
        self.levels.append(level)
        level = min(self.top + len(self.levels) - 1, 6)
        self.words.append(" ")
        self.heading = {"at": len(self.parts), "text": "", "level": level}
        self.parts.append("")

    def _end_heading(self):
        if not (heading := self.heading):
            return
        self.heading = None
        base = self.anchor_prefix + anchor_of(heading["text"])[:80]
        anchor, number = base, self.numbers.get(base, 1)
        if anchor in RESERVED_IDS:
            anchor = f"{base}-section"
        while anchor in self.anchors:
            anchor, number = f"{base}-{number}", number + 1
        self.numbers[base] = number
        self.anchors.add(anchor)
        self.parts[heading["at"]] = f'<h{heading["level"]} id="{escape(anchor)}">'
        self.parts.append(f"</h{heading['level']}>")
        self.words.append(" ")
