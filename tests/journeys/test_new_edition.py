"""A new edition through the API alone: an app of staff publishes it, an app of a learner moves up."""

from uuid import uuid4

import pytest

from tests.factories.accounts import make_user
from tests.journeys.test_by_api import app_of

pytestmark = pytest.mark.usefixtures("school")
SLUG = "html-foundations"


def test_a_learner_moves_up_and_keeps_what_both_editions_have():
    office, app = app_of(make_user(is_staff=True, roles=["manager"])), app_of(make_user())
    place = app.post("/api/v1/enrollments", {"course": SLUG}, status=(201,))
    here = f"/api/v1/enrollments/{place['id']}"
    items = [item for part in place["outline"] for item in part["items"]]
    first, gone = [item["key"] for item in items if item["kind"] == "lesson"][:2]
    for key in (first, gone):
        app.post(f"{here}/completions", {"key": key})

    office.call("patch", f"/api/v1/courses/{SLUG}/lessons/{first}", {"title": "A new beginning"})
    office.call("delete", f"/api/v1/courses/{SLUG}/lessons/{gone}", status=(204,))
    office.post(f"/api/v1/courses/{SLUG}/publication", {}, key=str(uuid4()))

    told = app.get(here)["editions"]
    assert told == {"own": 1, "offered": 2, "has_newer": True, "finished": None}
    changes = app.get(f"{here}/edition-changes")
    assert [line["key"] for line in changes["removed"]] == [gone]
    assert [(line["key"], line["is_done"]) for line in changes["changed"]] == [(first, True)]
    assert changes["now"] == {"done": 2, "total": len(items)}
    assert changes["then"] == {"done": 1, "total": len(items) - 1}
    key = str(uuid4())
    moves = [app.post(f"{here}/edition-moves", {"edition": 2}, key=key) for _ in range(2)]
    assert moves[0] == moves[1]
    assert moves[0]["enrollment"]["done"] == 1
    app.get(f"{here}/lessons/{gone}", status=(404,))
    assert app.get(f"{here}/lessons/{first}")["title"] == "A new beginning"
