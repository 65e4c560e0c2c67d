"""Writes every secret in the database anew under the newest key of the ring."""

from django.core.management.base import BaseCommand, CommandError

from engineroom import renewal
from engineroom.refusals import Refusal


class Command(BaseCommand):
    help = "Re-encrypt every secret in the database under the newest key. Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument(
            "--new-key", action="store_true", help="put a new key in front of the key file first"
        )
        parser.add_argument(
            "--drop-old",
            action="store_true",
            help="afterwards keep only the newest key in the file",
        )

    def handle(self, *, new_key, drop_old, **options):
        try:
            if new_key:
                renewal.put_new_key()
                self.stdout.write("A new key stands in front of the ring.")
            count = renewal.renew_secrets()
            self.stdout.write(f"{count} secrets written under the newest key.")
            if drop_old:
                self.stdout.write(f"{renewal.drop_old_keys()} old keys dropped.")
        except (Refusal, ValueError) as refusal:
            raise CommandError(str(refusal)) from refusal
