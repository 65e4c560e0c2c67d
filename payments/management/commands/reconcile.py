"""The self-check by hand: exit code 0 when nothing is wrong, 1 otherwise."""

import json
import sys

from django.core.management.base import BaseCommand

from payments.actions.selfcheck import check_everything, repair_everything
from payments.queries.selfcheck import KINDS, REPAIRS


class Command(BaseCommand):
    help = "Compare gateway, orders, invoices, books and access; --repair does what is offered."
    requires_migrations_checks = True

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--repair", action="store_true", help="repair, then look again")

    def handle(self, *, json: bool, repair: bool, **options):
        found, done = check_everything(), []
        if repair and found:
            done = repair_everything()
            found = check_everything()
        if json:
            self._print_json(found, done)
        else:
            self._print(found, done)
        if found:
            sys.exit(1)

    def _print_json(self, found, done):
        report = {
            "ok": not found,
            "findings": [
                {
                    "kind": one.kind,
                    "subject": one.subject,
                    "detail": one.detail,
                    "repair": one.repair,
                }
                for one in found
            ],
            "repaired": [
                {"kind": finding.kind, "subject": finding.subject, "how": how}
                for finding, how in done
            ],
        }
        self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))

    def _print(self, found, done):
        for finding, how in done:
            self.stdout.write(f"{KINDS[finding.kind]}: {finding.detail}\n  {how}")
        if not found:
            self.stdout.write("Nothing is wrong.")
        for one in found:
            offered = REPAIRS.get(one.repair, "nothing; somebody must look")
            self.stdout.write(f"{KINDS[one.kind]}: {one.detail}\n  repair: {offered}")
