"""Parts of a file, as RFC 9110 (section 14) asks for them: one range of bytes."""

import re
from dataclasses import dataclass

# Longer numbers reach past any file; a header with one is ignored like every malformed one.
ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies outside the file."""


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last` of a file of `size`, both counted from zero and both included."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def __str__(self):
        return f"bytes {self.first}-{self.last}/{self.size}"


def wanted_span(header: str, if_range: str, tag: str, size: int) -> Span | None:
    """The part that is asked for; None for the whole file.

    Whole also when the header is malformed or names several ranges, and when `if_range` is not the
    file's own strong `tag`. Raises Unsatisfiable.
    """
    found = ONE.fullmatch(header)
    if found is None or (if_range and if_range.strip() != tag):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - int(last)), size - 1, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last), size - 1) if last else size - 1, size)


class Slice:
    """A file from `span.first` on that ends after `span.last`; closing it closes the file."""

    def __init__(self, handle, span: Span):
        handle.seek(span.first)
        self.handle, self.left = handle, span.length

    def read(self, size: int = -1) -> bytes:
        data = self.handle.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data

    def close(self):
        self.handle.close()
