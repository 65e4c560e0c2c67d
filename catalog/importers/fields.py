"""The grouped fields of a front matter: instructor, questions and answers, rubric, gallery."""

from catalog.importers import yamls
from catalog.importers.names import key_of
from catalog.importers.packages import shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import FAQSource, GallerySource, InstructorSource

MAX_ROWS = 50
MAX_TEXT = 4_000


def sentences(fields, name: str, path: str) -> list[str]:
    rows = _rows(fields, name, path)
    return [yamls.words(row, path, name, 300) for row in rows]


def instructor_of(fields, path: str) -> InstructorSource | None:
    if not fields.get("instructor"):
        return None
    row = yamls.mapped(fields["instructor"], path, "instructor")
    name = yamls.words(row.get("name", ""), path, "instructor name", 120)
    slug = key_of(yamls.words(row.get("slug", "") or name, path, "instructor slug", 160))
    if not slug or not name:
        raise PackageRefused(f"{shown(path)}: an instructor needs a slug and a name.")
    return InstructorSource(slug, name, yamls.words(row.get("bio", ""), path, "bio", 2000))


def faqs_of(fields, path: str) -> list[FAQSource]:
    faqs = []
    for row in _rows(fields, "faqs", path):
        row = yamls.mapped(row, path, "a FAQ")
        question = yamls.words(row.get("question", ""), path, "question", 300)
        answer = row.get("answer", "")
        if not question or not isinstance(answer, str) or not answer.strip():
            raise PackageRefused(f"{shown(path)}: a FAQ needs a question and an answer.")
        faqs.append(FAQSource(question, answer.strip()[:MAX_TEXT]))
    return faqs


def rubric_of(fields, path: str) -> list[dict]:
    rubric = []
    for row in _rows(fields, "rubric", path):
        row = yamls.mapped(row, path, "a criterion")
        criterion = yamls.words(row.get("criterion", ""), path, "criterion", 300)
        points = yamls.whole(row.get("points", ""), path, "points", 1000)
        rubric.append({"criterion": criterion, "points": points})
    return rubric


def gallery_of(fields, path: str) -> list[GallerySource]:
    """Only works marked as samples: nobody's work is published by an import."""
    gallery = []
    for row in _rows(fields, "gallery", path):
        row = yamls.mapped(row, path, "a gallery work")
        if not yamls.truth(row.get("sample", ""), path, "sample"):
            raise PackageRefused(f"{shown(path)}: a gallery work must be marked as a sample.")
        gallery.append(
            GallerySource(
                yamls.words(row.get("title", ""), path, "title", 200),
                yamls.words(row.get("author", ""), path, "author", 120),
                yamls.words(row.get("text", ""), path, "text", MAX_TEXT),
            )
        )
    return gallery


def _rows(fields, name: str, path: str) -> list:
    rows = yamls.listed(fields.get(name), path, name)
    if len(rows) > MAX_ROWS:
        raise PackageRefused(f"{shown(path)}: {name} has more than {MAX_ROWS} entries.")
    return rows
