"""Every address of the admin by every role of the staff, as `access_admin.txt` decides.

The views are asked without the pages they would draw: statuses alone are wanted. Whoever is not
staff gets nowhere, which is asked over the whole stack.
"""

import pytest
from django.contrib.admin import site
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from catalog.admin.rows import OwnRows
from catalog.models import Course, Edition, Instructor
from engineroom.refusals import Refusal
from tests.contracts.house import ROOMS, ROOT, hold
from tests.contracts.routes import Route, routes
from tests.contracts.rows import make_row
from tests.contracts.test_access import deviations, line, read_table
from tests.contracts.world import ROLES
from tests.journeys.addresses import path_of

TABLE = ROOT / "tests/contracts/access_admin.txt"
STAFF = [role for role in ROLES if role not in ("anonymous", "learner", "owner")]
OPEN = {"admin:login", "admin:logout", "admin:jsi18n"}


def of_admin() -> list[Route]:
    found = {}
    for route in routes():
        if route.name.startswith("admin:") and route.name not in OPEN:
            found.setdefault(route.name, route)
    return list(found.values())


@pytest.fixture
def addresses(world):
    """Each route's address, about a row that there is: written things are the instructor's."""
    rows = {}
    for model, entry in site._registry.items():
        row = None
        if isinstance(entry, OwnRows):
            row = instructors_row(model, entry.to_course)
        elif model is Instructor:
            row = Instructor.objects.get(person=world.people["instructor"])
        row = row or model._default_manager.order_by("-pk").first()
        is_own = model._meta.app_label in ROOMS
        row = row or (make_row(model) if is_own else None)
        rows[f"{model._meta.app_label}/{model._meta.model_name}"] = row

    def value(route, name):
        row = rows.get("/".join(route.pattern.split("/")[1:3]))
        return str(row.pk) if row and (name == "pk" or name.endswith("_id")) else "1"

    return {route.name: path_of(route, value) for route in of_admin()}


def instructors_row(model, to_course: str):
    """The latest row of the instructor's course, of its draft where only drafts can be written."""
    path = "slug" if to_course == "pk" else f"{to_course}__slug"
    rows = model._default_manager.filter(**{path: "open-course"}).order_by("-pk")
    if not rows:
        course = Course.objects.get(slug="open-course")
        draft = course.editions.get(state="draft")
        owner = {"course": course, "edition": draft, "exercise": draft.exercises.first()}
        name = to_course.partition("__")[0]
        model._default_manager.filter(pk=make_row(model).pk).update(**{name: owner[name]})
    rows = rows.filter(state="draft") if model is Edition else rows.all()
    return rows.first()


def ask(person, method: str, address: str, match) -> str:
    """The status that the view behind the address gives; what it changed is taken back."""
    request = RequestFactory().generic(method, address)
    request.user, request.session, request._dont_enforce_csrf_checks = person, {}, True
    request._messages = CookieStorage(request)
    view, args, kwargs = match
    with transaction.atomic():
        try:
            answer = view(request, *args, **kwargs)
        except PermissionDenied:
            answer = HttpResponse(status=403)
        except Http404:
            answer = HttpResponse(status=404)
        except Refusal as refusal:
            answer = HttpResponse(status=refusal.status)
        transaction.set_rollback(True)
    return str(answer.status_code)


def test_every_role_of_the_staff_gets_what_the_table_says(world, addresses, monkeypatch):
    monkeypatch.setattr(site, "get_app_list", lambda request, app_label=None: [])
    found = {}
    for name, address in addresses.items():
        match = resolve(address)
        for method in ("GET",) if name.endswith("_history") else ("GET", "POST"):
            found[name, method] = [
                ask(world.people[role], method, address, match) for role in STAFF
            ]

    hold(sorted(deviations(read_table(TABLE), found)))


def test_nobody_deletes_or_adds_what_only_actions_write():
    """Whoever may not see a table may not write it either."""
    found = []
    table = read_table(TABLE)
    for (name, method), row in table.items():
        shown = table.get((name.rpartition("_")[0] + "_changelist", "GET"))
        if shown and name.endswith(("_add", "_change", "_delete", "_history")):
            wrong = [a for a, b in zip(row, shown, strict=True) if b == "403" and a == "200"]
            found += [line((name, method), row)] * bool(wrong)

    hold(found)


def test_a_clerk_without_a_role_sees_the_front_page_and_nothing_else():
    clerk = STAFF.index("clerk")
    opened = {name for (name, _), row in read_table(TABLE).items() if row[clerk] == "200"}

    assert opened <= {"admin:index", "admin:password_change", "admin:password_change_done"}


@pytest.mark.parametrize("role", ["anonymous", "learner"])
def test_the_admin_lets_nobody_in_but_staff(world, addresses, role):
    client, found = Client(raise_request_exception=False), []
    if role != "anonymous":
        client.force_login(world.people[role])
    for address in addresses.values():
        status = client.get(address).status_code
        if status not in (302, 403, 404):
            found.append(f"{address}: {status}")

    hold(found)
