"""A visitor with nothing but a browser's memory: follows links and fills in the forms pages show.

No script runs, and every form is sent exactly as the page wrote it, CSRF token included. What a
journey needs and a page does not offer cannot be pressed.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client

# The elements whose words are wanted.
WORDED = {"a", "button", "form", "h1", "select", "textarea"}


@dataclass
class Button:
    text: str
    name: str = ""
    value: str = ""


@dataclass
class Form:
    """`fields` are the (name, value) pairs that a browser would send, `buttons` what sends them."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    buttons: list[Button] = field(default_factory=list)


class Reader(HTMLParser):
    """Collects links, images, forms, ids and text of a page."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.sources: list[str] = []
        self.images: list[dict] = []
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self._open: list[list] = []  # [tag, words so far, attributes]
        self._form: Form | None = None
        self._select: dict | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag == "img":
            self.images.append(given)
            self.sources.append(given.get("src") or "")
        elif tag in ("link", "script") and (given.get("href") or given.get("src")):
            self.sources.append(given.get("href") or given.get("src"))
        elif tag in ("input", "select", "option", "textarea", "button"):
            self._control(tag, given)
        if tag in WORDED:
            self._open.append([tag, [], given])

    def _control(self, tag, given):
        form, name = self._form, given.get("name") or ""
        if form is None or "disabled" in given:
            return
        if tag == "select":
            self._select = {"name": name, "chosen": None}
            form.names.add(name)
        elif tag == "option" and self._select is not None:
            if "selected" in given or self._select["chosen"] is None:
                self._select["chosen"] = given.get("value", "")
        elif tag == "input" and given.get("type") == "submit":
            form.buttons.append(Button(given.get("value") or "", name, given.get("value") or ""))
        elif tag == "input" and name:
            kind = given.get("type", "text")
            form.names.add(name)
            if kind == "file":
                form.files.add(name)
            elif kind not in ("checkbox", "radio") or "checked" in given:
                default = "on" if kind in ("checkbox", "radio") else ""
                form.fields.append((name, given.get("value", default)))

    def handle_data(self, data):
        self.words.append(data)
        for entry in self._open:
            entry[1].append(data)

    def handle_endtag(self, tag):
        at = next((n for n in range(len(self._open) - 1, -1, -1) if self._open[n][0] == tag), None)
        if at is None:
            return
        _, words, given = self._open[at]
        del self._open[at:]
        text = " ".join("".join(words).split())
        if tag == "a" and "href" in given:
            self.links.append((given["href"] or "", text or given.get("aria-label", "")))
        elif tag == "h1":
            self.headings.append(text)
        elif tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None and self._form is not None:
            if self._select["chosen"] is not None:
                self._form.fields.append((self._select["name"], self._select["chosen"]))
            self._select = None
        elif tag == "textarea" and self._form is not None and given.get("name"):
            self._form.names.add(given["name"])
            self._form.fields.append((given["name"], "".join(words).removeprefix("\n")))
        elif tag == "button" and self._form is not None and "disabled" not in given:
            label = text or given.get("aria-label") or ""
            self._form.buttons.append(
                Button(label, given.get("name") or "", given.get("value") or "")
            )


class Page:
    """An answer with what a reader finds in it."""

    def __init__(self, visitor: "Visitor", response, address: str):
        self.visitor, self.response, self.address = visitor, response, address
        self.status = response.status_code
        # Files such as an invoice's PDF hold no links to follow.
        is_pdf = response.get("Content-Type") == "application/pdf"
        self.html = "" if is_pdf else response.content.decode()
        self.read = Reader(self.html)

    @property
    def text(self) -> str:
        return " ".join("".join(self.read.words).split())

    @property
    def heading(self) -> str:
        return self.read.headings[0] if self.read.headings else ""

    def link(self, text: str) -> str:
        """The address behind the first link whose text begins so."""
        for address, words in self.read.links:
            if words.startswith(text):
                return urljoin(self.address, address)
        raise AssertionError(f"{self.address} has no link “{text}”: {self.read.links}")

    def follow(self, text: str) -> "Page":
        return self.visitor.open(self.link(text))

    def form_with(self, label: str, names=()) -> tuple[Form, Button]:
        """The form that has the button and all fields of these names."""
        for form in self.read.forms:
            for button in form.buttons:
                if button.text.startswith(label) and set(names) <= form.names:
                    return form, button
        found = [button.text for form in self.read.forms for button in form.buttons]
        raise AssertionError(
            f"{self.address} has no button “{label}” with {list(names)}, only {found}"
        )

    def press(self, label: str, **fields) -> "Page":
        """Send the form of the button, with `fields` filled in. A field the form has not is an error.

        Lists become several pairs; names with other characters may stand in a dict `more`.
        """
        filled = {**fields.pop("more", {}), **fields}
        form, button = self.form_with(label, filled)
        pairs = [(name, value) for name, value in form.fields if name not in filled]
        for name, value in filled.items():
            pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
        if button.name:
            pairs.append((button.name, button.value))
        address = urljoin(self.address, form.action)
        return self.visitor.send(address, pairs, form.method)


class Visitor:
    """A browser without script. `open` and `send` follow redirects, as browsers do."""

    def __init__(self, **client):
        self.client = Client(enforce_csrf_checks=True, **client)

    def open(self, address: str) -> Page:
        return self._arrive(self.client.get(_path(address)), address)

    def status_of(self, address: str) -> int:
        """The status of an address whose content does not matter, such as a picture."""
        response = self.client.get(_path(address))
        body_of(response)
        return response.status_code

    def send(self, address: str, pairs: list[tuple], method: str = "post") -> Page:
        data: dict[str, list] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        call = self.client.post if method == "post" else self.client.get
        return self._arrive(call(_path(address), data), address)

    def _arrive(self, response, address: str) -> Page:
        for _ in range(8):
            if response.status_code not in (301, 302, 303):
                return Page(self, response, _path(address))
            address = urljoin(_path(address), response["Location"])
            response = self.client.get(_path(address))
        raise AssertionError(f"{address} redirects without end")


def body_of(response) -> bytes:
    """All of an answer. A streamed one is read to its end, which also closes its file: closed by
    hand it would close the test's connection to the database with it."""
    return b"".join(response) if response.streaming else response.content


def _path(address: str) -> str:
    parts = urlsplit(address)
    assert parts.netloc in ("", "localhost:8000", "testserver"), f"{address} leads elsewhere"
    return parts.path + (f"?{parts.query}" if parts.query else "")
