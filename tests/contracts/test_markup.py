"""Every page that can be opened, by everybody: language, title, landmarks, labels, names, ids."""

import pytest

from tests.contracts.house import hold
from tests.contracts.markup import faults
from tests.contracts.test_access import ARGUMENT, listed, visitors

GOOD = (
    '<!doctype html><html lang="en"><head><title>T</title></head><body><a href="#main">Skip</a>'
    '<main id="main"><h1>Hello</h1>{}</main></body></html>'
)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["anonymous", "learner", "manager"])
def test_every_page_shuts_nobody_out(world, role):
    clients, found, seen = visitors(world), [], 0
    for route in listed():
        address = world.address(route, ARGUMENT.findall(route.pattern))
        if address.startswith("/api/"):
            continue
        answer = clients[role, False].get(address)
        if answer.get("Content-Type", "").startswith("text/html") and answer.status_code != 302:
            seen += 1
            found += [f"{address} ({role}): {fault}" for fault in faults(answer.content.decode())]

    hold(found)
    assert seen > 20


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/accounts/login/?next=/learn/"])
def test_pages_of_refusal_shut_nobody_out_either(client, address):
    assert faults(client.get(address).content.decode()) == []


def test_a_sound_page_has_no_fault():
    assert faults(GOOD.format('<label for="q">Q</label><input id="q"><img alt="" src="a">')) == []


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<h1>Again</h1>", "2 first headings"),
        ('<input name="q" placeholder="Search">', "no label for q"),
        ('<img src="a.png">', "an image without alt: a.png"),
        ('<p id="a"></p><p id="a"></p>', "two elements with id a"),
        ('<a href="/x"><svg></svg></a>', "a nameless a"),
        ("<button></button>", "a nameless button"),
        ('<p aria-describedby="gone"></p>', "nothing has the id gone"),
        ('<p style="color:red"></p>', "an inline style on p"),
        ('<p onclick="x()"></p>', "a handler onclick on p"),
    ],
)
def test_a_fault_is_found(inside, fault):
    assert faults(GOOD.format(inside)) == [fault]


def test_a_page_without_its_frame_is_found():
    assert faults("<p>Hello</p>") == [
        "no document type",
        "no language",
        "no title",
        "0 first headings",
        "0 main landmarks",
        "the first link leads to None, not past the navigation",
    ]
