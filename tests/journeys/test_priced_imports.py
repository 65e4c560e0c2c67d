"""Who sets prices when a course comes in: the wizard asks the till."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.roles import INSTRUCTOR, MANAGER
from catalog.models import Course
from payments.models import Offer
from tests.catalog.packages import FOLDER, zipped
from tests.factories.accounts import make_user
from tests.factories.catalog import make_instructor

pytestmark = pytest.mark.django_db
WIZARD, CONFIRM = "/admin/catalog/importrun/add/", "/admin/catalog/importrun/confirm/"
# The demo school may be there too.
OFFERS = Offer.objects.filter(items__key="tea")
SAID = "You may not set prices. Leave the price out, or ask a manager of the school."


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def look(client, role, **fields):
    """The wizard's answer to a package, and the ticket to confirm it with."""
    person = make_user(is_staff=True, roles=[role])
    make_instructor(person=person)
    client.force_login(person)
    package = SimpleUploadedFile("tea.zip", zipped(FOLDER).getvalue(), "application/zip")
    answer = client.post(WIZARD, {"package": package, **fields})
    found = re.search(r'name="ticket" value="([^"]+)"', answer.text)
    return answer, found[1] if found else ""


def test_an_instructor_is_told_beside_the_price_and_nothing_comes_in(client):
    answer, ticket = look(client, INSTRUCTOR, price="49.00", currency="EUR")

    assert answer.context["form"].errors == {"price": [SAID]}
    assert SAID in answer.text
    assert not ticket
    assert not Course.objects.filter(slug="tea").exists()
    assert not OFFERS.all().exists()


def test_an_instructor_brings_a_course_without_a_price(client):
    _, ticket = look(client, INSTRUCTOR)

    client.post(CONFIRM, {"ticket": ticket})

    assert Course.objects.filter(slug="tea").exists()
    assert not OFFERS.all().exists()


def test_a_manager_brings_a_course_with_a_price(client):
    _, ticket = look(client, MANAGER, price="49.00", currency="EUR")

    client.post(CONFIRM, {"ticket": ticket})

    assert OFFERS.get().amount_minor == 4900
