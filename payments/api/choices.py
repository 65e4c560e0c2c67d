"""How the OpenAPI document calls the till's lists of choices."""

from payments import states


def names() -> dict:
    """Slot `developers.choices`: the choices by the name of their schema."""
    return {"OrderStateEnum": list(states.ORDER_LABELS)}
