"""Payments by the names that gateways give them."""

from payments.models import Payment


def payment_at_gateway(gateway: str, reference: str) -> Payment | None:
    """Our payment behind a gateway's reference, with its order: one query."""
    return (
        Payment.objects.filter(gateway=gateway, reference=reference).select_related("order").first()
    )
