"""Topic files of the school's own format: an article with what it recommends."""

import re

from catalog.importers import yamls
from catalog.importers.fields import faqs_of
from catalog.importers.linking import Linker
from catalog.importers.names import Keys, key_of, natural, plain, shortened, take_title
from catalog.importers.packages import Package, shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import (
    RecommendationSource,
    ResourceSource,
    SectionSource,
    TopicSource,
)

KINDS = {"courses": "course", "lessons": "lesson", "exercises": "exercise", "projects": "project"}
SECTION = re.compile(r"^##[ \t]+(.+?)[ \t]*#*[ \t]*$")


def are_topics(package: Package) -> bool:
    """Whether every text of the package is a topic: its front matter recommends something."""
    paths = package.under("", ".md")
    return (
        bool(paths)
        and "course.md" not in package
        and all("recommends" in yamls.front_matter(package.text(path), path)[0] for path in paths)
    )


def read_topics(package: Package) -> list[TopicSource]:
    return [_topic(package, path) for path in sorted(package.under("", ".md"), key=natural)]


def _topic(package, path) -> TopicSource:
    fields, body, line = yamls.front_matter(package.text(path), path)
    heading, body, line = take_title(body, line)
    slug = key_of(path.rsplit("/", 1)[-1].removesuffix(".md"))
    title = yamls.words(fields.get("title", ""), path, "title", 200) or heading
    if not slug or not title:
        raise PackageRefused(f"{shown(path)}: a topic needs a name and a title.")
    topic = TopicSource(
        slug=slug,
        title=title,
        summary=yamls.words(fields.get("summary", ""), path, "summary", 300),
        path=path,
        recommendations=_recommendations(fields, path),
        resources=_resources(fields, path),
        faqs=faqs_of(fields, path),
    )
    _divide(topic, body, line, Linker(package, topic.findings))
    return topic


def _divide(topic, body, line, linker) -> None:
    """The text before the first `##` introduces; each `##` outside listings opens a section."""
    keys, parts, fence = Keys(), [("", line, [])], ""
    for number, row in enumerate(body.split("\n"), line):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", row)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and row.strip() == mark[1]:
            fence = ""
        match = None if fence else SECTION.match(row)
        if match:
            parts.append((shortened(plain(match[1])), number + 1, []))
        else:
            parts[-1][2].append(row)
    topic.introduction = "\n".join(parts[0][2]).strip()
    for title, start, rows in parts[1:]:
        text = linker.text("\n".join(rows).strip("\n"), topic.path, line=start)
        topic.sections.append(SectionSource(keys.take(key_of(title) or "section"), title, text))


def _recommendations(fields, path) -> list[RecommendationSource]:
    groups = fields.get("recommends") or {}
    found = []
    for name, rows in groups.items() if isinstance(groups, dict) else ():
        if name not in KINDS:
            raise PackageRefused(f"{shown(path)}: {shown(name)} cannot be recommended.")
        for row in yamls.listed(rows, path, name):
            course, _, key = yamls.words(row, path, name, 330).partition("/")
            if not course or (name == "courses") != (not key):
                raise PackageRefused(f"{shown(path)}: {shown(str(row))} names no {KINDS[name]}.")
            found.append(RecommendationSource(KINDS[name], course, key))
    return list(dict.fromkeys(found))


def _resources(fields, path) -> list[ResourceSource]:
    found = []
    for row in yamls.listed(fields.get("resources"), path, "resources"):
        row = yamls.mapped(row, path, "a resource")
        url = yamls.words(row.get("url", ""), path, "url", 500)
        title = yamls.words(row.get("title", ""), path, "title", 200)
        if not re.match(r"https?://[^\s<>\"]+$", url) or not title:
            raise PackageRefused(f"{shown(path)}: a resource needs a title and a web address.")
        found.append(
            ResourceSource(title, url, yamls.words(row.get("note", ""), path, "note", 300))
        )
    return found
