"""Write the sales register, or a quarter's One Stop Shop return, as CSV to standard output."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError

from payments import oss
from payments.actions.exporting import export_oss, export_register


class Command(BaseCommand):
    help = "Write sales (--from, --to) or a One Stop Shop return (--quarter) as CSV."
    requires_migrations_checks = True

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="start", metavar="DAY", help="first day, 2026-10-01")
        parser.add_argument("--to", dest="until", metavar="DAY", help="last day, 2026-12-31")
        parser.add_argument("--quarter", metavar="2026Q4", help="the One Stop Shop return instead")
        parser.add_argument(
            "--rate",
            action="append",
            default=[],
            metavar="USD=1.0832",
            help="ECB rate of the quarter's last day",
        )
        parser.add_argument("--mode", choices=["live", "test"], default="live")

    def handle(self, *args, **options):
        try:
            text = self._text(options)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text, ending="")

    def _text(self, options) -> str:
        if options["quarter"]:
            rates = oss.parse_rates("\n".join(options["rate"]))
            return export_oss(quarter=options["quarter"], mode=options["mode"], rates=rates)
        if not (options["start"] and options["until"]):
            raise CommandError("Give --from and --to, or --quarter.")
        start, until = (date.fromisoformat(options[name]) for name in ("start", "until"))
        if until < start:
            raise CommandError("--to is before --from.")
        return export_register(start=start, until=until, mode=options["mode"])
