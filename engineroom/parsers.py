"""Reading JSON from strangers: what no column, counter or stack can hold is refused as unreadable."""

import re

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

WIDEST = 2**63
BROKEN = re.compile("[\0\ud800-\udfff]")
UNREADABLE = "The body is not readable JSON."


def _check(value) -> None:
    """Refuse NUL characters, halves of surrogate pairs, and integers beyond 64 bits."""
    if isinstance(value, str):
        if BROKEN.search(value):
            raise ParseError("Text may not contain NUL characters or broken characters.")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name)
            _check(member)
    elif isinstance(value, list):
        for member in value:
            _check(member)
    elif isinstance(value, int) and not -WIDEST <= value < WIDEST:
        raise ParseError("A number is out of range.")


class StrictJSONParser(JSONParser):
    """JSON as the school accepts it: an object or list of moderate depth with plain text in it."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = super().parse(stream, media_type, parser_context)
            _check(data)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        if data is not None and not isinstance(data, dict | list):
            raise ParseError("The body must be a JSON object.")
        return data
