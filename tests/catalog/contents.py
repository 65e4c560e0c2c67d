"""What the API lists of a draft, counted the way an import report counts."""

from collections import Counter

from django.contrib.auth.models import Permission
from django.test import Client

from tests.catalog.api import bearer
from tests.factories.accounts import make_user


def contents_of(slug: str, query: str = "?edition=draft") -> str | dict:
    """The answer of the contents endpoint to somebody who may change courses."""
    person = make_user(is_staff=True)
    person.user_permissions.add(
        Permission.objects.get(content_type__app_label="catalog", codename="change_course")
    )
    answer = Client().get(f"/api/v1/courses/{slug}/contents{query}", headers=bearer(person))
    assert answer.status_code == 200
    return answer.json()


def counted(contents: dict) -> dict[str, int]:
    items = [item for module in contents["modules"] for item in module["items"]]
    kinds = Counter(item["kind"] for item in items)
    questions = [question for item in items for question in item.get("questions", [])]
    images = [image for item in items if item["kind"] == "lesson" for image in item["images"]]
    return {
        "modules": len(contents["modules"]),
        "lessons": kinds["lesson"],
        "exercises": kinds["exercise"],
        "questions": len(questions),
        "options": sum(len(question["options"]) for question in questions),
        "projects": kinds["project"],
        "solutions": sum(item.get("solution_count", 0) for item in items),
        "images": sum(not image["is_remote"] for image in images),
        "images_remote": sum(image["is_remote"] for image in images),
        "images_with_alt": sum(bool(image["alt"]) for image in images),
        "translations": sum(len(item["translations"]) for item in items),
    }
