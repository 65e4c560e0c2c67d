"""Learning in the admin: given and ended through the actions, everything else only read."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engineroom import slots
from engineroom.models import AuditEntry
from learning import actions
from learning.models import Answer, Attempt, Completion, Enrollment, Grant, Submission
from learning.queries import access
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.unkept import unkept

pytestmark = pytest.mark.django_db
MODELS = [Grant, Enrollment, Completion, Attempt, Answer, Submission]


@pytest.fixture
def staff(client):
    person = make_user(is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def listing(model):
    return reverse(f"admin:learning_{model._meta.model_name}_changelist")


def studied():
    place = make.make_enrollment()
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.submit_attempt(attempt=attempt)
    actions.submit_work(enrollment=place, project_key="work", title="W", text="x", is_public=True)
    return place


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker):
    """By model: the list's queries with three rows and with six."""
    found = {model: [] for model in MODELS}
    with unkept(django_db_blocker):
        desk = Client()
        desk.force_login(make_user(is_staff=True, is_superuser=True))
        for _ in range(2):
            for _ in range(3):
                studied()
            for model in MODELS:
                with CaptureQueriesContext(connection) as queries:
                    assert desk.get(listing(model)).status_code == 200
                found[model].append(len(queries))
    return found


@pytest.mark.parametrize("model", MODELS)
def test_lists_cost_the_same_with_one_and_more_rows(client, staff, costs, model):
    few, many = costs[model]

    assert few == many <= 8
    assert client.get(listing(model) + "?q=x%00y").status_code in (200, 302, 400)


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_shown_and_cannot_be_changed_or_deleted(client, staff, model):
    studied()
    row = model.objects.first()
    name = f"admin:learning_{model._meta.model_name}"

    assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_staff_give_a_grant_by_the_action(client, staff):
    person, course = make_user(), make.make_course()
    data = {
        "person": person.pk, "scope": "course", "scope_key": course.slug,
        "starts_at_0": "2020-01-01", "starts_at_1": "00:00", "ends_at_0": "", "ends_at_1": "",
    }  # fmt: skip

    response = client.post(reverse("admin:learning_grant_add"), data)

    assert response.status_code == 302
    grant = Grant.objects.get()
    assert (grant.source, grant.scope_key) == ("staff", course.public_id)
    assert access.may_open(person, course)
    assert AuditEntry.objects.get(action="learning.grant_given").actor == staff


def test_a_bad_grant_is_an_error_message_and_no_row(client, staff):
    data = {
        "person": make_user().pk, "scope": "course", "scope_key": "nothing",
        "starts_at_0": "2020-01-01", "starts_at_1": "00:00",
    }  # fmt: skip

    response = client.post(reverse("admin:learning_grant_add"), data, follow=True)

    assert "There is nothing in the school with this key." in response.content.decode()
    assert not Grant.objects.exists()


def test_staff_end_grants_by_the_action(client, staff):
    place = make.make_enrollment()
    grant = Grant.objects.get()

    client.post(
        listing(Grant), {"action": "end_now", "_selected_action": [grant.pk], "confirmed": "1"}
    )

    assert not access.may_open(place.person, place.course)
    assert AuditEntry.objects.get(action="learning.grant_ended").actor == staff


def test_staff_hide_and_show_a_work(client, staff):
    studied()
    work = Submission.objects.get()

    for action, expected in (("hide", True), ("show", False)):
        said = {"action": action, "_selected_action": [work.pk], "confirmed": "1"}
        client.post(listing(Submission), said)
        work.refresh_from_db()
        assert work.is_hidden is expected
    verbs = AuditEntry.objects.filter(target=work.public_id).values_list("action", flat=True)
    assert {"learning.work_hidden", "learning.work_shown"} <= set(verbs)


def test_the_board_counts_today(rf, staff):
    studied()
    request = rf.get("/admin/")
    request.user = staff

    board = next(
        part for part in slots.gather("admin.board", request)
        if part and part["title"] == "Enrollments today"
    )  # fmt: skip

    assert (board["context"]["count"], board["context"]["graded"]) == (1, 1)
    request.user = make_user(is_staff=True)
    assert not [
        part for part in slots.gather("admin.board", request)
        if part and part["title"] == "Enrollments today"
    ]  # fmt: skip
