from django.db import migrations

from engineroom.guards import refuse

MESSAGE = "a published edition cannot be changed"
EDITION = "(SELECT e.state FROM catalog_edition e WHERE e.id = {row}.edition_id)"
EXERCISE = (
    "(SELECT e.state FROM catalog_edition e JOIN catalog_exercise x ON x.edition_id = e.id"
    " WHERE x.id = {row}.exercise_id)"
)
QUESTION = (
    "(SELECT e.state FROM catalog_edition e JOIN catalog_exercise x ON x.edition_id = e.id"
    " JOIN catalog_question q ON q.exercise_id = x.id WHERE q.id = {row}.question_id)"
)
# How each table finds the state of the edition that its row belongs to.
TABLES = {
    "module": EDITION,
    "lesson": EDITION,
    "exercise": EDITION,
    "project": EDITION,
    "imagereference": EDITION,
    "translation": EDITION,
    "question": EXERCISE,
    "solution": EXERCISE,
    "option": QUESTION,
}
FIXED = [
    "id", "public_id", "course_id", "number", "is_correction", "title", "summary", "level",
    "language", "description_id", "outcomes", "requirements", "digest", "created_at", "published_at",
]


def closed(state, *rows):
    return " OR ".join(f"{state.format(row=row)} <> 'draft'" for row in rows)


def guards():
    for name, state in TABLES.items():
        table = f"catalog_{name}"
        for verb, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            yield refuse(
                table, verb, f"{table}_no_{verb.lower()}", MESSAGE, when=closed(state, *rows)
            )


def edition_guards():
    table = "catalog_edition"
    yield refuse(
        table, "INSERT", f"{table}_no_insert", "an edition starts as a draft",
        when="NEW.state <> 'draft'",
    )
    withdrawn = "OLD.state = 'published' AND NEW.state = 'withdrawn'"
    for_postgres = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)
    for_sqlite = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)
    start = f"OLD.state <> 'draft' AND (NOT ({withdrawn}) OR "
    yield refuse(
        table, "UPDATE", f"{table}_no_update", MESSAGE,
        when=f"{start}{for_postgres})", sqlite_when=f"{start}{for_sqlite})",
    )
    yield refuse(table, "DELETE", f"{table}_no_delete", MESSAGE, when="OLD.state <> 'draft'")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_create_tables")]
    operations = [
        *guards(),
        *edition_guards(),
        refuse("catalog_body", "UPDATE", "catalog_body_no_update", "texts are never changed"),
        refuse("catalog_contentfile", "UPDATE", "catalog_contentfile_no_update", "files are never changed"),
    ]
