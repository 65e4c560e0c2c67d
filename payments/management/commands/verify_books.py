"""Recompute the books from the rows: exit code 0 when they agree, 1 when something is wrong."""

import json
import sys

from django.core.management.base import BaseCommand

from payments.queries.books import audit_books


class Command(BaseCommand):
    help = "Compare ledger, orders, payments and refunds; prints JSON."
    requires_migrations_checks = True

    def handle(self, *args, **options):
        report = audit_books()
        self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
        if not report["ok"]:
            sys.exit(1)
