"""Roles and what staff do, by action and through the admin."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts import actions
from accounts.models import IdentityProvider, User
from accounts.queries import has_role
from accounts.refusals import LastSuperuser, RoleNotYours
from accounts.roles import ROLES
from engineroom.models import AuditEntry, OutboxEvent
from tests.factories.accounts import make_provider, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def manager():
    return make_user(is_staff=True, roles=["manager"])


@pytest.fixture
def admin(boss):
    client = Client()
    client.force_login(boss)
    return client


# --- roles


def test_migrating_makes_the_four_groups_with_their_permissions():
    def names(role):
        rows = Permission.objects.filter(group__name=role).select_related("content_type")
        return {f"{row.content_type.app_label}.{row.codename}" for row in rows}

    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    assert names("learner") == set()
    assert {"catalog.change_course", "catalog.view_course"} <= names("instructor")
    assert not any(name.startswith(("payments.", "accounts.")) for name in names("instructor"))
    assert "accounts.view_user" in names("support")
    assert "accounts.add_identityprovider" not in names("support")
    assert {"accounts.add_user", "accounts.change_identityprovider"} <= names("manager")


def test_keeping_the_roles_again_changes_nothing_and_undoes_a_stray_permission():
    def held():
        return {
            (group.name, pk)
            for group in Group.objects.all()
            for pk in group.permissions.values_list("pk", flat=True)
        }

    before = held()
    group = Group.objects.get(name="learner")
    group.permissions.add(Permission.objects.first())

    actions.keep_roles()
    actions.keep_roles()

    assert held() == before


def test_has_role_is_one_query_and_a_superuser_holds_all(django_assert_num_queries):
    person = make_user(roles=["support"])

    with django_assert_num_queries(1):
        assert has_role(person, "support")
        assert not has_role(person, "manager")
    assert has_role(make_user(is_superuser=True), "manager")
    assert not has_role(make_user(roles=["manager"], is_active=False), "manager")
    assert not has_role(None, "learner")


def test_a_staff_role_opens_the_admin_and_losing_it_closes_it(boss):
    person = make_user()

    actions.set_roles(person=person, roles={"instructor"}, actor=boss)
    assert User.objects.get(pk=person.pk).is_staff
    actions.set_roles(person=person, roles={"learner"}, actor=boss)

    assert not User.objects.get(pk=person.pk).is_staff
    entry = AuditEntry.objects.filter(action="person.changed_roles").first()
    assert entry.data == {"before": ["instructor"], "after": ["learner"]}


@pytest.mark.parametrize("role", ["manager", "support"])
def test_nobody_makes_managers_but_a_superuser(role, manager):
    actor = manager if role == "manager" else make_user(is_staff=True, roles=["support"])
    person = make_user()

    with pytest.raises(RoleNotYours):
        actions.set_roles(person=person, roles={"manager"}, actor=actor)

    assert not has_role(User.objects.get(pk=person.pk), "manager")
    assert not AuditEntry.objects.exists()


def test_a_manager_cannot_close_a_superuser_nor_another_manager(manager, boss):
    other = make_user(roles=["manager"])

    for person in (boss, other):
        with pytest.raises(RoleNotYours):
            actions.set_active(person=person, is_active=False, actor=manager)

    assert User.objects.filter(is_active=False).count() == 0


def test_the_last_superuser_stays_open(boss):
    with pytest.raises(LastSuperuser):
        actions.set_active(person=boss, is_active=False, actor=boss)

    assert User.objects.get(pk=boss.pk).is_active


# --- the admin of people


def test_staff_add_a_person_who_gets_a_link_by_mail(admin, boss):
    answer = admin.post(
        "/admin/accounts/user/add/",
        {"email": "New@example.com", "name": "Nell", "roles": ["learner", "instructor"]},
    )

    person = User.objects.get(email="new@example.com")
    assert answer.status_code == 302
    assert person.is_staff
    assert not person.has_usable_password()
    assert OutboxEvent.objects.get().payload["to"] == "new@example.com"
    actors = set(
        AuditEntry.objects.filter(action="person.added_by_staff").values_list("actor", flat=True)
    )
    assert actors == {boss.pk}


def test_staff_change_name_roles_and_state_in_one_go(admin):
    person = make_user(name="Old")

    admin.post(
        f"/admin/accounts/user/{person.pk}/change/",
        {"name": "New", "roles": ["support"], "email": "stolen@example.com", "is_superuser": "on"},
    )

    before, person = person, User.objects.get(pk=person.pk)
    assert (person.name, person.is_active, person.is_staff) == ("New", False, True)
    assert person.email == before.email
    assert not person.is_superuser


def test_a_refused_change_is_said_and_changes_nothing(manager):
    client = Client()
    client.force_login(manager)
    person = make_user(name="Old")

    answer = client.post(
        f"/admin/accounts/user/{person.pk}/change/",
        {"name": "New", "roles": ["manager"], "is_active": "on"},
        follow=True,
    )

    person.refresh_from_db()
    assert b"You may not give or take this role." in answer.content
    assert person.name == "Old"
    assert not person.groups.exists()


def test_a_known_address_is_refused_beside_the_field(admin):
    person = make_user()

    answer = admin.post("/admin/accounts/user/add/", {"email": person.email.upper(), "name": ""})

    assert b"Another account uses this address." in answer.content


def test_accounts_are_closed_from_the_list(admin):
    people = [make_user() for _ in range(2)]

    said = {"action": "close_accounts", "_selected_action": [person.pk for person in people]}
    admin.post("/admin/accounts/user/", said | {"confirmed": "2"})

    assert User.objects.filter(is_active=False).count() == 2
    assert AuditEntry.objects.filter(action="person.closed").count() == 2


@pytest.mark.parametrize(
    "path",
    ["user", "user/?q=person&confirmed=yes&groups__id__exact=1", "device", "identityprovider"],
)
def test_lists_cost_the_same_for_one_row_and_for_five(admin, path, django_assert_max_num_queries):
    def grow():
        person = make_user(roles=["learner"])
        actions.issue_device(person=person)
        make_provider()

    def count():
        with django_assert_max_num_queries(16) as seen:
            answer = admin.get(f"/admin/accounts/{path}", follow=True)
        assert answer.status_code == 200
        return len(seen)

    grow()
    before = count()
    for _ in range(4):
        grow()

    assert count() == before


@pytest.mark.parametrize("value", ["\x00", "x" * 10_000, "'", "9" * 40, "é"])
def test_the_admins_forms_bear_any_input(admin, value):
    person, provider = make_user(), make_provider()
    data = dict.fromkeys(
        ["email", "name", "roles", "is_active", "key", "server_url", "client_id", "client_secret"],
        value,
    )
    for path in (
        "user/add/",
        f"user/{person.pk}/change/",
        "identityprovider/add/",
        f"identityprovider/{provider.pk}/change/",
    ):
        assert admin.post(f"/admin/accounts/{path}", data).status_code < 500
    assert admin.get("/admin/accounts/user/", {"q": value, "confirmed": value}).status_code < 500


# --- devices and providers


def test_devices_are_looked_at_and_signed_out(admin):
    device, _access, _refresh = actions.issue_device(person=make_user())

    page = admin.get(f"/admin/accounts/device/{device.pk}/change/")
    said = {"action": "sign_out", "_selected_action": [device.pk], "confirmed": "1"}
    admin.post("/admin/accounts/device/", said)

    device.refresh_from_db()
    assert device.access_digest.encode() not in page.content
    assert device.revoked_at
    assert admin.get("/admin/accounts/device/add/").status_code == 403


def test_a_providers_secret_goes_in_and_never_comes_out(admin):
    data = {
        "key": "campus",
        "name": "Campus",
        "server_url": "https://login.example.com",
        "client_id": "lectern",
        "client_secret": "very secret",
        "is_active": "on",
    }
    admin.post("/admin/accounts/identityprovider/add/", data)
    row = IdentityProvider.objects.get()
    page = admin.get(f"/admin/accounts/identityprovider/{row.pk}/change/")
    changed = data | {"name": "Campus login", "client_secret": ""}
    admin.post(f"/admin/accounts/identityprovider/{row.pk}/change/", changed)

    assert b"very secret" not in page.content
    row.refresh_from_db()
    assert (row.name, row.client_secret) == ("Campus login", "very secret")
    assert "very secret" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("url", ["http://login.example.com", "ftp://x.example", "https://"])
def test_a_provider_without_https_is_refused(admin, url):
    admin.post(
        "/admin/accounts/identityprovider/add/",
        {"key": "k", "name": "n", "server_url": url, "client_id": "c", "client_secret": "s"},
    )

    assert not IdentityProvider.objects.exists()


def test_support_looks_at_people_and_does_not_see_providers():
    client = Client()
    client.force_login(make_user(is_staff=True, roles=["support"]))

    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.get("/admin/accounts/identityprovider/add/").status_code == 403


def test_learners_have_no_business_in_the_admin(client):
    client.force_login(make_user(roles=["learner"]))

    assert client.get("/admin/accounts/user/").status_code == 302
    assert client.get("/admin/login/").status_code == 403


@pytest.mark.parametrize(
    "model",
    [
        "account/emailaddress",
        "mfa/authenticator",
        "socialaccount/socialapp",
        "socialaccount/socialtoken",
        "socialaccount/socialaccount",
        "usersessions/usersession",
    ],
)
def test_allauths_own_rows_have_no_form_in_the_admin(admin, model):
    assert admin.get(f"/admin/{model}/").status_code == 404


def test_groups_are_looked_at_only(admin):
    group = Group.objects.get(name="support")

    assert admin.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
    assert admin.post(f"/admin/auth/group/{group.pk}/change/", {"name": "x"}).status_code == 403
    assert admin.get("/admin/auth/group/add/").status_code == 403
