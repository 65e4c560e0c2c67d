"""Every address by every method and role: what each may do is decided in one table, `access.txt`.

A line is: name of the route, method, then the status that each role of `ROLES` gets. Documents to
the API and forms to the pages are empty. Private things of the sample school belong to the owner,
its course names the instructor: 404 is the right answer to others who may not see all of them.
"-": not asked. The views of packages tell the signed-in from strangers, and no roles; what a
stranger may read, everybody may.
"""

import re
from http.cookies import SimpleCookie

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from engineroom import developers
from tests.contracts import blank
from tests.contracts.house import ROOT, hold
from tests.contracts.routes import Route, routes
from tests.contracts.world import ROLES, World
from tests.journeys.visitor import body_of

TABLE = ROOT / "tests/contracts/access.txt"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
STRANGERS = [ROLES.index("anonymous"), ROLES.index("learner"), ROLES.index("clerk")]
OWNER = ROLES.index("owner")
# Arguments that name one person's thing.
PRIVATE = {
    *("attempt_id", "enrollment_id", "submission_id", "number", "checkout_id", "line_id"),
    *("public_id", "device", "invoice_id"),
    *("gift_id", "team_id", "pool_id", "claim_id"),
    "certificate_id",
}
# Who asks the views of packages, and for what is public.
FEW = {"package": ("anonymous", "learner"), "public": ("anonymous", "learner", "manager")}
NOT_ASKED = "-"
Table = dict[tuple[str, str], list[str]]


def read_table(path=TABLE) -> Table:
    lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
    return {(line[0], line[1]): line[2:] for line in lines if line}


def listed(urlconf: str | None = None) -> list[Route]:
    """Every route outside the admin."""
    return [route for route in routes(urlconf) if not route.name.startswith("admin")]


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


class Walker:
    """Asks as each role; what an answer changed is taken back before the next."""

    def __init__(self, world: World):
        self.world, self.clients = world, visitors(world)
        self.cookies = {key: one.cookies.output(header="") for key, one in self.clients.items()}

    def ask(self, role: str, method: str, address: str, **headers) -> str:
        is_api = address.startswith("/api/")
        client = self.clients[role, is_api]
        client.cookies = SimpleCookie(self.cookies[role, is_api])
        sent = {"headers": headers}
        if method != "GET":
            sent["content_type"] = (
                "application/json" if is_api else "application/x-www-form-urlencoded"
            )
            sent["data"] = "{}" if is_api else ""
        with transaction.atomic():
            answer = client.generic(method, address, **sent)
            body_of(answer)
            transaction.set_rollback(True)
        return str(answer.status_code)

    def visit(self, route: Route) -> Table:
        """The route's lines."""
        address = self.world.address(route, ARGUMENT.findall(route.pattern))
        cache.clear()  # no throttle may hide what is behind it
        found = {}
        wants_key = getattr(route.view, "needs_idempotency_key", False)
        headers = {"Idempotency-Key": "key"} if wants_key else {}
        for method in self.methods(route, address):
            stranger = self.ask("anonymous", method, address, **headers)
            is_public = (method, stranger) == ("GET", "200")
            kind = "package" if route.is_packaged else "public" if is_public else "own"
            roles = FEW.get(kind, ROLES)[1:]
            found[route.name, method] = [stranger] + [
                self.ask(role, method, address, **headers) if role in roles else NOT_ASKED
                for role in ROLES[1:]
            ]
        return found

    def methods(self, route: Route, address: str) -> list[str]:
        """What the route answers to: what its class has, or what is not refused to all."""
        if isinstance(route.view, type):
            return [method for method in METHODS if hasattr(route.view, method.lower())]
        return [method for method in METHODS if self.ask("anonymous", method, address) != "405"]


def line(key: tuple[str, str], row: list[str]) -> str:
    return f"{key[0]:<40} {key[1]:<6} {' '.join(row)}"


def deviations(table: Table, found: Table) -> list[str]:
    """What is not as decided, each beginning with the line that the table would need."""
    return [
        *(
            f"{line(key, row)}  # decided: {table.get(key, 'nothing')}"
            for key, row in found.items()
            if table.get(key) != row
        ),
        *(f"{' '.join(key)} is in the table and nowhere else" for key in set(table) - set(found)),
    ]


@pytest.fixture
def unseen(settings):
    """Statuses alone are wanted: no page is drawn, and none that was not drawn is kept."""
    settings.TEMPLATES = blank.TEMPLATES
    yield
    developers._calls.cache_clear()


def test_every_role_gets_what_the_table_says(world, unseen):
    walker, found = Walker(world), {}
    for route in listed():
        found |= walker.visit(route)

    hold(sorted(deviations(read_table(), found)))


def test_every_address_is_read_table():
    named = {name for name, _ in read_table()}

    hold(sorted(f"{route.name} has no line" for route in listed() if route.name not in named))


def test_a_route_without_a_line_and_a_status_that_is_not_decided_are_found():
    table = {("a", "GET"): ["200", "404"], ("gone", "GET"): ["200", "200"]}
    found = {("a", "GET"): ["200", "200"], ("new", "POST"): ["201", "201"]}

    assert [one.split()[0] for one in deviations(table, found)] == ["a", "new", "gone"]


def test_no_answer_in_the_table_is_a_fault():
    hold([line(key, row) for key, row in read_table().items() if max(row) >= "500"])


def test_what_is_somebody_elses_is_not_there():
    """To strangers a private thing answers as one that does not exist."""
    table, found, seen = read_table(), [], 0
    for route in listed():
        if not PRIVATE & set(ARGUMENT.findall(route.pattern)):
            continue
        for method in METHODS:
            row = table.get((route.name, method))
            if row and row[OWNER] not in ("403", "404", "405", NOT_ASKED):
                seen += 1
                allowed = {"401", "404"} if route.name.startswith("api") else {"302", "404"}
                found += [line((route.name, method), row)] * any(
                    row[role] not in allowed for role in STRANGERS
                )

    hold(found)
    assert seen > 10
