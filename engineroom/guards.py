"""Database triggers, the same promise on SQLite and PostgreSQL, as migration operations."""

from django.db.migrations.operations.special import RunPython


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Guard(RunPython):
    """Runs the statements of the vendor at hand. Both directions are plain SQL."""

    def __init__(self, forward: dict, backward: dict):
        self.forward, self.backward = forward, backward
        super().__init__(
            lambda apps, editor: _run(editor.connection, forward[editor.connection.vendor]),
            lambda apps, editor: _run(editor.connection, backward[editor.connection.vendor]),
        )

    def deconstruct(self):
        return (self.__class__.__name__, [], {"forward": self.forward, "backward": self.backward})


def refuse(table: str, verb: str, name: str, message: str, *, when: str = "", sqlite_when=None):
    """A trigger that refuses `verb` (INSERT, UPDATE, DELETE) on rows for which `when` holds.

    `when` is SQL over OLD and NEW; it may differ for SQLite by `sqlite_when`.
    """
    lite = when if sqlite_when is None else sqlite_when
    sqlite = (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
        + (f"WHEN {lite} " if lite else "")
        + f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    back = "OLD" if verb == "DELETE" else "NEW"
    test = (
        f"IF {when} THEN RAISE EXCEPTION '{message}'; END IF; "
        if when
        else f"RAISE EXCEPTION '{message}'; "
    )
    postgres = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {test}RETURN {back}; END $$",
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
    return Guard(
        {"sqlite": [sqlite], "postgresql": postgres},
        {
            "sqlite": [f"DROP TRIGGER IF EXISTS {name}"],
            "postgresql": [
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"DROP FUNCTION IF EXISTS {name}()",
            ],
        },
    )


def append_only(table: str, *, allow_null_of: str = ""):
    """Rows can be added and read, nothing else. `allow_null_of` may be emptied (erasure)."""
    message = f"{table} is append-only"
    kept = (
        f"NOT (NEW.{allow_null_of} IS NULL AND OLD.{allow_null_of} IS NOT NULL)"
        if allow_null_of
        else ""
    )
    update = refuse(table, "UPDATE", f"{table}_no_update", message, when=kept)
    delete = refuse(table, "DELETE", f"{table}_no_delete", message)
    truncate = [
        f"CREATE FUNCTION {table}_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{message}'; END $$",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_truncate()",
    ]
    undo_truncate = [
        f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        f"DROP FUNCTION IF EXISTS {table}_no_truncate()",
    ]
    return Guard(
        {
            "sqlite": update.forward["sqlite"] + delete.forward["sqlite"],
            "postgresql": update.forward["postgresql"] + delete.forward["postgresql"] + truncate,
        },
        {
            "sqlite": update.backward["sqlite"] + delete.backward["sqlite"],
            "postgresql": update.backward["postgresql"]
            + delete.backward["postgresql"]
            + undo_truncate,
        },
    )


def no_replacing(table: str, *keys: tuple[str, ...], also: str = ""):
    """Refuses an INSERT whose `keys` (tuples of columns that are unique together) are there already.

    `also` is SQL over `kept` and NEW for a key that holds only of some rows.

    `INSERT OR REPLACE` deletes the row that stands in its way, and SQLite fires no trigger for that.
    On PostgreSQL `ON CONFLICT DO UPDATE` is an UPDATE, which the guards above refuse.
    """
    name = f"{table}_no_replace"
    same = " OR ".join(
        "(" + " AND ".join(f"kept.{column} = NEW.{column}" for column in key) + ")" for key in keys
    )
    same += f" OR ({also})" if also else ""
    when = f"EXISTS (SELECT 1 FROM {table} AS kept WHERE {same})"  # noqa: S608 - a migration's words
    lite = refuse(table, "INSERT", name, f"{table} is append-only", when=when)
    return Guard(
        {"sqlite": lite.forward["sqlite"], "postgresql": []},
        {"sqlite": lite.backward["sqlite"], "postgresql": []},
    )
