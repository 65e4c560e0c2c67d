"""No input whatever gives a fault of ours: every address, with what nobody should send."""

import json

import pytest

from tests.contracts.house import hold
from tests.contracts.test_access import ARGUMENT, listed, visitors

QUERIES = (
    "q=%27%22%3Cscript%3E&after=%F0%28%8C%28&cursor=cD0x&page_size=99999999999999999999&locale=..%2F",
    "q=%F0%9F%92%A9%E2%80%AE&sort=__class__&level=x&topic=none&after=W10&page_size=-1&next=//evil",
    "cursor=" + "A" * 3000 + "&q=" + "x" * 3000 + "&edition=draft&expand=all&fields=password",
    "q[]=1&q[$ne]=1&page=NaN&after=bnVsbA&cursor=null&free=maybe&kind=%C3%28&state=&topic=a&topic=b",
)
BODIES = (
    "{",
    "[]",
    "null",
    json.dumps({"id": 2**80, "name": "\u0000", "email": {"a": []}, "offer": [], "slug": None}),
    json.dumps({"email": "x" * 5000, "password": 5, "answers": [[[]]], "key": {}, "quantity": -1}),
    json.dumps(
        {"course": 1, "offer": "\ud800", "code": 1e300, "lines": {"a": 1}, "is_staff": True}
    ),
)
FORMS = (
    {},
    {"email": "\u0000", "name": "\u202e" * 300, "quantity": "99999999999999999999", "next": "//e"},
    {
        "password": "x" * 5000,
        "code": "９９９",
        "action": ["a", "b"],
        "answer": "[",
        "is_staff": "on",
    },
)
ARGUMENTS = ("x" * 150, "ümläut-ß", "0", "-1", "..")


def faults_of(answer, what: str) -> list[str]:
    return [f"{what}: {answer.status_code}"] if answer.status_code >= 500 else []


@pytest.mark.django_db
def test_no_query_is_a_fault_of_ours(world):
    clients, found = visitors(world), []
    for route in listed():
        address = world.address(route, ARGUMENT.findall(route.pattern))
        for number, query in enumerate(QUERIES):
            # Whoever sees most meets most code; public pages are asked by strangers too.
            client = clients[("anonymous", "manager")[number % 2], address.startswith("/api/")]
            found += faults_of(client.get(f"{address}?{query}"), f"{address}?{query[:60]}")

    hold(found)


@pytest.mark.django_db
def test_no_body_is_a_fault_of_ours(world, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clients, found = visitors(world), []
    for route in listed():
        address = world.address(route, ARGUMENT.findall(route.pattern))
        is_api = address.startswith("/api/")
        client = clients["manager", is_api]
        if not is_api:
            for form in FORMS:
                found += faults_of(client.post(address, form), f"POST {address} {str(form)[:60]}")
            continue
        for verb in ("post", "put", "patch", "delete"):
            for number, body in enumerate(BODIES):
                headers = {"Idempotency-Key": f"{verb}-{number}-{route.name}"}
                answer = getattr(client, verb)(
                    address, body, content_type="application/json", headers=headers
                )
                found += faults_of(answer, f"{verb} {address} {body[:60]}")
                if answer.status_code == 405:
                    break

    hold(found)


@pytest.mark.django_db
def test_no_part_of_an_address_is_a_fault_of_ours(world):
    clients, found = visitors(world), []
    for route in listed():
        names = ARGUMENT.findall(route.pattern)
        for value in ARGUMENTS if names else ():
            parts = "/" + ARGUMENT.sub(value, route.pattern.replace("^", "").replace("$", ""))
            address = parts.replace("(?P", "").replace(")", "")
            client = clients["learner", address.startswith("/api/")]
            found += faults_of(client.get(address), f"{route.name} {address[:120]}")

    hold(found)
