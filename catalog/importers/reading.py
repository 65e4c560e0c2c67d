"""Which format a package has, and its reader."""

from catalog.importers.carpentries import CarpentriesReader, is_carpentries
from catalog.importers.docsify import DocsifyReader, is_docsify
from catalog.importers.folder import FolderReader, is_folder, is_plain
from catalog.importers.names import key_of
from catalog.importers.packages import Package, shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import CourseSource


def read_course(package: Package, locale: str = "") -> CourseSource:
    """The neutral tree of a course in whatever known format. Refuses what is none of them."""
    if is_folder(package):
        course = FolderReader(package, locale).read()
    elif is_carpentries(package):
        if locale:
            raise PackageRefused(f"The package has no texts in {shown(locale)}.")
        course = CarpentriesReader(package).read()
    elif is_docsify(package):
        course = DocsifyReader(package, locale).read()
    elif is_plain(package):
        course = FolderReader(package, locale).read()
    else:
        raise PackageRefused(
            "This is no course: there is no course.md, no lesson table in a README.md, no"
            " config.yaml with episodes and no Markdown file."
        )
    if not key_of(course.slug):
        raise PackageRefused("The course has no name that could be its address.")
    return course
