"""What the self-check is told of access: what opens something now, and what somebody closed."""

from datetime import timedelta

import pytest

from engineroom import clock
from learning.actions.access import end_grant, give_grant
from learning.models import Grant
from learning.queries.holdings import holdings
from tests.factories.accounts import make_user
from tests.factories.catalog import make_course

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant():
    return give_grant(
        person=make_user(),
        scope="course",
        scope_key=make_course().public_id,
        source=Grant.Source.ORDER,
        source_key="line_1",
    )


def test_a_grant_that_opens_something_is_given(grant):
    told = holdings()

    assert (told["given"], told["ended"]) == ({"line_1"}, set())


def test_a_grant_that_somebody_ended_is_ended(grant):
    end_grant(source=Grant.Source.ORDER, source_key="line_1", reason="asked for it")

    told = holdings()
    assert (told["given"], told["ended"]) == (set(), {"line_1"})


def test_a_bought_course_whose_end_has_passed_unasked_is_neither(grant):
    past = clock.now() - timedelta(days=1)
    Grant.objects.filter(pk=grant.pk).update(starts_at=past - timedelta(days=1), ends_at=past)

    told = holdings()
    assert (told["given"], told["ended"]) == (set(), set())
