"""`make docs`: every page of the docs as HTML under var/docs, every relative link checked."""

import html
import re
import sys
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent
TARGET = ROOT.parent / "var" / "docs"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
LISTING = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1 *$|`[^`\n]+`", re.M | re.S)


def broken_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    text = LISTING.sub("", page.read_text())
    return [target for target in LINK.findall(text) if not (page.parent / target).exists()]


def build(page: Path, renderer: MarkdownIt) -> None:
    text = page.read_text()
    title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), page.stem)
    body = renderer.render(text).replace('.md"', '.html"')
    target = (TARGET / page.relative_to(ROOT)).with_suffix(".html")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<main>{body}</main></html>"
    )


def main() -> int:
    pages = sorted(ROOT.rglob("*.md")) + [ROOT.parent / "README.md"]
    broken = [(page, link) for page in pages for link in broken_links(page)]
    for page, link in broken:
        print(f"{page.relative_to(ROOT.parent)}: {link} does not exist")  # noqa: T201 - said to whoever runs it
    renderer = MarkdownIt("commonmark").enable("table")
    built = [page for page in pages if page.is_relative_to(ROOT)]
    for page in built:
        build(page, renderer)
    print(f"{len(built)} pages in {TARGET.relative_to(ROOT.parent)}, {len(broken)} broken links")  # noqa: T201 - said to whoever runs it
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
