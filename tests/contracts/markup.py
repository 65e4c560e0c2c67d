"""What a page must have so that nobody is shut out, checked on its HTML alone."""

from html.parser import HTMLParser

VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "path", "use", "rect", "circle", "line", "polygon", "polyline",
}  # fmt: skip
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}


class Page(HTMLParser):
    """Reads a page and remembers what the rules ask about."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict] = []
        self.headings: list[int] = []
        self.references: set[str] = set()
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.first_link: str | None = None
        self.html: dict = {}
        self.mains = 0
        self.named: list[list] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self._notice(tag, attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
            self.references |= set((attributes.get(name) or "").split())
        self.found += [f"a handler {name} on {tag}" for name in attributes if name.startswith("on")]
        if "style" in attributes:
            self.found.append(f"an inline style on {tag}")
        if tag in ("a", "button"):
            name = attributes.get("aria-label") or attributes.get("title") or ""
            self.named.append([tag, name, attributes.get("aria-hidden") == "true"])
        elif attributes.get("aria-label") or attributes.get("alt"):
            self._say(attributes.get("aria-label") or attributes["alt"])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def _notice(self, tag, attributes):
        if tag == "html":
            self.html = attributes
        elif tag == "main":
            self.mains += 1
        elif tag == "a" and self.first_link is None:
            self.first_link = attributes.get("href", "")
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(int(tag[1]))
        elif tag == "img" and "alt" not in attributes:
            self.found.append(f"an image without alt: {attributes.get('src')}")
        elif tag == "label":
            self.labels.add(attributes.get("for") or f"around {len(self.controls)}")
        elif tag in ("input", "select", "textarea"):
            if attributes.get("type") not in UNLABELLED:
                self.controls.append({**attributes, "inside": "label" in self.open})
        elif tag == "iframe" and not attributes.get("title"):
            self.found.append("a frame without title")

    def _say(self, text):
        for entry in self.named:
            if entry[0] in self.open:
                entry[1] += text

    def handle_data(self, data):
        if not data.strip():
            return
        for tag in ("title", "h1"):
            if tag in self.open:
                self.text[tag] = self.text.get(tag, "") + data.strip()
        self._say(data.strip())

    def handle_endtag(self, tag):
        if tag not in self.open:
            return
        while self.open.pop() != tag:
            continue
        if tag in ("a", "button") and self.named:
            _, name, is_hidden = self.named.pop()
            if not name.strip() and not is_hidden:
                self.found.append(f"a nameless {tag}")


def faults(text: str) -> list[str]:
    """What is wrong with the page; empty when nothing is."""
    page = Page(text)
    found = list(page.found)
    if not text.lstrip().lower().startswith("<!doctype html>"):
        found.append("no document type")
    if not page.html.get("lang"):
        found.append("no language")
    if not page.text.get("title"):
        found.append("no title")
    if page.headings.count(1) != 1 or not page.text.get("h1"):
        found.append(f"{page.headings.count(1)} first headings")
    if page.mains != 1:
        found.append(f"{page.mains} main landmarks")
    if not (page.first_link or "").startswith("#"):
        found.append(f"the first link leads to {page.first_link}, not past the navigation")
    found += [
        f"two elements with id {one}" for one in sorted(set(page.ids)) if page.ids.count(one) > 1
    ]
    for control in page.controls:
        is_named = control["inside"] or control.get("id") in page.labels
        if not is_named and not control.get("aria-label") and not control.get("aria-labelledby"):
            found.append(f"no label for {control.get('name') or control.get('id')}")
    known = set(page.ids)
    found += [f"nothing has the id {one}" for one in sorted(page.references - known)]
    return found
