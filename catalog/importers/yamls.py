"""YAML as far as courses need it: text, lists, mappings. No tags, few aliases, bounded depth.

Every scalar stays text ("no" is no False, 2020-01-01 is no date); the readers turn it into
numbers and truths where a field wants them.
"""

import yaml

from catalog.importers.packages import shown
from catalog.importers.refusals import PackageRefused

MAX_FRONT_MATTER = 64_000
MAX_DOCUMENT = 256_000
MAX_DEPTH = 12
MAX_ALIASES = 8
MAX_EVENTS = 20_000
# libyaml reads the demo school's folders in a tenth of the time; wheels without it still work.
BaseLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
TRUTHS = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
    "": False,
}


class Mapping(dict):
    """A mapping that knows the line it starts on, from 1."""

    line = 1


def is_storable(text: str) -> bool:
    """Escapes can make NUL and lone surrogates, which no database keeps."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


class _Loader(BaseLoader):
    """Builds by the kind of node and never by its tag; a node inside itself is refused."""


def _built(loader, node):
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        if not is_storable(text):
            raise yaml.YAMLError("a text holds characters that are none")
        return text
    if isinstance(node, yaml.SequenceNode):
        return [loader.construct_object(child, deep=True) for child in node.value]
    data = Mapping()
    data.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.YAMLError("a key is not text")
        if key in data:
            raise yaml.YAMLError(f"the key {key[:40]!r} occurs twice")
        data[key] = loader.construct_object(value_node, deep=True)
    return data


_Loader.yaml_constructors = {None: _built}


def load(text: str, path: str, limit: int = MAX_DOCUMENT, first_line: int = 1):
    """Mappings, lists and text. Refuses what is no YAML or more of it than a course needs."""
    if len(text) > limit:
        raise PackageRefused(f"The YAML of {shown(path)} is longer than {limit} characters.")
    try:
        _inspect(text, path)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a BaseLoader: text, lists, mappings
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + first_line if error.problem_mark else first_line
        raise PackageRefused(f"{shown(path)} is not valid YAML (line {line}).") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else "unreadable"
        raise PackageRefused(f"{shown(path)} is not valid YAML: {reason}.") from None


def _inspect(text: str, path: str) -> None:
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=BaseLoader)):
        if count > MAX_EVENTS:
            raise PackageRefused(f"The YAML of {shown(path)} has too many values.")
        if getattr(event, "tag", None):
            raise PackageRefused(f"The YAML of {shown(path)} uses tags.")
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                raise PackageRefused(f"The YAML of {shown(path)} uses too many aliases.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise PackageRefused(f"The YAML of {shown(path)} is nested too deeply.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def front_matter(text: str, path: str) -> tuple[Mapping, str, int]:
    """(fields, body, line on which the body starts). Without front matter: the text itself."""
    if not text.startswith("---\n"):
        return Mapping(), text, 1
    end = text.find("\n---\n", 3)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - 4
    if end < 0:
        return Mapping(), text, 1
    fields = load(text[4 : end + 1], path, MAX_FRONT_MATTER, first_line=2)
    body = text[end + 5 :]
    if fields in (None, ""):
        fields = Mapping()
    if not isinstance(fields, dict):
        raise PackageRefused(f"The front matter of {shown(path)} is not a list of fields.")
    return fields, body, text.count("\n", 0, end + 5) + 1


def words(value, path: str, name: str, limit: int) -> str:
    """A one-line text field."""
    if not isinstance(value, str):
        raise PackageRefused(f"{shown(path)}: {name} must be text.")
    text = " ".join(value.split())
    if len(text) > limit:
        raise PackageRefused(f"{shown(path)}: {name} is longer than {limit} characters.")
    return text


def truth(value, path: str, name: str) -> bool:
    if isinstance(value, bool):
        return value
    answer = TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None
    if answer is None:
        raise PackageRefused(f"{shown(path)}: {name} must be true or false.")
    return answer


def whole(value, path: str, name: str, limit: int = 10_000) -> int:
    """A count from 0; empty is 0."""
    text = value.strip() if isinstance(value, str) else "?"
    if text == "":
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > limit:
        raise PackageRefused(f"{shown(path)}: {name} must be a whole number from 0 to {limit}.")
    return int(text)


def listed(value, path: str, name: str) -> list:
    """A list; empty is an empty one."""
    if value in (None, ""):
        return []
    if not isinstance(value, list):
        raise PackageRefused(f"{shown(path)}: {name} must be a list.")
    return value


def mapped(value, path: str, name: str) -> Mapping:
    if not isinstance(value, Mapping):
        raise PackageRefused(f"{shown(path)}: {name} must be a group of fields.")
    return value
