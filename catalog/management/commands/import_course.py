"""manage.py import_course PATH: courses and topics from folders and zip files."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from catalog.actions.importing import import_course
from catalog.actions.importing_topics import import_topics
from catalog.importers.packages import open_package
from catalog.importers.topics import are_topics
from catalog.importers.tree import Outcome
from engineroom.refusals import Refusal

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Import a course from a folder or zip file: the school's own course folder, plain Markdown,"
        " a docsify repository or a Carpentries lesson. A folder of topic files imports the topics."
        " The same package again changes nothing."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser):
        parser.add_argument("path", help="folder or zip file")
        parser.add_argument("--dry-run", action="store_true", help="report only, keep nothing")
        parser.add_argument("--report", metavar="FILE", help="write the report as JSON")
        parser.add_argument("--publish", action="store_true", help="publish the draft afterwards")
        parser.add_argument("--price", default="", help="such as 49.00; needs --currency")
        parser.add_argument("--currency", default="", help="ISO code, such as EUR")
        parser.add_argument("--locale", default="", help="take the texts of this language")

    def handle(self, *args, path, dry_run, report, publish, price, currency, locale, **options):
        try:
            package = open_package(path)
            if are_topics(package):
                result = import_topics(source=package, actor=None, is_dry_run=dry_run)
            else:
                result = import_course(
                    source=package,
                    actor=None,
                    is_dry_run=dry_run,
                    publish=publish,
                    price=price,
                    currency=currency,
                    locale=locale,
                    progress=self.progress if sys.stderr.isatty() else lambda done, total: None,
                )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if report:
            self.write_report(Path(report), result)
        if options["verbosity"]:
            self.show(result, dry_run)

    def write_report(self, path: Path, result) -> None:
        try:
            path.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise CommandError(f"The report cannot be written: {error.strerror}.") from error

    def progress(self, done: int, total: int) -> None:
        """A bar on the terminal, gone when it is full."""
        filled = WIDTH * done // max(total, 1)
        end = "\r" + " " * (WIDTH + 20) + "\r" if done >= total else ""
        bar = f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {total}{end}"
        self.stderr.write(bar, style_func=str, ending="")  # in no color: it is no error
        self.stderr.flush()

    def show(self, result, dry_run: bool) -> None:
        lost = [item for item in result.items if item.outcome != Outcome.KEPT]
        shown = [item for item in lost if item.kind != "file"]
        for item in shown:
            place = f"{item.path}:{item.line}" if item.line else item.path
            self.stdout.write(f"{item.outcome:13} {item.kind:18} {place}  {item.reason}")
        if files := len(lost) - len(shown):
            self.stdout.write(f"{files} files are no part of the course.")
        if shown or files:
            self.stdout.write("")
        for name, count in result.counts.items():
            if count:
                self.stdout.write(f"{name.replace('_', ' '):20} {count:6}")
        done = "would be " if dry_run else ""
        self.stdout.write(
            f"{result.title or result.course or 'Topics'}: {result.created} rows {done}created,"
            f" {result.changed} changed, {result.unchanged} unchanged"
            + ("; a new edition is published." if result.is_published and not dry_run else ".")
        )
