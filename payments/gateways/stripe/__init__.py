"""Stripe as a gateway. Nothing here is loaded before the school needs it: the SDK is large."""
