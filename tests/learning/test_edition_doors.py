"""Moving up by page, API and admin: the same act."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission

from engineroom.models import AuditEntry
from learning import actions
from learning.models import Enrollment
from tests.contracts.markup import faults
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.test_api import client_for
from tests.learning.test_editions import fill_second, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return make.make_enrollment()


@pytest.fixture
def caller(place):
    """The learner's own client of the API."""
    return client_for(place.person)


@pytest.fixture
def learner(client, place):
    client.force_login(place.person)
    return client


def page(place, number=2) -> str:
    return f"/learn/{place.course.slug}/editions/{number}/"


def api(place, what: str) -> str:
    return f"/api/v1/enrollments/{place.public_id}/{what}"


def test_the_notice_stands_on_three_pages_once_there_is_a_new_edition(learner, place):
    addresses = ["/learn/", f"/learn/{place.course.slug}/first/", place.course.get_absolute_url()]
    before = [learner.get(address).content.decode() for address in addresses]
    make.publish(place.course, fill_second)

    after = [learner.get(address).content.decode() for address in addresses]

    assert not any("There is a new edition" in text for text in before)
    for text in after:
        assert "There is a new edition" in text
        assert page(place) in text


def test_the_page_says_what_changes_and_its_button_moves_up(learner, place):
    for key in ("first", "second", "third"):
        actions.complete_item(enrollment=place, key=key)
    actions.start_attempt(enrollment=place, exercise_key="practice")
    make.publish(place.course, fill_second)

    raw = learner.get(page(place)).content.decode()
    text = " ".join(raw.split())
    answer = learner.post(page(place))

    assert faults(raw) == []
    assert "You study edition 1" in text
    assert "3 of 5 steps finished" in text
    assert "2 of 4 steps finished" in text
    assert "An extra lesson" in text
    assert "1 step that you finished is not in it" in text
    assert "You have begun <b>Practice</b>" in text
    assert answer.status_code == 302
    assert fresh(place).edition.number == 2
    assert "You are in edition 2 now." in learner.get("/learn/").content.decode()


def test_the_button_pressed_twice_is_no_harm(learner, place):
    make.publish(place.course, fill_second)

    codes = [learner.post(page(place)).status_code for _ in range(2)]

    assert codes == [302, 302]
    assert AuditEntry.objects.filter(action="learning.moved_up").count() == 1


def test_the_page_of_an_edition_that_is_not_on_offer_leads_to_the_one_that_is(learner, place):
    make.publish(place.course, fill_second)

    assert learner.get(page(place, 7)).url == page(place)
    assert learner.post(page(place, 7)).url == page(place)
    assert fresh(place).edition.number == 1
    learner.post(page(place))
    assert learner.get(page(place)).url == f"/learn/{place.course.slug}/"


def test_a_stranger_finds_no_such_page_and_who_lost_access_reads_why(client, learner, place):
    make.publish(place.course, fill_second)
    grant = place.person.grants.get()
    actions.end_grant(source=grant.source, source_key=grant.source_key)

    assert learner.get(page(place)).status_code == 403
    assert learner.post(page(place)).status_code == 403
    client.force_login(make_user())
    assert client.get(page(place)).status_code == 404
    assert client.post(page(place)).status_code == 404
    assert fresh(place).edition.number == 1


def test_who_studied_a_withdrawn_edition_is_offered_the_current_one(learner, place):
    make.withdraw(place.edition)
    make.publish(place.course, fill_second)

    start = learner.get(f"/learn/{place.course.slug}/")
    text = learner.get(page(place)).content.decode()
    learner.post(page(place))

    assert page(place) in start.content.decode()
    assert "which has been taken down" in text
    assert "Not now" not in text
    assert fresh(place).edition.number == 2


def test_a_finished_course_stands_among_the_finished_with_its_new_step(learner, place):
    make.publish(place.course, lambda edition: fill_one(edition, "first"))
    actions.move_up(enrollment=place)
    actions.complete_item(enrollment=place, key="first")
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=place)

    text = " ".join(learner.get("/learn/").content.decode().split())

    assert "Finished. Still open: Third" in text
    assert "1 of 4 steps" in text


def fill_one(edition, key):
    make.add_lesson(make.add_module(edition, "one", 1), key, 1)


def test_a_page_left_open_from_before_leads_back_into_the_course(learner, place):
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=place)
    start, old = f"/learn/{place.course.slug}/", f"/learn/{place.course.slug}/second/"

    answers = [learner.get(old), learner.post(old)]

    assert [answer.url for answer in answers] == [start, start]
    assert "does not have this part" in learner.get(start, follow=True).content.decode()
    assert learner.get(f"/learn/{place.course.slug}/never-was/").status_code == 404
    assert fresh(place).completions.count() == 0


def test_the_result_of_an_exercise_that_is_gone_can_still_be_read(learner, place):
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))
    actions.submit_attempt(attempt=attempt)
    make.publish(place.course, fill_second)
    actions.move_up(enrollment=place)

    found = learner.get(f"/learn/{place.course.slug}/practice/results/{attempt.public_id}/")

    assert found.status_code == 200
    assert "Try again" not in found.content.decode()


