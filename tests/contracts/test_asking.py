"""Every action of an admin list shows the chosen rows and asks once more before it changes any."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from engineroom.models import AuditEntry, OutboxEvent
from tests.contracts.house import hold
from tests.contracts.rows import make_row
from tests.factories.accounts import make_user

DJANGOS = "delete_selected"  # Django's own, which asks by itself


def acting(registry=None) -> list[tuple]:
    """(model, its admin, name) of every action that an admin of ours or of a package offers."""
    return [
        (model, entry, name)
        for model, entry in (registry or admin.site._registry).items()
        for _, name, _ in entry._get_base_actions()
        if name != DJANGOS
    ]


def silent(registry=None) -> list[str]:
    return [
        f"{type(entry).__name__}.{name} does not ask once more"
        for _, entry, name in acting(registry)
        if not getattr(entry.get_action(name)[0], "asks_once_more", False)
    ]


def rows_of_all() -> dict[str, list]:
    """Every table but those of sessions, in which a visit leaves its mark."""
    tables = [name for name in connection.introspection.table_names() if "session" not in name]
    found = {}
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - names of our own tables
            found[name] = sorted(map(repr, cursor.fetchall()))
    return found


@pytest.fixture
def staff(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    client.get("/admin/")
    return client


def listing(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def fields_of(answer) -> dict:
    found = {}
    for name, value in re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.content.decode()
    ):
        found.setdefault(name, []).append(value)
    return found


def test_every_action_of_a_list_is_made_to_ask():
    assert len(acting()) >= 11
    hold(silent())


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "entry", "name"), acting(), ids=str)
def test_an_action_changes_nothing_before_it_is_confirmed(staff, model, entry, name):
    rows = [make_row(model) for _ in range(2)]
    chosen = {"action": name, "_selected_action": [row.pk for row in rows]}
    before = rows_of_all()

    staff.get(listing(model), chosen | {"confirmed": "2"})
    asked = staff.post(listing(model), chosen)
    for wrong in ("", "1", "yes"):
        again = staff.post(listing(model), chosen | {"confirmed": wrong})
        assert b'name="confirmed" value="2"' in again.content

    assert asked.status_code == 200
    assert rows_of_all() == before
    said = fields_of(asked)
    assert said["_selected_action"] == [str(row.pk) for row in sorted(rows, key=lambda r: r.pk)]
    assert staff.post(listing(model), said).status_code == 302


@pytest.mark.django_db
def test_what_came_between_is_asked_about_anew(staff):
    for _ in range(2):
        make_row(OutboxEvent)
    OutboxEvent.objects.update(dead_at="2026-01-01T00:00Z")
    chosen = {"action": "revive", "_selected_action": [1], "select_across": "1"}
    said = fields_of(staff.post(listing(OutboxEvent), chosen))
    assert said["select_across"] == ["1"]
    OutboxEvent.objects.filter(pk=make_row(OutboxEvent).pk).update(dead_at="2026-01-01T00:00Z")

    anew = staff.post(listing(OutboxEvent), said)

    assert b'name="confirmed" value="3"' in anew.content
    assert OutboxEvent.objects.exclude(dead_at=None).count() == 3
    assert staff.post(listing(OutboxEvent), fields_of(anew)).status_code == 302
    assert not OutboxEvent.objects.exclude(dead_at=None).exists()
    assert AuditEntry.objects.filter(action="outbox.revived").count() == 3


def test_an_action_that_does_not_ask_is_found():
    def hasty(self, request, queryset):
        queryset.delete()

    site = admin.AdminSite()
    site.register(OutboxEvent, type("Hasty", (admin.ModelAdmin,), {"a": hasty, "actions": ["a"]}))

    assert silent(site._registry) == ["Hasty.a does not ask once more"]
