"""The admin: every table is there, saves go through actions, lists cost the same however long."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engineroom import slots
from engineroom.admin import ActionAdmin, BoundedRows, ReadOnlyAdmin
from tests.contracts.house import ROOMS, hold
from tests.contracts.rows import make_row, make_rows

ODD_PAGES = ("?p=-1", "?p=99999999999999999999", "?p=x&o=-1.x", "?e=1&o=99999999999999999999")


def own_models():
    return [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def shown_inside(site=admin.site) -> set:
    """Models that stand inside another model's page."""
    return {
        inline.model
        for entry in site._registry.values()
        for inline in getattr(entry, "inlines", [])
    }


def unregistered(site=admin.site, models=None) -> list[str]:
    shown = shown_inside(site)
    return [
        f"{model._meta.label} is not in the admin"
        for model in (models or own_models())
        if not site.is_registered(model) and model not in shown
    ]


def listed_models():
    return [model for model in own_models() if admin.site.is_registered(model)]


def without_base(registry=None) -> list[str]:
    """ModelAdmins of our rooms that could save by themselves."""
    return [
        f"{model._meta.label}: {type(entry).__name__} is neither ActionAdmin nor ReadOnlyAdmin"
        for model, entry in (registry or admin.site._registry).items()
        if type(entry).__module__.partition(".")[0] in ROOMS
        and not isinstance(entry, ActionAdmin | ReadOnlyAdmin)
    ]


def test_every_table_is_in_the_admin():
    hold(unregistered())


def test_every_admin_form_goes_through_an_action_or_is_read_only():
    hold(without_base())


def unbounded(site=admin.site) -> list[str]:
    """Inlines of forms that are saved whose rows nobody counts."""
    return [
        f"{type(entry).__name__}: {inline.__name__} is neither a TableInline nor a BlockInline"
        for entry in site._registry.values()
        if isinstance(entry, ActionAdmin)
        and entry.act_save_related.__func__ is not ActionAdmin.act_save_related
        for inline in entry.inlines
        if not issubclass(inline.formset, BoundedRows)
    ]


def test_every_form_bounds_the_rows_inside_it():
    hold(unbounded())


def test_rows_that_nobody_counts_are_found():
    model, inner = own_models()[0], own_models()[1]
    inline = type("Loose", (admin.TabularInline,), {"model": inner})
    saving = {"inlines": [inline], "act_save_related": lambda *args: None}
    site = admin.AdminSite()
    site.register(model, type("Saving", (ActionAdmin,), saving))

    assert unbounded(site) == ["Saving: Loose is neither a TableInline nor a BlockInline"]


def test_an_admin_form_that_saves_by_itself_is_found():
    model = own_models()[0]
    site = admin.AdminSite()
    careless = type("Careless", (admin.ModelAdmin,), {"__module__": "catalog.admin"})
    site.register(model, careless)

    assert without_base(site._registry) == [
        f"{model._meta.label}: Careless is neither ActionAdmin nor ReadOnlyAdmin"
    ]
    assert len(unregistered(site)) == len(own_models()) - 1


@pytest.fixture
def one_sidebar(monkeypatch):
    """The list of tables is the same on every page, asks nothing, and is half of each page's time."""
    monkeypatch.setattr(admin.site, "get_app_list", lambda request, app_label=None: [])


@pytest.fixture
def staff(client, django_user_model):
    person = django_user_model.objects.create_superuser("root@example.com", "a-long-password-1")
    client.force_login(person)
    return client


def _queries(client, address) -> int:
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(seen)


@pytest.mark.django_db
@pytest.mark.parametrize("model", listed_models(), ids=lambda model: model._meta.label_lower)
def test_a_change_list_costs_the_same_at_5_and_at_50_rows(staff, one_sidebar, model):
    options = model._meta
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    rows = [make_row(model) for _ in range(5)]
    staff.get(address)  # what is asked but once
    few = _queries(staff, address)
    make_rows(model, 45)
    many = _queries(staff, address)

    assert model._base_manager.count() >= 50
    assert many <= few, f"{options.label}: {few} queries for 5 rows, {many} for 50"
    assert many <= 14
    page = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[rows[0].pk])
    assert staff.get(page).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("model", listed_models(), ids=lambda model: model._meta.label_lower)
def test_every_list_can_be_searched_and_survives_hostile_queries(staff, one_sidebar, model):
    options = model._meta
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    for query in ("?q=ada%27%22%3Cscript%3E&o=99", ODD_PAGES[listed_models().index(model) % 4]):
        assert staff.get(address + query).status_code in (200, 302), query


@pytest.mark.django_db
def test_the_front_page_shows_the_boards_in_a_fixed_number_of_queries(staff):
    boards = [entry for entry in slots.gather("admin.board", _request(staff)) if entry]
    staff.get("/admin/")
    few = _queries(staff, "/admin/")

    answer = staff.get("/admin/")

    for board in boards:
        assert board["title"] in answer.content.decode()
    assert few <= 30
    assert answer.content.count(b"<h1>") == 1


def _request(client):
    class Request:
        session = client.session
        META: dict = {}
        GET: dict = {}

    request = Request()
    request.user = get_user(request)
    return request


@pytest.mark.django_db
def test_a_learner_does_not_enter(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada@example.com", "x" * 12))

    assert client.get("/admin/").status_code in (302, 403)
