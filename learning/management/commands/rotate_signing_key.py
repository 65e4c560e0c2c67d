"""Makes a new key for certificates; what the old ones signed can still be checked."""

from django.core.management.base import BaseCommand

from learning.actions.signing_keys import rotate_signing_key


class Command(BaseCommand):
    help = "Sign certificates with a new key from now on. Old public keys stay published."

    def handle(self, **options):
        key = rotate_signing_key()
        self.stdout.write(f"Certificates are signed with {key.name} now.")
