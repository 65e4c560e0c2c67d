"""Input that nobody should send, and everybody might."""

import base64
import json
from urllib.parse import quote


def cursor(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def encoded(fields: dict) -> str:
    """A form as it travels, also with what no browser would send."""
    return "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='surrogatepass')}"
        for name, value in fields.items()
    )


LONG = "x" * 10_000
SEGMENTS = (
    "%00",
    "%FF%FE",
    "x" * 3000,
    "%F0%9F%92%A9",
    "-1",
    "9" * 40,
    "%D9%A1%D9%A2",
    "..%2F..",
    "%0A",
    "x" * 150,
    "%C3%BCml%C3%A4ut-%C3%9F",
    "0",
    "..",
)
QUERIES = (
    "q=%00",
    "q=%ED%A0%80&level=%FF&topic=%F0%9F%92%A9&sort=%00x",
    f"q={LONG}",
    "q[]=1&q[a]=2&after[]=1&cursor[]=1",
    "after=!&cursor=!",
    *(
        f"after={cursor(value)}&cursor={cursor(value)}"
        for value in (
            5,
            None,
            {},
            [None],
            [1e308, 1],
            [10**30, 10**30],
            ["x", "x"],
            [[], []],
            [True, 1],
        )
    ),
    "cursor=cj0xJnA9JUZG&page_size=0",
    "page_size=-1&limit=-1&offset=-1&p=-1",
    "page_size=99999999999999999999999&p=99999999999999999999&all=",
    "edition=draft%00&locale=..%2F..%2F&fields=__class__,%00&expand=%F0%9F%92%A9",
    "o=1.-2.x.99999&e=1&_changelist_filters=%FF&_popup=1&_to_field=password",
    "enrollment=%00&next=%2F%2Fevil.example%2F&next=javascript:alert(1)",
    "q=%27%22%3Cscript%3E&after=%F0%28%8C%28&cursor=cD0x&level=x&topic=none&sort=__class__",
    "q=%E2%80%AE&page=NaN&after=bnVsbA&cursor=null&free=maybe&kind=%C3%28&state=&topic=a&topic=b",
    "cursor=" + "A" * 3000 + "&edition=draft&expand=all&fields=password&q[$ne]=1",
    "id__exact=x&pk__in=a,b&is_free__exact=%00&created_at__gte=yesterday&state__exact=1%00",
)
VALUES = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "a\0b",
    LONG,
    "\ud800",
    "💩" * 60,
    [],
    ["\0", None, {}],
    {},
    {"a": {"b": [1, {"c": None}]}},
)
# The fields of every document that the API reads.
NAMES = (
    *("offer", "offers", "email", "consent", "expected_minor", "answers", "enrollment", "exercise"),
    *("project", "key", "title", "text", "link", "is_public", "person", "scope", "scope_key"),
    *("starts_at", "ends_at", "lines", "reason", "outcome", "password", "name", "locale"),
    *("time_zone", "refresh_token", "code", "credential", "slug", "modules", "items", "order"),
    *("questions", "options", "kind", "prompt", "body", "summary", "level", "language", "price"),
    *("amount_minor", "currency", "session", "process", "provider", "token", "client_id", "id"),
    *("authenticators", "is_open", "position", "edition", "topic", "course"),
)
RAW_BODIES = (
    b"",
    b"{",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b"[" * 20_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"email": NaN, "amount_minor": 1e999}',
    b"\xff\xfe\x00",
    b'{"email": "\\u0000", "key": "\\ud800", "answers": {"\\u0000": "\\u0000"}}',
    b'{"email": "a@example.com", "email": "b@example.com"}',
    b"x" * 100_000,
    json.dumps({"id": 2**80, "name": "\0", "email": {"a": []}, "offer": [], "slug": None}).encode(),
    json.dumps(
        {"email": LONG, "password": 5, "answers": [[[]]], "key": {}, "quantity": -1}
    ).encode(),
    json.dumps({"course": 1, "offer": "\ud800", "code": 1e300, "lines": {"a": 1}}).encode(),
    json.dumps(
        {"is_staff": True, "is_superuser": True, "roles": ["manager"], "person": 1}
    ).encode(),
)
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/json; charset=nonsense",
    "application/xml",
    "\t;;=",
)
FORM_VALUES = (
    *("", "a\0b", LONG, "-1", "9" * 40, "💩", "\ud800", "%FF", "<script>", "2026-13-45"),
    *("\u202e" * 300, "９９９", "[", "//e", "on"),
)


def bodies() -> list[tuple[bytes, str]]:
    """(body, content type): each raw body, and a whole document of every hostile value."""
    found = [(body, "application/json") for body in RAW_BODIES]
    found += [(b'{"email": "x"}', kind) for kind in CONTENT_TYPES]
    for value in VALUES:
        document = dict.fromkeys(NAMES, value)
        found.append((json.dumps(document).encode(), "application/json"))
    return found
