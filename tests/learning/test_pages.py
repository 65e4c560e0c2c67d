"""The learner's pages, as a browser without JavaScript uses them."""

import re

import pytest
from django.urls import reverse

from learning.models import Answer, Attempt, Completion, Enrollment
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.learning.doors import address, form_of

pytestmark = pytest.mark.django_db


def fields_of(html, name):
    return re.findall(rf'name="{name}" value="(o\d+)"', html)


def test_the_reader_shows_the_lesson_and_remembers_the_place(learner, place):
    response = learner.get(address(place, "second"))

    html = response.content.decode()
    assert response.status_code == 200
    assert "PAID-BODY second" in html
    assert html.count("<h1") == 1
    assert response["Cache-Control"] == "private, no-store"
    place.refresh_from_db()
    assert place.last_key == "second"


def test_reading_again_writes_nothing(learner, place, django_assert_max_num_queries):
    learner.get(address(place, "second"))

    with django_assert_max_num_queries(10) as queries:
        learner.get(address(place, "second"))

    assert not [q for q in queries.captured_queries if q["sql"].startswith(("UPDATE", "INSERT"))]
    assert len(queries.captured_queries) <= 7


def test_a_lesson_of_a_large_course_costs_the_same(client, django_assert_max_num_queries):
    def fill(edition):
        for number in range(1, 11):
            module = make.add_module(edition, f"m{number}", number)
            for place in range(1, 21):
                make.add_lesson(module, f"l{number}-{place}", place)

    course = make.make_course(is_published=False)
    make.publish(course, fill)
    place = make.make_enrollment(course=course)
    client.force_login(place.person)
    client.get(address(place, "l5-5"))

    with django_assert_max_num_queries(7):
        response = client.get(address(place, "l5-5"))

    assert response.content.decode().count("<li") > 200


def test_marking_complete_moves_on_and_counts_once(learner, place):
    for _ in range(2):
        response = learner.post(address(place, "first"))
        assert response.status_code == 302
        assert response.url == address(place, "second")

    assert Completion.objects.count() == 1
    assert "1 of 5" in learner.get(address(place, "second")).content.decode()


def test_a_finished_lesson_is_marked_as_not_finished_by_its_button(learner, place):
    learner.post(address(place, "first"))
    assert "Mark as not finished" in learner.get(address(place, "first")).content.decode()

    for _ in range(2):
        response = learner.post(address(place, "first"), {"action": "reopen"})
        assert (response.status_code, response.url) == (302, address(place, "first"))

    assert not Completion.objects.exists()
    assert "Mark as complete" in learner.get(address(place, "first")).content.decode()


def test_the_start_page_resumes_where_the_learner_was(learner, place):
    assert learner.get(address(place)).url == address(place, "first")

    learner.get(address(place, "third"))

    assert learner.get(address(place)).url == address(place, "third")


def test_a_free_course_starts_by_a_post_only(client):
    course = make.make_course(is_free=True)
    person = make_user()
    client.force_login(person)
    start = reverse("learning:start", args=[course.slug])

    assert "Start for free" in client.get(start).content.decode()
    assert not Enrollment.objects.exists()

    assert client.post(start).status_code == 302
    assert client.post(start).status_code == 302
    assert Enrollment.objects.get().edition == course.published_edition
    assert client.get(start).url == reverse("learning:item", args=[course.slug, "first"])


def test_a_paid_course_says_how_to_buy_it(client):
    course = make.make_course()
    client.force_login(make_user())
    start = reverse("learning:start", args=[course.slug])

    assert course.get_absolute_url() in client.get(start).content.decode()
    refused = client.post(start)

    assert refused.status_code == 403
    assert "You have no place in this course" in refused.content.decode()
    assert not Enrollment.objects.exists()


def test_an_item_nobody_has_is_not_found(learner, place):
    for path in ("/learn/nothing-here/", "/learn/nothing-here/first/", address(place, "nothing")):
        assert learner.get(path).status_code == 404


def test_an_old_address_of_the_course_leads_to_the_new_one(learner, place):
    from catalog.models import SlugRedirect

    SlugRedirect.objects.create(kind="course", old_slug="older", new_slug=place.course.slug)

    assert learner.get("/learn/older/").url == address(place)
    assert learner.get("/learn/older/first/").url == address(place, "first")


# --- exercises


def test_the_form_has_every_kind_and_no_right_answer(learner, place):
    html = learner.get(address(place, "practice")).content.decode()

    for control in ('type="radio"', 'type="checkbox"', "<select", 'inputmode="decimal"', "up"):
        assert control in html
    assert "In ms." in html
    assert make.SECRET not in html
    assert "7319" not in html
    for key in ("s2", "m1", "r1"):
        assert f'value="{key}"' not in html
    assert not Attempt.objects.exists()


