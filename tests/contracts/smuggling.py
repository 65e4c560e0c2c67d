"""What nobody may set by naming it: bodies with the fields of every model, and what a call changed."""

import re
from datetime import UTC

from django.apps import apps
from django.db import connection, models, transaction
from django.utils.dateparse import parse_datetime

from engineroom import clock

ROOMS = ("engineroom", "accounts", "catalog", "learning", "payments")
ALSO_WATCHED = ("account.EmailAddress",)
PRIVILEGES = (
    *("is_staff", "is_superuser", "groups", "user_permissions", "user", "owner", "price"),
    *("amount_minor", "state", "number", "id", "public_id", "paid_at", "pk", "roles", "actor"),
)
TEXT, NUMBER, LONG_AGO = "smuggled", 777_777, "2001-02-03T04:05:06Z"
# Ids, tokens, digests, codes and order numbers are made anew by every call; so are the moments
# of this second. The one moment that a smuggler names stays.
RANDOM = re.compile(
    r"\b[\w-]+(?::|%3A)[\w-]{6}(?::|%3A)[\w-]{27,}"  # what is signed says whose and which second
    r"|\bsimrefund_\d+|\b[A-Z0-9]{12}(?:[A-Z0-9]{4})?\b|\b[a-z]+_[\w-]{20,}|\b[0-9a-f]{64}\b|\b[0-9a-f]{16}\b"
    r"|\b[A-Z0-9]{4}(-[A-Z0-9]{4}){2,3}\b|(?!2001-02-03T)\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?"
)

DRAWN = ("password", "status_index")  # columns whose values tell nothing by their looks


def watched() -> list[type[models.Model]]:
    """Every table a call could change, those between two others included."""
    rooms = [apps.get_app_config(room).get_models(include_auto_created=True) for room in ROOMS]
    found = [model for room in rooms for model in room if model._meta.managed]
    return [*found, *(apps.get_model(name) for name in ALSO_WATCHED)]


def _value(field):
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.DateField):
        return LONG_AGO
    if isinstance(field, models.JSONField):
        return {TEXT: TEXT}
    if field.many_to_many:
        return [1, 2]
    if field.is_relation or isinstance(field, models.IntegerField):
        return NUMBER
    return TEXT


def smuggled(person) -> dict:
    """By name of the field: a value that would be noticed. Keys of rows are those of a real one."""
    found = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
                value = person.pk if field.related_model is type(person) else _value(field)
                found.setdefault(field.name, value)
                found.setdefault(field.attname, value)
    ids = {"user": person.public_id, "owner": person.pk, "user_id": person.pk}
    true = dict.fromkeys(("is_staff", "is_superuser"), True)
    lists = {name: [1, "manager"] for name in ("groups", "user_permissions", "roles")}
    rest = {name: NUMBER for name in PRIVILEGES if name not in found}
    return rest | found | ids | true | lists


def polluted(body, extra: dict, *, but_not=(), free=()):
    """The body with everything else in each of its objects; `free` are objects of any names."""
    if isinstance(body, list):
        return [polluted(each, extra, but_not=but_not, free=free) for each in body]
    if not isinstance(body, dict):
        return body
    kept = {
        name: each if name in free else polluted(each, extra, but_not=but_not, free=free)
        for name, each in body.items()
    }
    return {name: each for name, each in extra.items() if name not in but_not} | kept


class Rows:
    """Every row that a call could change, read fast; `change()` tells what is other than at first."""

    def __init__(self):
        self.newest = {
            model: model.objects.aggregate(n=models.Max("pk"))["n"] or 0 for model in watched()
        }
        self.first = self._read()

    def _read(self) -> set[tuple]:
        found = set()
        with connection.cursor() as cursor:
            for model in self.newest:
                names = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
                cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}" ORDER BY 1')  # noqa: S608 - names of our own tables
                for number, row in enumerate(cursor.fetchall()):
                    found.add((model, number, *map(str, row)))
        return found

    def change(self) -> set[str]:
        """Rows that came or went, as texts that read the same for the same change."""
        now = self._read()
        signed = [("+", row) for row in now - self.first] + [("-", row) for row in self.first - now]
        return {f"{sign} {self._shown(row)}" for sign, row in signed}

    def _shown(self, row: tuple) -> str:
        model, number, *values = row
        fields = zip(model._meta.concrete_fields, values, strict=True)
        shown = [f"{field.column}={self._value(field, value)}" for field, value in fields]
        return f"{model.__name__} {number}: " + " ".join(shown)

    def _value(self, field, value: str) -> str:
        target = field.related_model or (field.model if field.primary_key else None)
        if target in self.newest and value.isdecimal():
            return "new" if int(value) > self.newest[target] else value
        if isinstance(field, models.DateTimeField) and (at := parse_datetime(value)):
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return f"in {round((at - clock.now()).total_seconds() / 600)}"
        return "random" if field.name in DRAWN else RANDOM.sub("random", value)


class taken_back:  # noqa: N801 - read as a word
    """What happens inside is undone. Actions that must be outermost may run inside."""

    def __enter__(self):
        self.block = transaction.atomic()
        self.block._from_testcase = True
        self.block.__enter__()

    def __exit__(self, *error):
        transaction.set_rollback(True)
        self.block.__exit__(*error)
