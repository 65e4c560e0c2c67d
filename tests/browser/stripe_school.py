"""A school that takes its money through the stand-in for Stripe, for tests from outside."""

import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.school import ROOT, School, environment_of, open_school
from tests.payments.stripe_stand_in.server import KEY, SECRET, StandIn


@dataclass
class StripeSchool:
    """The school and its Stripe, whose post is delivered by the test."""

    school: School
    stripe: StandIn
    settings: dict[str, str]

    def deliver(self) -> int:
        """Post what has happened since; returns how many events the school took."""
        events = self.stripe.waiting()
        for event in events:
            body, signature = self.stripe.posted(event, time.time())
            headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
            request = urllib.request.Request(  # noqa: S310 - our own school
                f"{self.school.url}/webhooks/stripe/", body, headers
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own school
                assert answer.status == 200
        return len(events)

    def advance(self, days: int) -> None:
        """Time passes at Stripe, and by the school's movable clock."""
        self.stripe.advance(time.time() + days * 86_400)
        port = int(self.school.url.rpartition(":")[2])
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "manage.py", "move_clock", "--days", str(days), "--no-jobs"],
            cwd=ROOT,
            env=environment_of(self.school.data_dir, port, self.settings),
            check=True,
            capture_output=True,
        )


@contextmanager
def open_stripe_school(data_dir: Path):
    with StandIn(time.time()) as stripe:
        settings = {
            "PAYMENT_GATEWAY": "stripe",
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRETS": SECRET,
            "STRIPE_API_BASE": stripe.url,
        }
        with open_school(data_dir, **settings) as school:
            yield StripeSchool(school, stripe, settings)
