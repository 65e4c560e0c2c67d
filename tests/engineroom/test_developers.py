"""/developers/: the reference that the school serves about itself."""

import json

import pytest

from engineroom import openapi
from engineroom.reference import Reader, slug

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.engineroom.sample_urls")]
DOCUMENT = {
    "paths": {
        "/api/v1/shelves/{id}": {
            "post": {
                "operationId": "shelves_fill",
                "summary": "Fill a shelf",
                "tags": ["Shelf work"],
                "security": [{"bearer": []}],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {}},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}
                },
                "responses": {
                    "201": {
                        "description": "Filled",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/S"}}
                        },
                    },
                    "404": {"$ref": "#/components/responses/Gone"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "S": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "description": "What it's called."},
                    "size": {"type": "integer", "minimum": 1, "maximum": 9},
                    "color": {"oneOf": [{"$ref": "#/components/schemas/C"}, {"type": "null"}]},
                    "books": {"type": "array", "items": {"$ref": "#/components/schemas/B"}},
                },
            },
            "C": {"enum": ["red", "blue"], "type": "string"},
            "B": {
                "type": "object",
                "properties": {"at": {"type": "string", "format": "date-time"}},
            },
        },
        "responses": {"Gone": {"description": "Not found"}},
    },
}


def test_an_operation_is_read_with_its_fields_and_examples():
    [operation] = Reader(DOCUMENT, "https://school.example").operations()

    assert [field.name for field in operation.body] == [
        "name",
        "size",
        "color",
        "books",
        "books[].at",
    ]
    assert [field.kind for field in operation.body] == [
        "string",
        "integer, 1 to 9",
        "one of red, blue",
        "list of object",
        "date-time",
    ]
    assert operation.body[0].is_required
    assert operation.needs_token
    assert operation.request.startswith(
        'curl https://school.example/api/v1/shelves/{id} \\\n  -H "Authorization: Bearer $TOKEN"'
    )
    assert '-H "Idempotency-Key: $(uuidgen)"' in operation.request
    assert json.loads(operation.answer)["books"] == [{"at": "2026-11-24T09:00:00Z"}]
    assert [answer.text for answer in operation.answers] == ["Filled", "Not found"]
    assert operation.matches(["fill", "color"])
    assert not operation.matches(["fill", "zebra"])
    assert slug("Shelf work") == "shelf-work"


def test_the_overview_lists_every_call_and_finds_some(client):
    whole = client.get("/developers/").content.decode()
    found = client.get("/developers/?q=costly").content.decode()
    nothing = client.get("/developers/?q=zebra").content.decode()

    assert "<code>/api/v1/effects</code>" in whole
    assert "<code>/api/v1/costly</code>" in found
    assert "<code>/api/v1/effects</code>" not in found
    assert "No call has these words" in nothing


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "x" * 5000, "'\"&", "\u202e"])
def test_a_hostile_search_is_only_a_search(client, query):
    answer = client.get("/developers/", {"q": query})

    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_a_chapter_shows_parameters_bodies_answers_and_an_example(client):
    tag = slug(openapi.document()["paths"]["/api/v1/costly"]["post"]["tags"][0])

    page = client.get(f"/developers/{tag}/").content.decode()

    assert "Idempotency-Key" in page
    assert "Works with and without a bearer token." in page
    assert "curl" in page
    assert client.get("/developers/nonsense/").status_code == 404


def test_the_document_is_served_as_it_is(client):
    answer = client.get("/developers/openapi.json")

    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    costly = document["paths"]["/api/v1/costly"]["post"]
    [key] = [one for one in costly["parameters"] if one["name"] == "Idempotency-Key"]
    assert key["required"] is True
    assert {"400", "409", "422", "429"} <= set(costly["responses"])
    assert {"401", "403"} <= set(document["paths"]["/api/v1/private"]["get"]["responses"])
    assert (
        client.get(
            "/developers/openapi.json", headers={"If-None-Match": answer["ETag"]}
        ).status_code
        == 304
    )


def test_every_stable_code_has_its_anchor(client):
    page = client.get("/developers/problems/").content.decode()

    codes = [code for code, _, _ in openapi.problem_codes()]
    assert {"invalid", "not_found", "idempotency_key_reused", "too_many_requests"} <= set(codes)
    assert all(f'id="{code}"' in page for code in codes)
    assert len(codes) == len(set(codes))
