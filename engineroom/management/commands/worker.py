"""The background process: works off the outbox and runs what is due."""

import logging
import os
import signal
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from engineroom import clock, outbox
from engineroom.jobs import schedule
from engineroom.models import Worker

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Deliver mail and other queued work, and run the jobs that come round. Stops on SIGTERM."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="work off what is due, then stop")
        parser.add_argument(
            "--idle", type=float, default=1.0, help="seconds between looks when idle"
        )
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="stop when the process that started this one ends",
        )

    def handle(self, *, once, idle, with_parent, **options):
        self.is_stopping = False
        if once:
            outbox.drain()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        parent = os.getppid()
        row = Worker.objects.create(started_at=clock.real(), seen_at=clock.real())
        due = {job.name: 0.0 for job in schedule}
        ahead = clock.ahead()
        while not self.is_stopping and not (with_parent and os.getppid() != parent):
            try:
                if ahead != clock.ahead():
                    # The clock was moved: everything may be due.
                    ahead, due = clock.ahead(), dict.fromkeys(due, 0.0)
                taken = outbox.relay()
                self._run_due(due)
                Worker.objects.filter(pk=row.pk).update(seen_at=clock.real())
            except Exception:
                log.exception("The worker's round failed.")
                taken = 0
            close_old_connections()
            if not taken:
                time.sleep(idle)
        Worker.objects.filter(pk=row.pk).delete()

    def _stop(self, number, frame):
        self.is_stopping = True

    def _run_due(self, due):
        """Each process keeps its own round; jobs are safe to run twice."""
        for job in schedule:
            if time.monotonic() >= due[job.name]:
                due[job.name] = time.monotonic() + job.every_seconds
                job.run()
