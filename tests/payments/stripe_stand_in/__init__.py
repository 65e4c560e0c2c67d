"""A stand-in for Stripe, for tests only: a server with memory that the official SDK talks to.

It answers Stripe's objects in Stripe's shapes (`shapes.json`, held to the published samples), takes
only parameters that the SDK's types know, and shows a page to pay on.

`shapes.json` is made from the sample objects that Stripe publishes beside its OpenAPI document
(repository stripe/openapi, openapi/fixtures3.json, August 2026) under the MIT License, whose text is
in `LICENSE-shapes.txt`.
"""

from tests.payments.stripe_stand_in.server import StandIn

__all__ = ["StandIn"]
