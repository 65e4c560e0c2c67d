"""Moves the clock of a test school forwards, then does everything that is due by then."""

from datetime import datetime, timedelta

from django.core.management.base import BaseCommand, CommandError

from engineroom import clock, jobs
from engineroom.clockwork import move_clock
from engineroom.refusals import Refusal


class Command(BaseCommand):
    help = "Move the clock of a test school forwards and do what is due by then. No way back."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=0)
        parser.add_argument("--hours", type=int, default=0)
        parser.add_argument("--minutes", type=int, default=0)
        parser.add_argument("--to", help="a moment such as 2027-03-01T09:00Z, instead of a span")
        parser.add_argument(
            "--no-jobs", action="store_true", help="leave what is due to the worker"
        )

    def handle(self, *, days, hours, minutes, to, no_jobs, **options):
        try:
            by = None if to else timedelta(days=days, hours=hours, minutes=minutes)
            moment = datetime.fromisoformat(to) if to else None
            if moment is not None and moment.tzinfo is None:
                raise ValueError("Write the moment with its zone, such as 2027-03-01T09:00Z.")
            ahead = move_clock(by=by, to=moment, is_confirmed=True)
        except (Refusal, ValueError, OverflowError) as error:
            raise CommandError(str(error)) from error
        failed = [] if no_jobs else jobs.run_all()
        self.stdout.write(f"It is {clock.now():%Y-%m-%d %H:%M} UTC, {ahead} ahead.")
        if failed:
            raise CommandError(f"The clock was moved, but these jobs failed: {', '.join(failed)}.")
