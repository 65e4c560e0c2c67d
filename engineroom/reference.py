"""The API reference as pages show it, read from an OpenAPI document. Plain data in and out."""

import json
import re
from dataclasses import dataclass

METHODS = ("get", "post", "put", "patch", "delete")
DEPTH = 3


@dataclass(frozen=True)
class Field:
    """A parameter or a member of a body. `name` is dotted, `[]` stands for each element."""

    name: str
    kind: str
    text: str
    is_required: bool
    place: str = ""


@dataclass(frozen=True)
class Answer:
    """One documented answer of an operation."""

    status: str
    text: str
    fields: list[Field]


@dataclass(frozen=True)
class Operation:
    """One call of the API."""

    id: str
    method: str
    path: str
    title: str
    text: str
    tag: str
    parameters: list[Field]
    body: list[Field]
    answers: list[Answer]
    request: str
    answer: str
    answer_status: str
    needs_token: bool
    takes_token: bool

    def matches(self, words: list[str]) -> bool:
        """Whether every word occurs in the id, address, title, text or the names of its fields."""
        names = " ".join(field.name for field in self.parameters + self.body)
        heap = f"{self.id} {self.method} {self.path} {self.title} {self.text} {self.tag} {names}"
        return all(word in heap.lower() for word in words)


def slug(tag: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")


class Reader:
    """Reads operations from a document. `site_url` stands in the examples."""

    def __init__(self, document: dict, site_url: str):
        self.document, self.site_url = document, site_url

    def operations(self) -> list[Operation]:
        """All of them, in the order of their tags and addresses."""
        found = [
            self._operation(path, method, entry)
            for path, methods in self.document["paths"].items()
            for method, entry in methods.items()
            if method in METHODS
        ]
        return sorted(found, key=lambda one: (one.tag, one.path, METHODS.index(one.method.lower())))

    def _operation(self, path, method, entry) -> Operation:
        schema = self._content(entry.get("requestBody", {}))
        parameters = [self._parameter(one) for one in entry.get("parameters", [])]
        answers = [self._answer(code, one) for code, one in sorted(entry["responses"].items())]
        good = next((code for code in sorted(entry["responses"]) if code.startswith("2")), "")
        good_schema = self._content(entry["responses"].get(good, {}))
        takes_token = any(entry.get("security", []))
        needs_token = takes_token and {} not in entry["security"]
        return Operation(
            id=entry["operationId"],
            method=method.upper(),
            path=path,
            title=entry.get("summary") or entry["operationId"],
            text=entry.get("description", ""),
            tag=(entry.get("tags") or ["other"])[0],
            parameters=parameters,
            body=self._fields(schema),
            answers=answers,
            request=self._curl(path, method, parameters, schema, needs_token),
            answer=json.dumps(self.example(good_schema), indent=2) if good_schema else "",
            answer_status=good,
            needs_token=needs_token,
            takes_token=takes_token,
        )

    def _parameter(self, one) -> Field:
        one = self._resolve(one)
        return Field(
            one["name"],
            self.kind(one.get("schema", {})),
            one.get("description", ""),
            one.get("required", False),
            one["in"],
        )

    def _answer(self, status, one) -> Answer:
        one = self._resolve(one)
        is_good = status.startswith("2")
        return Answer(
            status, one.get("description", ""), self._fields(self._content(one)) if is_good else []
        )

    def _resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _content(self, node: dict) -> dict:
        content = self._resolve(node).get("content", {})
        return next((one.get("schema", {}) for one in content.values()), {})

    def _flat(self, schema: dict) -> dict:
        """The schema itself, `allOf` of one part and nullable unions taken apart."""
        schema = self._resolve(schema)
        for union in ("allOf", "oneOf", "anyOf"):
            parts = [part for part in schema.get(union, []) if part.get("type") != "null"]
            if parts:
                return {**self._flat(parts[0]), **{k: v for k, v in schema.items() if k != union}}
        return schema

    def kind(self, schema: dict) -> str:
        """The type in words."""
        schema = self._flat(schema)
        if "enum" in schema:
            values = [str(value) for value in schema["enum"] if value is not None]
            return "one of " + ", ".join(values[:12]) + (" …" if len(values) > 12 else "")
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            kind = " or ".join(kind)
        if kind == "array":
            return f"list of {self.kind(schema.get('items', {}))}"
        if schema.get("format") in ("date-time", "date", "uri", "email", "uuid"):
            kind = {"uri": "address"}.get(schema["format"], schema["format"])
        low, high = schema.get("minimum"), schema.get("maximum")
        return f"{kind}, {low} to {high}" if None not in (low, high) and high < 2**53 else kind

    def _fields(self, schema: dict, prefix: str = "", depth: int = 0) -> list[Field]:
        schema = self._flat(schema)
        if schema.get("type") == "array":
            return self._fields(schema.get("items", {}), f"{prefix}[]", depth)
        found = []
        for name, member in schema.get("properties", {}).items():
            flat = self._flat(member)
            full = f"{prefix}.{name}" if prefix else name
            required = name in schema.get("required", [])
            found.append(Field(full, self.kind(member), flat.get("description", ""), required))
            inner = flat.get("items", flat) if flat.get("type") == "array" else flat
            if depth + 1 < DEPTH and self._flat(inner).get("properties"):
                mark = "[]" if flat.get("type") == "array" else ""
                found += self._fields(inner, f"{full}{mark}", depth + 1)
        return found

    def example(self, schema: dict, depth: int = 0):
        """A value that fits the schema."""
        schema = self._flat(schema)
        for name in ("example", "default", "const"):
            if schema.get(name) is not None:
                return schema[name]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type")
        kind = next((one for one in kind if one != "null"), "") if isinstance(kind, list) else kind
        if kind == "array":
            return [self.example(schema.get("items", {}), depth + 1)] if depth < 5 else []
        if kind == "object" or "properties" in schema:
            if depth >= 5:
                return {}
            members = schema.get("properties", {}).items()
            return {name: self.example(member, depth + 1) for name, member in members}
        by_format = {
            "date-time": "2026-11-24T09:00:00Z",
            "date": "2026-11-24",
            "email": "ada@example.com",
            "uri": f"{self.site_url}/",
        }
        if schema.get("format") in by_format:
            return by_format[schema["format"]]
        low = schema.get("minimum", 1)
        plain = {"integer": max(1, low), "number": 1.5, "boolean": True, "null": None}
        return plain.get(kind, "text")

    def _curl(self, path, method, parameters, schema, needs_token) -> str:
        lines = [f"curl {self.site_url}{path}"]
        if method not in ("get", "post") or (method == "post" and not schema):
            lines[0] = f"curl -X {method.upper()} {self.site_url}{path}"
        if needs_token:
            lines.append('-H "Authorization: Bearer $TOKEN"')
        if any(one.name == "Idempotency-Key" and one.is_required for one in parameters):
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        if schema:
            lines.append('-H "Content-Type: application/json"')
            body = json.dumps(self.example(schema)).replace("'", "\\u0027")
            lines.append(f"-d '{body}'")
        return " \\\n  ".join(lines)
