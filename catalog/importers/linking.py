"""What the relative addresses of a text mean: links to items of the course, local pictures.

One linker serves a whole package. It reads Markdown with the same grammar as the renderer, so it
sees exactly the links and pictures that will be shown, and none inside listings.
"""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from posixpath import dirname, normpath
from urllib.parse import unquote

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from catalog.importers.packages import Package, shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import Finding, ImageSource, Outcome, Target, TextSource
from catalog.markup import anchor_of

MAX_NESTING = 40
MAX_BRACKETS = 200
MAX_HEADINGS = 2_000
SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)
_parser.validateLink = lambda url: True  # addresses that lead nowhere are reported, not hidden


class Linker:
    """`targets` maps a path of the package to the item it became."""

    def __init__(self, package: Package, findings: list[Finding]):
        self.package = package
        self.findings = findings
        self.targets: dict[str, Target] = {}
        self.named: dict[str, Target] = {}  # addresses that a reader itself wrote into a text
        self.outside = lambda address: None  # an address elsewhere that means an item here
        self._names: dict[str, list[str]] = {}
        for path in package.sizes:
            self._names.setdefault(path.rsplit("/", 1)[-1], []).append(path)

    def text(
        self, markdown: str, path: str, *, line=1, kind="", bases=(), origins=None
    ) -> TextSource:
        """The Markdown with its addresses explained. `line` is where it starts in the file, or
        `origins` gives the file's line for each of its lines. `kind` names what holds the text in
        the findings ("" for lessons); `bases` are further folders relative addresses may mean."""
        refuse_nesting(markdown, path)
        source = TextSource(markdown, path, origins[0] if origins else line)
        folders = (dirname(path), *bases)
        prefix, anchors = f"{kind}_" if kind else "", set()
        for what, address, alt, row in references(markdown):
            place = origins[min(row, len(origins) - 1)] if origins else line + row
            if what in ("image", "decoration"):
                image = ImageSource(address, alt, place, is_decorative=what == "decoration")
                self._image(source, image, prefix, folders)
            elif what == "html":
                reason = f"Of <{address[:20]}> only what is safe is kept."
                self._find(path, place, f"{prefix}html", Outcome.APPROXIMATED, reason)
            elif address.startswith("#"):
                anchors = anchors or anchors_of(markdown)
                if unquote(address[1:]).lower() not in anchors:
                    reason = f"There is no heading {shown(address)}: plain text."
                    self._find(path, place, f"{prefix}anchor", Outcome.DROPPED, reason)
            else:
                self._link(source, address, place, prefix, folders)
        return source

    def _find(self, path, line, kind, outcome, reason=""):
        self.findings.append(Finding(path, line, kind, outcome, reason))

    def _link(self, source, address, line, prefix, folders):
        path, kind = source.path, f"{prefix}link"
        if address in self.named:
            source.links[address] = self.named[address]
            return
        if item := self.outside(address):
            source.links[address] = item
            reason = f"{shown(address)} leads to the {item.kind} of this course."
            self._find(path, line, f"{prefix}outside_link", Outcome.KEPT, reason)
            return
        if re.match(r"(?i)(https?:|mailto:)", address):
            return
        if SCHEME.match(address) or address.startswith("//"):
            source.links[address] = None
            reason = f"{shown(address)} is no address a lesson may lead to."
            self._find(path, line, kind, Outcome.DROPPED, reason)
            return
        target, exists = self._target(address, folders)
        source.links[address] = target
        if target:
            self._find(path, line, kind, Outcome.KEPT)
        elif exists:
            reason = f"{shown(address)} is in the package but no part of the course: plain text."
            self._find(path, line, kind, Outcome.APPROXIMATED, reason)
        else:
            reason = f"{shown(address)} does not exist: plain text."
            self._find(path, line, kind, Outcome.DROPPED, reason)

    def _target(self, address, folders) -> tuple[Target | None, bool]:
        exists = False
        for folder in folders:
            place = resolved(folder, address)
            if not place:
                continue
            for path in variants(place):
                if path in self.targets:
                    return self.targets[path], True
                exists = exists or path in self.package or path in self.package.folders
        return None, exists

    def _image(self, source, image, prefix, folders):
        path, line, kind, address = source.path, image.line, f"{prefix}image", image.source
        if re.match(r"(?i)https?://", address):
            source.images.append(replace(image, url=address))
            reason = f"{shown(address)} is elsewhere: a link instead of the picture."
            self._find(path, line, kind, Outcome.APPROXIMATED, reason)
            return
        found = None if SCHEME.match(address) else self.picture(address, folders)
        if not found:
            reason = f"There is no picture {shown(address)}."
            self._find(path, line, kind, Outcome.DROPPED, reason)
            return
        source.images.append(replace(image, path=found))
        if image.alt or image.is_decorative:
            self._find(path, line, kind, Outcome.KEPT)
        else:
            reason = f"{shown(address)} has no alternative text."
            self._find(path, line, kind, Outcome.APPROXIMATED, reason)

    def picture(self, address, folders) -> str:
        """The path of a local picture: beside the text, else the one path of the course that ends
        the same way, else the one file of that name, first below the folders, then anywhere."""
        for folder in folders:
            place = resolved(folder, address)
            if place and place in self.package:
                return place
        tail = unquote(address.split("?")[0].split("#")[0]).lstrip("./")
        same = self._names.get(tail.rsplit("/", 1)[-1], [])
        ending = [path for path in same if f"/{path}".endswith(f"/{tail}")]
        near = [path for path in same if any(path.startswith(f"{f}/") for f in folders if f)]
        for choice in (ending, near, same):
            if len(choice) == 1:
                return choice[0]
        return ""


