"""Exact limits in front of page, API and admin doors alike."""

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.urls import reverse

from engineroom.models import OutboxEvent
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
APP = "/api/v1/auth/app/v1/"
WRONG = "not the password"


@pytest.fixture(autouse=True)
def one_window(monkeypatch):
    """Counts begin anew at fixed moments; on a slow machine a test must not run across one."""
    end = int(time.time()) + 250
    monkeypatch.setattr("django_ratelimit.core._get_window", lambda value, period: end)


def page_login(client, email, password=WRONG, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def api_login(client, email, password=WRONG, **extra):
    return client.post(
        APP + "auth/login",
        {"email": email, "password": password},
        content_type="application/json",
        **extra,
    )


@pytest.mark.parametrize("door", [page_login, api_login])
def test_the_eleventh_try_is_not_looked_at_even_with_the_right_password(client, door):
    person = make_user()

    tries = [door(client, person.email).status_code for _ in range(10)]
    refused = door(client, person.email, PASSWORD)

    assert set(tries) <= {200, 400}
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    assert "_auth_user_id" not in client.session


def test_a_refused_try_is_a_page_for_people_and_a_problem_for_programs(client):
    for _ in range(10):
        api_login(client, "a@example.com")

    page, api = page_login(client, "a@example.com"), api_login(client, "a@example.com")

    assert b"A little slower" in page.content
    assert api["Content-Type"] == "application/problem+json"
    assert api.json()["code"] == "too_many_requests"


def test_doors_share_one_count_whatever_the_case_of_the_address(client):
    person = make_user(email="ada@example.com")

    for _ in range(5):
        page_login(client, "Ada@Example.com")
        api_login(client, "ADA@example.com")

    assert page_login(client, person.email, PASSWORD).status_code == 429


def test_an_address_has_thirty_tries_a_minute_over_all_accounts(client):
    answers = [page_login(client, f"p{number}@example.com").status_code for number in range(31)]

    assert answers == [200] * 30 + [429]


def test_a_forged_forwarding_header_does_not_make_another_address(client):
    for number in range(30):
        page_login(
            client, f"p{number}@example.com", headers={"X-Forwarded-For": f"10.0.0.{number}"}
        )

    refused = page_login(client, "x@example.com", headers={"X-Forwarded-For": "10.1.1.1"})

    assert refused.status_code == 429


def test_the_admin_signs_in_through_the_same_door(client):
    staff = make_user(is_staff=True, is_superuser=True)

    front = client.get("/admin/", follow=True)
    for _ in range(10):
        page_login(client, staff.email)

    assert front.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    posted = client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    assert posted.status_code == 302
    assert posted.url.startswith("/accounts/login/")
    assert page_login(client, staff.email, PASSWORD).status_code == 429


@pytest.mark.parametrize("by_api", [False, True])
def test_sign_up_and_reset_cost_mail_so_an_address_gets_five(client, by_api):
    def post(page, path, data):
        if by_api:
            return client.post(APP + path, data, content_type="application/json")
        return client.post(reverse(page), data)

    data = {"email": "a@example.com", "password1": PASSWORD, "password": PASSWORD}
    ups = [post("account_signup", "auth/signup", data).status_code for _ in range(6)]
    client.logout()
    resets = [
        post("account_reset_password", "auth/password/request", data).status_code for _ in range(6)
    ]

    assert ups[5] == resets[5] == 429
    assert 429 not in ups[:5] + resets[:5]
    assert OutboxEvent.objects.count() <= 10


def test_reauthentication_counts_as_a_try(client):
    person = make_user()
    client.force_login(person)

    for _ in range(10):
        client.post(reverse("account_reauthenticate"), {"password": "wrong"})

    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 429


def test_refresh_tokens_cannot_be_guessed_at_will(client):
    answers = [
        client.post(
            "/api/v1/auth/token/refresh", {"refresh_token": "x"}, content_type="application/json"
        ).status_code
        for _ in range(61)
    ]

    assert answers == [401] * 60 + [429]


RUN = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.core.cache import cache
from django.test import RequestFactory
from accounts.passwords import spend_try
from engineroom.refusals import TooManyTries

def exact(_):
    try:
        spend_try(RequestFactory().post("/"), "race@example.com")
    except TooManyTries:
        return False
    return True

def naive(_):
    count = cache.get("naive", 0)
    time.sleep(0.002)
    cache.set("naive", count + 1, 300)
    return count < 10

for attempt in (exact, naive):
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(50) as pool:
        print(sum(pool.map(attempt, range(50))), flush=True)
"""


def race(runs) -> int:
    """All processes start their 50 threads at one moment; how many tries got through in all."""
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    return sum(int(run.stdout.readline()) for run in runs)


@pytest.mark.slow
def test_of_two_hundred_parallel_tries_exactly_ten_are_looked_at(tmp_path):
    """With a control: a counter that reads and then writes lets more through."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATA_DIR": str(tmp_path), "CACHE_URL": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]

    exact, naive = race(runs), race(runs)

    for run in runs:
        run.communicate()
    assert exact == 10
    assert naive > 10
