"""The background worker in a test build, with armed fault points and shorter waits."""

import sys

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from tests.faults import gate
    from tests.faults.arming import arm

    arm()
    gate.stand_before_the_simulator()
    call_command("worker", "--with-parent", "--idle", "0.2", *sys.argv[1:])


if __name__ == "__main__":
    main()
