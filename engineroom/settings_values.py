"""Values that the school keeps about itself, by name."""

from engineroom import clock
from engineroom.models import SettingValue


def read(name: str, default=None):
    """The stored value, or `default`."""
    row = SettingValue.objects.filter(name=name).values_list("value", flat=True).first()
    return default if row is None else row


def write(name: str, value) -> None:
    """Store a JSON value under the name, in the caller's transaction."""
    SettingValue.objects.update_or_create(
        name=name, defaults={"value": value, "changed_at": clock.now()}
    )
