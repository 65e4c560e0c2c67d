"""How the OpenAPI document calls the catalog's lists of choices."""

from catalog.models import Question


def names() -> dict:
    """Slot `developers.choices`: the choices by the name of their schema."""
    return {"QuestionKindEnum": Question.Kind.choices}
