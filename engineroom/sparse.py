"""`?fields=a,b`: an app asks for those members of an answer that it shows."""

from engineroom.refusals import Invalid

MOST_NAMES = 50


class UnknownField(Invalid):
    code = "unknown_field"
    message = "The answer has no such field."
    field = "fields"


def wanted(query: str) -> list[str]:
    """The names in the order given, each once. Raises UnknownField for empty or too many names."""
    names = list(dict.fromkeys(name.strip() for name in query.split(",")))
    if not all(names) or len(names) > MOST_NAMES:
        raise UnknownField(f"Name between 1 and {MOST_NAMES} fields, separated by commas.")
    return names


def pick(data, names: list[str]):
    """The answer with the named members only; of a list, the members of its rows.

    Raises UnknownField for a name that a row does not have. An empty list has no names to compare.
    """
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        return {**data, "results": [pick(row, names) for row in data["results"]]}
    if not isinstance(data, dict):
        return data
    missing = [name for name in names if name not in data]
    if missing:
        raise UnknownField(f"The answer has no field “{missing[0][:80]}”.")
    return {name: data[name] for name in names}
