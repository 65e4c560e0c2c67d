"""`make run`: bring the school up to date and serve it, in one process."""

import secrets

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from gunicorn.app.base import BaseApplication

from accounts.actions.founding import make_staff
from accounts.queries import has_staff
from config import demo
from config import gunicorn as gunicorn_settings
from config.wsgi import application


class Server(BaseApplication):
    """gunicorn with the settings of config/gunicorn.py."""

    def load_config(self):
        for name, value in vars(gunicorn_settings).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self):
        return application


class Command(BaseCommand):
    help = "Migrate, open the demo school on first use, then serve on PORT."

    def add_arguments(self, parser):
        parser.add_argument("--prepare-only", action="store_true", help="do all but serve")

    def handle(self, *, prepare_only, **options):
        self._migrate()
        login = self._staff()
        if settings.DEMO_SCHOOL and not demo.is_planted():
            self.stdout.write("Opening the demo school.")
            demo.plant()
        self.stdout.write(f"{settings.SCHOOL_NAME} is at http://localhost:{settings.PORT}/")
        if login:
            self.stdout.write(f"Staff login (shown once): {login[0]}  password: {login[1]}")
            self.stdout.write(f"Administration: http://localhost:{settings.PORT}/admin/")
        self.stdout.flush()
        if not prepare_only:
            self._serve()

    def _migrate(self):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database.")
            call_command("migrate", verbosity=0, interactive=False)

    def _staff(self):
        """The first staff person, with a generated password that is printed once and stored nowhere."""
        if has_staff():
            return None
        password = secrets.token_urlsafe(12)
        make_staff(email=settings.STAFF_EMAIL, password=password, name="School staff")
        return settings.STAFF_EMAIL, password

    def _serve(self):
        """gunicorn in this process: what is imported stays, so the school opens in half the time."""
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()  # its threads would not survive the fork
        Server().run()
