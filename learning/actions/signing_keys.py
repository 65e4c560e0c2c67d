"""The keys that sign certificates."""

from django.db import IntegrityError, transaction

from engineroom import audit, clock
from learning import signing
from learning.models import SigningKey


def signing_key() -> SigningKey:
    """The key that signs; made when there is none yet. In the caller's transaction."""
    key = SigningKey.objects.defer("secret").filter(is_signing=True).first()
    return key or _make(None) or SigningKey.objects.get(is_signing=True)


def _make(actor) -> SigningKey | None:
    """None when somebody else has made one meanwhile."""
    public, secret = signing.new_pair()
    try:
        with transaction.atomic():
            key = SigningKey.objects.create(public=public, secret=secret)
    except IntegrityError:
        return None
    audit.record("learning.signing_key_made", key.name, actor=actor)
    return key


@transaction.atomic
def rotate_signing_key(*, actor=None) -> SigningKey:
    """Sign with a new key from now on. The old one's public half stays published, so that what it
    signed can still be checked; its secret half is forgotten."""
    retired = SigningKey.objects.filter(is_signing=True)
    for name in list(retired.values_list("name", flat=True)):
        moved = retired.filter(name=name).update(
            is_signing=False, retired_at=clock.real(), secret=""
        )
        if moved:
            audit.record("learning.signing_key_retired", name, actor=actor)
    return _make(actor) or SigningKey.objects.get(is_signing=True)
