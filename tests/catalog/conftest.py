"""What pages of the catalog show from other rooms."""

import pytest
from django.db import connection

from engineroom import slots


@pytest.fixture
def own_slots(monkeypatch):
    """Prices of one query; nothing else from other rooms."""
    monkeypatch.setattr(slots, "_slots", type(slots._slots)(list))

    def prices(slugs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {
            slug: {
                "amount_minor": 4900,
                "currency": "EUR",
                "text": "€49",
                "offer": "offer_x",
                "url": "/buy/offer_x/",
            }
            for slug in slugs
        }

    slots.fill("catalog.prices", prices)
    slots.fill("catalog.start_url", lambda course: f"/learn/{course.slug}/")
