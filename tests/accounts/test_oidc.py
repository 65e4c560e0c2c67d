"""Signing in through a provider, against a real one on this machine."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.urls import reverse

from accounts.models import User
from engineroom.models import AuditEntry
from tests.accounts.oidc import CLIENT_ID, CLIENT_SECRET, Provider
from tests.factories.accounts import make_provider, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    running = Provider()
    yield running
    running.close()


@pytest.fixture
def row(provider):
    return make_provider(
        key="campus", name="Campus", server_url=provider.url, client_secret=CLIENT_SECRET
    )


def leave(client, key="campus", process="login") -> str:
    """Press the button; the address of the provider that the page leads to."""
    url = reverse("openid_connect_login", args=[key])
    page = client.post(f"{url}?process={process}")
    assert page.status_code == 200, page
    return page["Refresh"].removeprefix("0; url=")


def come_back(client, address: str):
    return client.get(address.removeprefix("http://testserver"))


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_person_known_at_the_provider_gets_an_account_and_is_signed_in(client, provider, row):
    provider.person["name"] = "Ida"

    answer = come_back(client, provider.authorize(leave(client)))

    person = User.objects.get()
    assert answer.status_code == 302
    assert signed_in(client)
    assert (person.email, person.name) == ("ida@example.com", "Ida")
    assert not person.has_usable_password()
    assert person.groups.get().name == "learner"
    assert SocialAccount.objects.get().provider == "campus"
    assert AuditEntry.objects.filter(action="person.signed_up").exists()

    client.logout()
    come_back(client, provider.authorize(leave(client)))
    assert signed_in(client)
    assert User.objects.count() == 1


def test_the_settings_name_a_provider_without_any_row(client, provider, settings):
    settings.OIDC_PROVIDER = {
        "name": "Single sign-on",
        "server_url": provider.url,
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
    }

    page = client.get(reverse("account_login"))
    come_back(client, provider.authorize(leave(client, "sso")))

    assert b"Sign in with Single sign-on" in page.content
    assert signed_in(client)


def test_the_way_out_is_a_page_of_ours_because_the_policy_holds_redirects_of_forms(
    client, provider, row
):
    page = client.post(reverse("openid_connect_login", args=["campus"]))

    assert page.status_code == 200
    assert page["Refresh"].startswith(f"0; url={provider.url}/authorize?")
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert b"Go on to sign in" in page.content


def test_getting_the_address_alone_starts_nothing(client, provider, row):
    page = client.get(reverse("openid_connect_login", args=["campus"]))

    assert page.status_code == 200
    assert "Refresh" not in page


def test_a_wrong_state_signs_nobody_in(client, provider, row):
    address = provider.authorize(leave(client))

    answer = come_back(client, address.split("&state=")[0] + "&state=made-up")

    assert b"did not work" in answer.content
    assert not signed_in(client)
    assert not User.objects.exists()


def test_a_state_of_another_browser_signs_nobody_in(client, provider, row):
    address = provider.authorize(leave(client))
    client.cookies.clear()

    come_back(client, address)

    assert not signed_in(client)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-client"},
        {"exp": 1},
    ],
)
def test_an_id_token_that_is_not_for_us_is_refused(client, provider, row, claims):
    provider.bend = claims

    answer = come_back(client, provider.authorize(leave(client)))

    assert b"did not work" in answer.content
    assert not signed_in(client)
    assert not User.objects.exists()


def test_each_way_out_carries_a_nonce_of_its_own(client, provider, row):
    first, second = (parse_qs(urlsplit(leave(client)).query)["nonce"][0] for _ in range(2))

    assert len(first) >= 32
    assert first != second


def test_a_nonce_in_the_address_of_the_button_does_not_replace_ours(client, provider, row):
    url = reverse("openid_connect_login", args=["campus"])

    page = client.post(f"{url}?process=login&auth_params=nonce%3Dchosen")

    assert "nonce=" in page["Refresh"]
    assert "chosen" not in page["Refresh"]


@pytest.mark.parametrize("nonce", [None, "", "of-another-request", 7, ["a"], {"a": "b"}])
@pytest.mark.parametrize("process", ["login", "connect"])
def test_an_id_token_with_another_nonce_or_none_changes_nothing(
    client, provider, row, nonce, process
):
    somebody = make_user(email="somebody@example.com")
    if process == "connect":
        client.force_login(somebody)
    provider.bend = {"nonce": nonce}

    answer = come_back(client, provider.authorize(leave(client, process=process)))

    assert answer.status_code in (200, 401, 403)
    assert b"did not work" in answer.content
    assert signed_in(client) == (process == "connect")
    assert User.objects.get() == somebody
    assert not SocialAccount.objects.exists()


def test_the_nonce_of_an_earlier_way_out_is_refused(client, provider, row):
    earlier = parse_qs(urlsplit(leave(client)).query)["nonce"][0]
    provider.bend = {"nonce": earlier}

    answer = come_back(client, provider.authorize(leave(client)))

    assert b"did not work" in answer.content
    assert not signed_in(client)
    assert not User.objects.exists()


def test_an_answer_without_an_id_token_is_refused(client, provider, row):
    provider.has_id_token = False

    answer = come_back(client, provider.authorize(leave(client)))

    assert b"did not work" in answer.content
    assert not signed_in(client)
    assert not User.objects.exists()


def test_a_wrong_client_secret_is_refused(client, provider):
    make_provider(key="campus", server_url=provider.url, client_secret="wrong")

    answer = come_back(client, provider.authorize(leave(client)))

    assert b"did not work" in answer.content
    assert not signed_in(client)


@pytest.mark.parametrize("verified", [False, "false", "true", None, 1])
def test_an_address_the_provider_did_not_check_must_be_confirmed_first(
    client, provider, row, verified
):
    provider.person["email_verified"] = verified

    answer = come_back(client, provider.authorize(leave(client)))

    assert answer.url == reverse("account_email_verification_sent")
    assert not signed_in(client)
    assert not User.objects.get().emailaddress_set.get().verified


def test_a_provider_cannot_take_over_an_account_with_the_same_address(client, provider, row):
    person = make_user(email="ida@example.com")

    answer = come_back(client, provider.authorize(leave(client)))

    assert answer.url == reverse("account_email_verification_sent")
    assert not signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.get() == person


@pytest.mark.parametrize(
    "broken",
    [
        {"/userinfo": {"email": "no-subject@example.com"}},
        {"/userinfo": "words"},
        {"/userinfo": {"sub": "43", "email": "another@example.com"}},
        {"/userinfo": {"sub": {"a": 1}, "email": ["x"], "name": 7}},
        {"/.well-known/openid-configuration": {"issuer": "x"}},
        {"/.well-known/openid-configuration": []},
    ],
)
def test_whatever_a_provider_answers_is_not_our_error(client, provider, row, broken):
    if "/userinfo" in broken:
        address = provider.authorize(leave(client))
        provider.broken = broken
        answer = come_back(client, address)
    else:
        provider.broken = broken
        answer = client.post(reverse("openid_connect_login", args=["campus"]))

    assert answer.status_code < 500
    assert not signed_in(client)


def test_a_provider_that_is_away_is_said_politely(client, provider, row):
    provider.close()

    answer = client.post(reverse("openid_connect_login", args=["campus"]))

    assert answer.status_code < 500
    assert b"did not work" in answer.content


def test_somebody_signed_in_connects_and_disconnects_a_provider(client, provider, row):
    person = make_user(email="somebody@example.com")
    client.force_login(person)

    come_back(client, provider.authorize(leave(client, process="connect")))
    account = SocialAccount.objects.get()
    page = client.get(reverse("socialaccount_connections"))
    client.post(reverse("socialaccount_connections"), {"account": account.pk})

    assert account.user == person
    assert b"Remove" in page.content
    assert not SocialAccount.objects.exists()
    assert set(
        AuditEntry.objects.filter(target=person.public_id).values_list("action", flat=True)
    ) >= {"person.connected_provider", "person.disconnected_provider"}


def test_an_app_signs_in_by_id_token_and_a_forged_signature_is_refused(client, provider, row):
    def post(token):
        return client.post(
            "/api/v1/auth/app/v1/auth/provider/token",
            {
                "provider": "campus",
                "process": "login",
                "token": {"client_id": CLIENT_ID, "id_token": token},
            },
            content_type="application/json",
        )

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = post(provider.id_token(key=other))
    assert forged.status_code == 400
    assert not User.objects.exists()

    good = post(provider.id_token())
    assert good.status_code == 200
    assert good.json()["meta"]["access_token"]


def test_a_provider_that_is_switched_off_is_unknown(client, provider, row):
    row.is_active = False
    row.save()

    assert client.post(reverse("openid_connect_login", args=["campus"])).status_code == 404
    assert b"Campus" not in client.get(reverse("account_login")).content