def test_the_order_is_the_same_before_and_after_the_first_save(learner, place):
    before = fields_of(learner.get(address(place, "practice")).content.decode(), "q5")
    text = re.findall(r"Choice \w\d", learner.get(address(place, "practice")).content.decode())

    learner.post(address(place, "practice"), {"q3": "half", "save": "1"})

    html = learner.get(address(place, "practice")).content.decode()
    assert fields_of(html, "q5") == before == ["o1", "o2", "o3", "o4"]
    assert re.findall(r"Choice \w\d", html) == text
    assert 'value="half"' in html


def test_moving_a_line_keeps_the_other_answers(learner, place):
    order = ["o1", "o2", "o3", "o4"]
    data = {"q1": "o2", "q2": ["o1", "o3"], "q3": "words", "q5": order, "q6.o1": "p2"}

    response = learner.post(address(place, "practice"), data | {"move": "5 o3 up"})

    assert response.url.endswith("#q5")
    html = learner.get(address(place, "practice")).content.decode()
    assert fields_of(html, "q5") == ["o1", "o3", "o2", "o4"]
    assert 'value="words"' in html
    assert len(re.findall(r'value="o\d" checked', html)) == 3
    assert '<option value="p2" selected>' in html


def test_checking_grades_on_the_server_and_shows_why(learner, place):
    data = form_of(place)

    response = learner.post(address(place, "practice"), data | {"check": "1"}, follow=True)

    html = response.content.decode()
    assert "All six are right." in html
    assert make.SECRET in html
    assert "SECRET-RIGHT solution practice 1" in html
    assert Completion.objects.get().item_key == "practice"
    attempt = Attempt.objects.get()
    assert (attempt.score, attempt.max_score) == (6, 6)


def test_wrong_answers_are_told_in_words(learner, place):
    attempt = make.make_attempt(place)
    data = form_of(place, attempt=attempt)
    wrong = next(f"o{n}" for n in (1, 2, 3) if f"o{n}" != data["q1"])
    data |= {"q1": wrong, "q2": data["q2"][:1], "q3": "nonsense", "q5": data["q5"][::-1]}

    html = learner.post(
        address(place, "practice"), data | {"check": "1"}, follow=True
    ).content.decode()

    assert "Two of six." in html
    assert "in questions 1, 2, 3 and 5" in html
    for words in ("Not right", "You left this out", "Rightly left out", "The right answer"):
        assert words in html
    assert "The right order" in html


def test_an_unanswered_question_is_an_error_beside_it_and_the_rest_survives(learner, place):
    data = form_of(place)
    del data["q1"]

    response = learner.post(address(place, "practice"), data | {"check": "1"})

    html = response.content.decode()
    assert response.status_code == 400
    assert "<title>Error: " in html
    assert 'href="#q1-1"' in html
    assert Attempt.objects.get().state == "open"
    assert Answer.objects.count() == 5
    assert f'value="{data["q3"]}"' in html
    assert make.SECRET + " explanation" not in html


def test_an_unreadable_number_is_refused_and_shown_again(learner, place):
    data = form_of(place) | {"q4": "many"}

    response = learner.post(address(place, "practice"), data | {"check": "1"})

    assert response.status_code == 400
    assert "Write a number, such as 12.5." in response.content.decode()
    assert 'value="many"' in response.content.decode()
    assert Attempt.objects.get().state == "open"


def test_after_a_result_the_learner_may_try_again(learner, place):
    learner.post(address(place, "practice"), form_of(place) | {"check": "1"})
    html = learner.get(address(place, "practice")).content.decode()

    assert "6 of 6" in html
    assert "checked" not in html

    learner.post(address(place, "practice"), form_of(place) | {"check": "1"})
    assert Attempt.objects.filter(state="graded").count() == 2
    assert Completion.objects.count() == 1


def test_an_exercise_without_questions_is_finished_by_its_solution(client):
    def fill(edition):
        module = make.add_module(edition, "one", 1)
        make.add_exercise(module, "puzzle", questions=[], solutions=2)

    course = make.make_course(is_published=False)
    make.publish(course, fill)
    place = make.make_enrollment(course=course)
    client.force_login(place.person)

    before = client.get(address(place, "puzzle")).content.decode()
    assert "Show the solution" in before
    assert make.SECRET not in before

    after = client.post(address(place, "puzzle"), {"check": "1"}, follow=True).content.decode()
    assert "SECRET-RIGHT solution puzzle 2" in after
    assert Completion.objects.get().item_key == "puzzle"
    assert client.get(address(place, "puzzle")).status_code == 302


def test_an_open_attempt_has_no_result_page(learner, place):
    attempt = make.make_attempt(place)
    path = reverse("learning:result", args=[place.course.slug, "practice", attempt.public_id])

    assert learner.get(path).url == address(place, "practice")


def test_anothers_result_does_not_exist(client, learner, place):
    learner.post(address(place, "practice"), form_of(place) | {"check": "1"})
    attempt = Attempt.objects.get()
    other = make.make_enrollment(course=place.course, person=make_user())
    client.force_login(other.person)

    path = reverse("learning:result", args=[place.course.slug, "practice", attempt.public_id])
    assert client.get(path).status_code == 404
