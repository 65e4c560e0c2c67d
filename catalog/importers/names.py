"""Keys, titles and orders made from file names and headings."""

import re
import unicodedata

from markdown_it import MarkdownIt

MAX_KEY = 160
MAX_TITLE = 200
_parser = MarkdownIt("commonmark")


def key_of(text: str, limit: int = 100) -> str:
    """Lower-case letters and digits of any script, joined by hyphens. May be empty."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    words = re.sub(r"[\W_]+", "-", plain).strip("-")
    if len(words) > limit:
        words = words[:limit].rpartition("-")[0] or words[:limit]
    return words.strip("-")


def without_number(name: str) -> str:
    """`03-loops` is `loops`; a name of only digits stays."""
    return re.sub(r"^\d+[-_. ]+(?=\S)", "", name)


def natural(path: str) -> list:
    """Sorts `2-b` before `10-a`, folder by folder."""
    return [
        [
            (0, int(part), "") if part.isdecimal() else (1, 0, part)
            for part in re.split(r"(\d{1,9})", name)
            if part
        ]
        for name in path.casefold().split("/")
    ]


class Keys:
    """Hands out keys that are unique in the course."""

    def __init__(self):
        self.taken: set[str] = set()

    def take(self, *wishes: str) -> str:
        """The first wish that is free, else the last one with a number behind it."""
        wished = [wish[: MAX_KEY - 8] for wish in wishes if wish] or ["item"]
        for wish in wished:
            if wish not in self.taken:
                self.taken.add(wish)
                return wish
        number = 2
        while f"{wished[-1]}-{number}" in self.taken:
            number += 1
        self.taken.add(f"{wished[-1]}-{number}")
        return f"{wished[-1]}-{number}"


def title_from_name(name: str) -> str:
    """`03-for-loops.md` reads as `For loops`."""
    stem = without_number(name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    words = re.sub(r"[-_]+", " ", stem).strip()
    return (words[:1].upper() + words[1:])[:MAX_TITLE] or "Untitled"


def plain(markdown: str) -> str:
    """One line of Markdown without its markup."""
    tokens = _parser.parseInline(" ".join(markdown.split()))[0].children or []
    return " ".join(_words(tokens).split())


def _words(tokens) -> str:
    return "".join(
        _words(token.children) if token.children else token.content
        for token in tokens
        if token.type in ("text", "code_inline", "image", "softbreak")
    )


def take_title(markdown: str, line: int = 1) -> tuple[str, str, int]:
    """(title, body, line of the body). The title is the text's first heading when that heading
    opens the text with level 1; it is then left out of the body. Else the title is empty."""
    tokens = _parser.parse(markdown[:5000])
    first = next((token for token in tokens if token.type != "html_block"), None)
    if first is None or first.type != "heading_open" or first.tag != "h1":
        return "", markdown, line
    rows = markdown.split("\n")
    start, end = first.map
    rest = rows[:start] + rows[end:]
    skipped = end - start
    while rest and not rest[0].strip():
        rest.pop(0)
        skipped += 1
    title = plain(tokens[tokens.index(first) + 1].content)
    return shortened(title), "\n".join(rest), line + skipped


def shortened(text: str, limit: int = MAX_TITLE) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
