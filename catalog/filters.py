"""What a list is narrowed to, read from an address and written back into one. No Django."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from catalog.refusals import BadFilter

LEVELS = ("beginner", "intermediate", "advanced")
PRICES = ("free", "paid")
SORTS = {"newest": "Newest", "title": "Title", "shortest": "Shortest"}
MAX_WORDS, MAX_QUERY, MAX_VALUES = 8, 100, 20


@dataclass(frozen=True)
class Filters:
    """`after` is a cursor; the rest are plain words of the address."""

    q: str = ""
    topics: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    price: str = ""
    languages: tuple[str, ...] = ()
    sort: str = "newest"
    after: str = ""

    @property
    def words(self) -> list[str]:
        return self.q.split()[:MAX_WORDS]

    @property
    def is_plain(self) -> bool:
        """Nothing is narrowed: the whole list, in its own order, from the start."""
        return self == Filters()

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.topics or self.levels or self.price or self.languages)

    def address(self, **changes) -> str:
        """The query string of these filters with some changed; starts with ?, or is "?"."""
        changed = replace(self, **({"after": ""} | changes))
        pairs = [("q", changed.q)] if changed.q else []
        pairs += [("topic", value) for value in changed.topics]
        pairs += [("level", value) for value in changed.levels]
        pairs += [("price", changed.price)] if changed.price else []
        pairs += [("language", value) for value in changed.languages]
        pairs += [("sort", changed.sort)] if changed.sort != "newest" else []
        pairs += [("after", changed.after)] if changed.after else []
        return "?" + urlencode(pairs)


def read_filters(params, *, is_strict: bool = False) -> Filters:
    """Filters from a QueryDict. Values that cannot be right are left out, or, for the API
    (`is_strict`), refused as BadFilter."""
    query = _clean(params.get("q", ""))
    if is_strict and len(query) > MAX_QUERY:
        raise BadFilter(f"Search for at most {MAX_QUERY} characters.", field="q")
    return Filters(
        q=query[:MAX_QUERY].strip(),
        topics=_values(params, "topic"),
        levels=_known(params, "level", LEVELS, is_strict),
        price=next(iter(_known(params, "price", PRICES, is_strict)), ""),
        languages=_values(params, "language"),
        sort=next(iter(_known(params, "sort", tuple(SORTS), is_strict)), "newest"),
        after=_clean(params.get("after", ""))[:500],
    )


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())


def _values(params, name: str) -> tuple[str, ...]:
    values = [_clean(value)[:160] for value in params.getlist(name)[:MAX_VALUES]]
    return tuple(dict.fromkeys(value for value in values if value))


def _known(params, name: str, known: tuple, is_strict: bool) -> tuple[str, ...]:
    values = _values(params, name)
    unknown = [value for value in values if value not in known]
    if unknown and is_strict:
        raise BadFilter(f"{name} is one of {', '.join(known)}.", field=name)
    return tuple(value for value in values if value in known)