def test_an_exercise_whose_questions_became_other_kinds_opens(learner, caller, place):
    attempt = make.make_attempt(place)
    actions.save_answers(attempt=attempt, answers=make.right_answers(attempt))

    def fill(edition):
        swapped = make.six_questions()
        swapped[0] |= {"kind": "text", "answer": {"answers": ["x"]}, "options": []}
        swapped[2] |= {"kind": "multiple", "options": swapped[1]["options"], "answer": {}}
        swapped[3] |= {"kind": "ordering", "options": swapped[4]["options"], "answer": {}}
        swapped[4] |= {"kind": "numeric", "options": [], "answer": {"answer": "1"}}
        make.add_exercise(make.add_module(edition, "one", 1), "practice", 1, questions=swapped)

    make.publish(place.course, fill)
    actions.move_up(enrollment=place)

    assert learner.get(f"/learn/{place.course.slug}/practice/").status_code == 200
    assert caller.get(f"/api/v1/attempts/{attempt.public_id}").status_code == 200
    actions.start_attempt(enrollment=fresh(place), exercise_key="practice")
    assert learner.get(f"/learn/{place.course.slug}/practice/").status_code == 200
    assert caller.get(f"/api/v1/attempts/{attempt.public_id}").status_code == 200


def test_the_api_tells_of_editions_and_moves_up_once(caller, place):
    actions.complete_item(enrollment=place, key="first")
    make.publish(place.course, fill_second)

    before = caller.get(f"/api/v1/enrollments/{place.public_id}").json()
    changes = caller.get(api(place, "edition-changes")).json()
    headers = {"HTTP_IDEMPOTENCY_KEY": "once"}
    sent = [
        caller.post(
            api(place, "edition-moves"),
            {"edition": 2},
            format="json",
            **headers,
        )
        for _ in range(2)
    ]
    again = caller.post(api(place, "edition-moves"), {}, format="json")

    assert before["editions"] == {"own": 1, "offered": 2, "has_newer": True, "finished": None}
    assert before["finished_at"] is None
    assert changes["now"] == {"done": 1, "total": 5}
    assert changes["then"] == {"done": 1, "total": 4}
    assert [change["key"] for change in changes["added"]] == ["extra"]
    assert {change["key"] for change in changes["removed"]} == {"second", "practice"}
    assert [answer.status_code for answer in sent] == [201, 201]
    assert sent[0].content == sent[1].content
    moved = sent[0].json()
    assert (moved["is_new"], moved["from"], moved["to"]) == (True, 1, 2)
    assert moved["enrollment"]["editions"]["has_newer"] is False
    assert moved["enrollment"]["done"] == 1
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    assert AuditEntry.objects.filter(action="learning.moved_up").count() == 1


def test_the_api_refuses_an_edition_that_is_not_on_offer(caller, place):
    make.publish(place.course, fill_second)

    refused = caller.post(api(place, "edition-moves"), {"edition": 5}, format="json")

    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["edition"]) == ("other_edition", 2)
    assert fresh(place).edition.number == 1


def test_the_api_has_nothing_to_tell_without_a_new_edition(caller, place):
    found = caller.get(api(place, "edition-changes")).json()

    assert found["now"] is None
    assert found["added"] == []


def press(client, places, **also):
    data = {"action": "move_up", ACTION_CHECKBOX_NAME: [place.pk for place in places]} | also
    return client.post("/admin/learning/enrollment/", data, follow=True)


@pytest.fixture
def staff(client):
    person = make_user(is_staff=True)
    names = ["view_enrollment", "change_enrollment"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    return person


def test_staff_move_a_list_of_learners_up_after_being_asked(client, staff):
    course = make.make_course()
    places = [make.make_enrollment(course=course, person=make_user()) for _ in range(3)]
    make.publish(course, fill_second)

    asked = press(client, places)
    assert "there is no way back" in asked.content.decode()
    assert set(Enrollment.objects.values_list("edition__number", flat=True)) == {1}
    done = press(client, places, confirmed="3")

    assert "3 moved up." in done.content.decode()
    assert set(Enrollment.objects.values_list("edition__number", flat=True)) == {2}
    actors = AuditEntry.objects.filter(action="learning.moved_up")
    assert {entry.actor_id for entry in actors} == {staff.pk}


def test_one_learner_who_cannot_be_moved_holds_up_no_other(client, staff):
    course = make.make_course()
    places = [make.make_enrollment(course=course, person=make_user()) for _ in range(2)]
    make.publish(course, fill_second)
    grant = places[0].person.grants.get()
    actions.end_grant(source=grant.source, source_key=grant.source_key)

    text = press(client, places, confirmed="2").content.decode()

    assert "1 moved up." in text
    assert "access to this course has ended" in text
    assert [fresh(place).edition.number for place in places] == [1, 2]


def test_staff_without_the_permission_cannot_move_anybody(client, staff, place):
    make.publish(place.course, fill_second)
    staff.user_permissions.set(Permission.objects.filter(codename="view_enrollment"))

    press(client, [place], confirmed="1")

    assert fresh(place).edition.number == 1
