"""Pandoc's attributes behind pictures and links: the alternative text is kept, the rest goes."""

import re

from catalog.importers.divs import FENCE

IMAGE = re.compile(
    r"!\[(?P<caption>(?:[^\]\\]|\\.)*)\]\((?P<address><[^<>\n]*>|[^()\s]*)"
    r"(?P<title>[ \t]+\"[^\"\n]*\")?[ \t]*\)\{(?P<attributes>(?:'[^'\n]*'|\"[^\"\n]*\"|[^{}'\"\n])*)\}"
)
LINK = re.compile(r"(\]\([^()\s]*\))\{[:.#][^{}\n]*\}|(\]\([^()\s]*\))\{target=[^{}\n]*\}")
ALT = re.compile(r"\balt=(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s'\"]+))")


def with_alternative_texts(markdown: str) -> str:
    """`![](x.svg){alt='A cat'}` reads `![A cat](x.svg)`; an empty one marks a decoration. Listings
    stay as they are."""
    rows, fence = markdown.split("\n"), ""
    for index, row in enumerate(rows):
        mark = FENCE.match(row)
        if mark and not fence:
            fence = mark["mark"]
        elif mark and mark["mark"].startswith(fence) and row.strip() == mark["mark"]:
            fence = ""
        elif not fence and "{" in row and "](" in row:
            rows[index] = LINK.sub(lambda match: match[1] or match[2], IMAGE.sub(_image, row))
    return "\n".join(rows)


def _image(match) -> str:
    found = ALT.search(match["attributes"])
    alt = next((group for group in found.groups() if group is not None), "") if found else ""
    if found and not alt and not match["caption"]:
        return f'![]({match["address"]} "decorative")'
    alt = alt or match["caption"]
    # Pandoc's own escapes are undone first, so that nothing is escaped twice.
    words = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", alt)
    escaped = re.sub(r"([\\\[\]*_`<>&!])", r"\\\1", words)
    return f"![{escaped}]({match['address']}{match['title'] or ''})"
