"""A learner with a place, at the page and at the API, and who gives grants."""

import pytest
from django.contrib.auth.models import Permission

from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.doors import client_for


@pytest.fixture
def place():
    return make.make_enrollment()


@pytest.fixture
def learner(client, place):
    client.force_login(place.person)
    return client


@pytest.fixture
def api(place):
    return client_for(place.person)


@pytest.fixture
def staff():
    person = make_user(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="add_grant"))
    return person
