"""Hostile and broken packages are refused with one clear sentence, and nothing is changed."""

import io
import os
import stat
import zipfile

import pytest

from catalog.actions.importing import import_course
from catalog.importers import packages
from catalog.importers.packages import open_package
from catalog.importers.refusals import PackageRefused
from catalog.models import Body, ContentFile, Course, ImportRun, Topic
from tests.catalog.packages import COURSE, FOLDER, PLAIN, SVG, png, write_folder, zipped

pytestmark = pytest.mark.django_db
LESSON = "01-first/02-pot.md"
PICTURE = "![A box](../images/{})\n"


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def archive(*entries) -> io.BytesIO:
    """A zip of (name or ZipInfo, content) pairs, duplicates and all."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    file.seek(0)
    return file


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x" if mode else name)
    info.filename = name
    info.external_attr = mode << 16
    return info


def patched(file: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    assert old in file.getvalue()
    return io.BytesIO(file.getvalue().replace(old, new))


def encrypted() -> io.BytesIO:
    """The flag of encryption set in both headers."""
    content = bytearray(zipped(PLAIN).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    return io.BytesIO(bytes(content))


def damaged() -> io.BytesIO:
    file = zipped(PLAIN, zipfile.ZIP_STORED)
    return patched(file, b"Flour and water", b"Water and flour")


def tea(**changed) -> io.BytesIO:
    return zipped({**FOLDER, **{path.replace("__", "/"): text for path, text in changed.items()}})


def with_picture(name: str, content) -> io.BytesIO:
    return zipped({**FOLDER, LESSON: PICTURE.format(name), f"images/{name}": content})


def with_front_matter(text: str) -> io.BytesIO:
    return zipped({**FOLDER, "course.md": f"---\n{text}\n---\nWords.\n"})


def with_lesson(text) -> io.BytesIO:
    return zipped({**FOLDER, LESSON: text})


def bomb() -> str:
    rows = ["a0: &a0 [x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(rows)


HOSTILE = {
    "path escape": (lambda: archive(("../x.md", "x")), "leads out"),
    "path escape inside": (lambda: archive(("a/../../x.md", "x")), "leads out"),
    "absolute path": (lambda: archive(("/etc/x.md", "x")), "leads out"),
    "backslash path": (lambda: archive((entry("..\\x.md"), "x")), "leads out"),
    "drive letter": (lambda: archive(("C:/x.md", "x")), "leads out"),
    "symbolic link": (lambda: archive((entry("x.md", stat.S_IFLNK | 0o777), "/etc")), "a link"),
    "device file": (lambda: archive((entry("x.md", stat.S_IFCHR | 0o777), "")), "special"),
    "NUL in a name": (
        lambda: patched(archive(("nulXname.md", "x")), b"nulXname", b"nul\0name"),
        "control characters",
    ),
    "control character": (lambda: archive(("a\x1bb.md", "x")), "control characters"),
    "empty part": (lambda: archive(("a//b.md", "x")), "not a plain name"),
    "trailing dot": (lambda: archive(("a./b.md", "x")), "not a plain name"),
    "wild card": (lambda: archive(("a*b.md", "x")), "not a plain name"),
    "Windows device": (lambda: archive(("a/CON.md", "x")), "device"),
    "Windows port": (lambda: archive(("com1.md", "x")), "device"),
    "names in no UTF-8": (
        lambda: patched(archive(("caXe.md", "x")), b"caXe", b"ca\xe9e"),
        "not UTF-8",
    ),
    "names in false UTF-8": (
        lambda: patched(archive(("caüe.md", "x")), "caüe".encode(), b"ca\xc3\xc3e"),
        "not UTF-8",
    ),
    "names that differ in case": (lambda: archive(("a.md", "x"), ("A.md", "y")), "only in case"),
    "too deep": (lambda: archive(("/".join("a" * 20) + ".md", "x")), "nested deeper"),
    "too long a name": (lambda: archive(("a" * 300 + ".md", "x")), "longer than"),
    "ratio bomb": (lambda: archive(("a.md", "x" * 9_000_000)), "suspiciously small"),
    "no zip": (lambda: io.BytesIO(b"%PDF-1.7 " * 99), "not a readable zip"),
    "half a zip": (lambda: io.BytesIO(zipped(PLAIN).getvalue()[:90]), "not a readable zip"),
    "empty file": (io.BytesIO, "not a readable zip"),
    "empty zip": (lambda: archive(), "no files"),
    "encrypted": (encrypted, "encrypted"),
    "damaged": (damaged, "damaged"),
    "only folders": (lambda: archive(("a/", ""), ("b/", "")), "no files"),
    "no course": (lambda: archive(("a.txt", "x"), ("b.py", "x")), "This is no course"),
    "empty course": (lambda: zipped({"course.md": COURSE}), "no lesson"),
    "YAML aliases": (lambda: with_front_matter(bomb()), "aliases"),
    "YAML tag": (lambda: with_front_matter("title: !!python/object:os.system x"), "tags"),
    "YAML own tag": (lambda: with_front_matter("title: !x y"), "tags"),
    "YAML depth": (lambda: with_front_matter("title: " + "[" * 500 + "]" * 500), "nested"),
    "YAML in itself": (lambda: with_front_matter("title: &a [*a]"), "not valid YAML"),
    "YAML double key": (lambda: with_front_matter("title: x\ntitle: y"), "twice"),
    "YAML broken": (lambda: with_front_matter("title: [x"), "not valid YAML"),
    "YAML list": (lambda: with_front_matter("- x"), "not a list of fields"),
    "YAML control": (lambda: with_front_matter("title: a\x07b"), "not valid YAML"),
    "YAML escape of NUL": (lambda: with_front_matter('title: "a\\0b"'), "not valid YAML"),
    "YAML escape of a surrogate": (
        lambda: with_front_matter('title: "a\\ud800b"'),
        "not valid YAML",
    ),
    "quiz with a surrogate": (
        lambda: zipped(
            {
                "README.md": "| a |\n|---|\n| [x](a/b/README.md) |\n",
                "a/b/README.md": "# X\n\nText.\n",
                "quiz-app/translations/en.json": '{"quizzes": [{"id": 1, "title": "\\ud800",'
                ' "quiz": []}]}',
            }
        ),
        "cannot be used",
    ),
    "huge front matter": (lambda: with_front_matter("title: " + "x" * 99_000), "longer than"),
    "long title": (lambda: with_front_matter("title: " + "x" * 999), "longer than"),
    "title as list": (lambda: with_front_matter("title: [x]"), "must be text"),
    "unknown level": (lambda: with_front_matter("title: x\nlevel: guru"), "level"),
    "bad price": (lambda: with_front_matter("title: x\nprice: 1e9\ncurrency: EUR"), "price"),
    "price alone": (lambda: with_front_matter("title: x\nprice: '5'"), "currency"),
    "outcomes as text": (lambda: with_front_matter("title: x\noutcomes: y"), "must be a list"),
    "faq as text": (lambda: with_front_matter("title: x\nfaqs: [y]"), "group of fields"),
    "exercise as list": (lambda: zipped({**FOLDER, "01-first/03-check.exercise.yaml": "- x"}),
                         "group of fields"),
    "question of no kind": (
        lambda: zipped({**FOLDER, "01-first/03-check.exercise.yaml": "questions: [{kind: x}]"}),
        "no kind",
    ),
    "number that is none": (
        lambda: zipped({
            **FOLDER,
            "01-first/03-check.exercise.yaml": "questions: [{kind: numeric, answer: '1e999999'}]",
        }),
        "no number",
    ),
    "not UTF-8 text": (lambda: with_lesson(b"caf\xe9"), "not UTF-8 text"),
    "NUL in a text": (lambda: with_lesson("a\0b"), "NUL"),
    "deep quotation": (lambda: with_lesson("> " * 5000 + "x"), "nested too deeply"),
    "deep list": (lambda: with_lesson("- " * 5000 + "x"), "nested too deeply"),
    "deep brackets": (lambda: with_lesson("[" * 9000), "nested too deeply"),
    "brackets over lines": (lambda: with_lesson("[[[[\n" * 2000), "nested too deeply"),
    "endless headings": (lambda: with_lesson("# a\n" * 9000), "headings"),
    "SVG with script": (
        lambda: with_picture("evil.svg", SVG.replace("<rect", "<script>alert(1)</script><rect")),
        "evil.svg",
    ),
    "SVG with handler": (
        lambda: with_picture("evil.svg", SVG.replace("<rect", "<rect onload='alert(1)'")),
        "evil.svg",
    ),
    "SVG with entities": (
        lambda: with_picture("evil.svg", '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG),
        "evil.svg",
    ),
    "no picture": (lambda: with_picture("box.png", b"not a picture"), "box.png"),
    "HTML as JPEG": (
        lambda: with_picture("box.jpg", b"<html><script>alert(1)</script>"), "box.jpg"
    ),
    "empty picture": (lambda: with_picture("box.gif", b""), "box.gif"),
    "huge picture": (lambda: with_picture("big.png", png(20_000, 20_000)), "big.png"),
    "missing course file": (lambda: zipped({"config.yaml": "episodes: [x.md]\n",
                                           "episodes/y.md": "x"}), "no episodes"),
    "quiz that is no JSON": (
        lambda: zipped({
            "README.md": "| a |\n|---|\n| [x](a/b/README.md) |\n",
            "a/b/README.md": "# X\n\nText.\n",
            "quiz-app/translations/en.json": "[" * 100_000,
        }),
        "not valid JSON",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused_and_nothing_is_changed(name):
    make, words = HOSTILE[name]

    with pytest.raises(PackageRefused) as caught:
        import_course(source=make(), name="tea", actor=None, publish=True)

    assert words in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message
    for model in (Course, Topic, ContentFile, Body, ImportRun):
        assert not model.objects.exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice_is_refused():
    with pytest.raises(PackageRefused, match="occurs twice"):
        open_package(archive(("a.md", "x"), ("a.md", "y")), "tea")


def test_too_many_files_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "MAX_FILES", 3)

    with pytest.raises(PackageRefused, match="more than 3 files"):
        open_package(zipped(FOLDER), "tea")
    with pytest.raises(PackageRefused, match="more than 3 files"):
        open_package(write_folder(tmp_path / "tea", FOLDER))


def test_too_much_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(packages, "MAX_TOTAL", 1000)
    with pytest.raises(PackageRefused, match="larger than"):
        open_package(zipped(FOLDER), "tea")

    monkeypatch.setattr(packages, "MAX_FILE", 100)
    with pytest.raises(PackageRefused, match="larger than"):
        open_package(zipped({"a.md": "x" * 101}), "tea")


def test_an_archive_that_understates_a_size_is_refused():
    content = bytearray(zipped({"a.md": "x" * 5000}).getvalue())
    at = content.find(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")

    with pytest.raises(PackageRefused, match="not as long|damaged"):
        open_package(io.BytesIO(bytes(content)), "tea").text("a.md")


def test_links_in_a_folder_are_refused(tmp_path):
    root = write_folder(tmp_path / "tea", FOLDER)
    os.symlink("/etc/passwd", root / "01-first" / "09-secret.md")

    with pytest.raises(PackageRefused, match="links are not followed"):
        import_course(source=root, actor=None)
    assert not Course.objects.exists()


def test_a_pipe_in_a_folder_is_refused(tmp_path):
    root = write_folder(tmp_path / "tea", FOLDER)
    os.mkfifo(root / "pipe.md")

    with pytest.raises(PackageRefused, match="not a plain file"):
        open_package(root)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path):
    with pytest.raises(PackageRefused, match="no files"):
        open_package(tmp_path)
    with pytest.raises(PackageRefused, match="no folder or file"):
        open_package(tmp_path / "none")


def test_a_missing_picture_is_reported_not_refused():
    report = import_course(
        source=with_lesson("Look: ![A cat](../images/cat.svg)\n"), name="tea", actor=None
    )

    (lost,) = [
        item for item in report.items if item.reason == "There is no picture ../images/cat.svg."
    ]
    assert (lost.outcome, lost.line) == ("dropped", 1)


def test_a_refused_package_leaves_an_earlier_draft_as_it_was():
    import_course(source=zipped(FOLDER), name="tea", actor=None)
    before = list(Body.objects.values_list("digest", flat=True))

    with pytest.raises(PackageRefused):
        import_course(source=with_picture("box.png", b"not a picture"), name="tea", actor=None)

    assert list(Body.objects.values_list("digest", flat=True)) == before
    assert ImportRun.objects.count() == 1


def test_markup_of_a_package_runs_nowhere():
    text = (
        "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
        "[a](javascript:alert(1)) [b](//evil.example/x) [c](data:text/html,x)\n"
    )
    report = import_course(source=with_lesson(text), name="tea", actor=None)

    body = Body.objects.get(source__contains="onerror")
    assert "<script" not in body.html
    assert "onerror" not in body.html
    assert "href" not in body.html
    assert sum(item.kind == "link" and item.path == LESSON for item in report.items) == 3
