"""The short form of L1: a course by chance and its learners, beside a plain model of them."""

import pytest

from tests.faults.promises import progress

pytestmark = pytest.mark.django_db


def test_progress_is_what_a_plain_model_says_after_every_step():
    assert progress.play(11, 80).violations == []


@pytest.mark.slow
@pytest.mark.parametrize("guard", progress.GUARDS)
def test_without_its_guard_the_model_notices(guard):
    assert progress.is_noticed(guard)
