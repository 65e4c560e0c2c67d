"""A stand-in for Stripe, for tests only: a server with memory that the official SDK talks to.

It answers Stripe's objects in Stripe's shapes (`shapes.json`, held to the published samples), takes
only parameters that the SDK's types know, and shows a page to pay on.
"""

from tests.payments.stripe_stand_in.server import StandIn

__all__ = ["StandIn"]
