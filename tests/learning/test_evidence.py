"""What learning knows for a dispute about a course."""

import pytest

from learning.queries.evidence import evidence
from tests.factories.accounts import make_user
from tests.factories.learning import make_enrollment

pytestmark = pytest.mark.django_db


def test_a_course_that_was_begun_is_told_of_and_no_other(django_assert_num_queries):
    enrollment = make_enrollment()
    make_enrollment(person=enrollment.person)
    person, slug = enrollment.person, enrollment.course.slug

    with django_assert_num_queries(2):
        told = evidence(person, [("course", slug)])

    assert len(told) == 1
    assert told[0].startswith(f"{enrollment.course.title}: begun ")
    assert "0 lessons completed, 0 exercises tried" in told[0]
    assert len(evidence(person, [("membership", "all")])) == 2
    assert evidence(make_user(), [("course", slug)]) == []
