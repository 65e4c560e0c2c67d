"""The school in a test build: gunicorn and its workers with armed fault points."""

import django
from django.db import connection


def main() -> None:
    django.setup()
    from config.management.commands.serve import Server
    from tests.faults import gate
    from tests.faults.arming import arm

    arm()
    gate.stand_before_the_simulator()
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    Server().run()


if __name__ == "__main__":
    main()
