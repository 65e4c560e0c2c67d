"""Every address by every role: what each may open is decided in one table, `access.txt`.

A line is: name of the route, then the status of a GET by somebody anonymous, a learner, support and
a manager, then of an empty POST by somebody anonymous. Private things in the sample school belong to
another learner, so 404 is the right answer to everybody who may not see all of them.
"""

import re

import pytest
from django.test import Client

from payments import sellables
from tests.contracts.house import ROOT, hold
from tests.contracts.routes import Route, routes
from tests.contracts.world import ROLES, World, build

TABLE = ROOT / "tests/contracts/access.txt"
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def decided() -> dict[str, list[int]]:
    lines = [line.split("#")[0].split() for line in TABLE.read_text().splitlines()]
    return {line[0]: [int(status) for status in line[1:]] for line in lines if line}


def listed() -> list[Route]:
    """Every route with a name outside the admin."""
    return [route for route in routes() if not route.name.startswith("admin")]


@pytest.fixture
def world(db):
    yield build()
    sellables.forget("dummy")


def visitors(world: World) -> dict[tuple[str, bool], Client]:
    """Clients by role and by whether they speak to the API: by token there, else by session."""
    found = {}
    for role in ROLES:
        for is_api in (False, True):
            client = found[role, is_api] = Client(raise_request_exception=False)
            if role != "anonymous" and is_api:
                client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {world.tokens[role]}"
            elif role != "anonymous":
                client.force_login(world.people[role])
    return found


def visit(world: World, clients: dict, route: Route) -> list[int]:
    address = world.address(route, ARGUMENT.findall(route.pattern))
    is_api = address.startswith("/api/")
    found = [clients[role, is_api].get(address) for role in ROLES]
    found.append(clients["anonymous", is_api].post(address))
    for client in clients.values():
        client.cookies.pop("messages", None)
    return [answer.status_code for answer in found]


def test_every_address_is_decided():
    names = {route.name for route in listed()}

    hold(sorted(f"{name} is not in the table" for name in names - set(decided())))
    hold(sorted(f"{name} is in the table and nowhere else" for name in set(decided()) - names))


def test_every_role_gets_what_the_table_says(world):
    table, clients = decided(), visitors(world)
    found = []
    for route in listed():
        seen, wanted = visit(world, clients, route), table.get(route.name)
        if wanted is not None and seen != wanted:
            found.append(f"{route.name}: decided {wanted}, found {seen}")

    hold(found)


def test_no_answer_in_the_table_is_a_fault():
    hold([f"{name}: {row}" for name, row in decided().items() if max(row) >= 500])


def test_the_admin_lets_nobody_in_but_staff(world):
    """Every address of the admin, with made-up arguments."""
    found, clients = [], visitors(world)
    for route in routes():
        if not route.name.startswith("admin"):
            continue
        address = "/" + re.sub(r"\(\?P<\w+>.*?\)\$?|<[^>]*>", "1", route.pattern)
        if address in ("/admin/login/", "/admin/logout/", "/admin/jsi18n/"):
            continue
        for role in ("anonymous", "learner"):
            status = clients[role, False].get(address).status_code
            if status not in (302, 403, 404):
                found.append(f"{address}: {role} got {status}")

    hold(found)
