"""Requests as Stripe's SDK types them: what no typed parameter names is refused."""

import re
from importlib import import_module
from urllib.parse import parse_qsl

NESTED = re.compile(r"\w+")
STEP = re.compile(r"[^\[\]]+")


class Unknown(Exception):
    """A parameter that the SDK's types do not have."""


def parse(text: str) -> dict:
    """`a[b][0][c]=v` as nested plain data; numbers in brackets make lists."""
    root: dict = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        steps, here = STEP.findall(name), root
        if name.endswith("[]"):
            steps.append(str(len(_at(root, steps))))
        for step in steps[:-1]:
            here = here.setdefault(step, {})
        here[steps[-1]] = value
    return _listed(root)


def _at(root, steps):
    for step in steps:
        root = root.get(step, {})
    return root


def _listed(thing):
    if not isinstance(thing, dict):
        return thing
    if thing and all(name.isdecimal() for name in thing):
        return [_listed(thing[name]) for name in sorted(thing, key=int)]
    return {name: _listed(value) for name, value in thing.items()}


def typed(name: str):
    """The TypedDict of the SDK's parameters, such as `checkout._session_create_params`."""
    module = import_module(f"stripe.params.{name}")
    wanted = name.rpartition(".")[2].strip("_").replace("_", "")
    return next(kind for label, kind in vars(module).items() if label.lower() == wanted), module


def _fields(kind) -> dict:
    found = {}
    for base in reversed(getattr(kind, "__orig_bases__", ())):
        found |= _fields(base) if hasattr(base, "__annotations__") else {}
    return found | dict(kind.__annotations__)


def check(given, name: str) -> None:
    """Raises Unknown with the path of the first parameter that the types do not know."""
    kind, module = typed(name)
    _check(given, [kind], module, "")


def _check(given, kinds, module, path) -> None:
    if isinstance(given, list):
        for number, item in enumerate(given):
            _check(item, kinds, module, f"{path}[{number}]")
        return
    if not isinstance(given, dict):
        return
    fields = {}
    for kind in kinds:
        fields |= _fields(kind)
    for name, value in given.items():
        where = f"{path}[{name}]" if path else name
        if name not in fields:
            raise Unknown(where)
        text = str(fields[name])
        labels = set(NESTED.findall(text))
        inner = [
            vars(module)[label] for label in labels if "Params" in label and label in vars(module)
        ]
        inner = [one for one in inner if hasattr(one, "__annotations__")]
        if isinstance(value, (dict, list)) and not inner:
            if isinstance(value, dict) and not ("Dict[" in text or "dict[" in text):
                raise Unknown(where)
            continue
        _check(value, inner, module, where)