def references(markdown: str):
    """(what, address, alt, row from 0) in the order of reading. `what` is link, image, decoration
    (a picture marked as such) or html."""
    for token in _parser.parse(markdown):
        row = token.map[0] if token.map else 0
        if token.type == "html_block":
            yield from _raw(token.content, row)
        elif token.type == "inline":
            yield from _inline(token.children or [], row)


def anchors_of(markdown: str) -> set[str]:
    """The places of a text that a link may lead to."""
    tokens = _parser.parse(markdown)
    return {
        anchor_of("".join(part.content for part in inline.children or ())).lower()
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open"
    }


def _inline(children, row):
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            row += 1
        elif child.type == "link_open":
            yield "link", str(child.attrs.get("href", "")), "", row
        elif child.type == "image":
            alt = "".join(part.content for part in child.children or [])
            is_decorative = str(child.attrs.get("title", "")).lower() == "decorative"
            what = "decoration" if is_decorative and not alt.strip() else "image"
            yield what, str(child.attrs.get("src", "")), " ".join(alt.split()), row
        elif child.type == "html_inline":
            yield from _raw(child.content, row)


def _raw(markup: str, row: int):
    reader = _RawHTML()
    reader.feed(markup)
    for what, address, alt, line in reader.found:
        yield what, address, alt, row + line - 1


class _RawHTML(HTMLParser):
    """Links and pictures written as HTML; every element is also reported once as `html`."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given, line = {name: value or "" for name, value in attrs}, self.getpos()[0]
        self.found.append(("html", tag, "", line))
        if tag == "a" and given.get("href"):
            self.found.append(("link", given["href"].strip(), "", line))
        elif tag == "img" and given.get("src"):
            self.found.append(("image", given["src"].strip(), given.get("alt", "").strip(), line))


def resolved(folder: str, address: str) -> str:
    """The path an address means, read from the folder; empty when it leads out of the package."""
    plain = unquote(address.split("#")[0].split("?")[0])
    if not plain or "\0" in plain:
        return ""
    place = normpath(
        plain.lstrip("/") if plain.startswith("/") else f"{folder}/{plain}".lstrip("/")
    )
    return "" if place.startswith("..") or place == "." else place


def variants(place: str):
    yield place
    if place.endswith(".html"):
        yield f"{place.removesuffix('.html')}.md"
    yield f"{place}.md"
    yield f"{place}/README.md"
    yield f"{place}/index.md"


def refuse_nesting(markdown: str, path: str) -> None:
    """Refuse what only an attack on the parser would contain."""
    brackets = headings = 0
    for number, line in enumerate(markdown.split("\n"), 1):
        head = line[: len(line) - len(line.lstrip(" \t>-*+"))]
        lists = sum(part in ("-", "*", "+") for part in head.split())
        brackets = brackets + line.count("[") - line.count("]") if line.strip() else 0
        is_rule = len(head) == len(line)
        if (
            head.count(">") > MAX_NESTING
            or (lists > MAX_NESTING and not is_rule)
            or brackets > MAX_BRACKETS
        ):
            raise PackageRefused(f"{shown(path)} is nested too deeply (line {number}).")
        headings += line.startswith("#")
    if headings > MAX_HEADINGS:
        raise PackageRefused(f"{shown(path)} has more than {MAX_HEADINGS} headings.")
