"""Brings stored rows in line with wanted ones: by key, touching only what differs."""

from dataclasses import dataclass, field

BATCH = 200


@dataclass
class Tally:
    """How many rows an import made, changed (or removed) and left as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: list[tuple[str, str]] = field(default_factory=list)

    def note(self, is_new: bool, is_changed: bool) -> None:
        if is_new:
            self.created += 1
        elif is_changed:
            self.changed += 1
        else:
            self.unchanged += 1

    def remove(self, rows: list, label) -> None:
        self.changed += len(rows)
        self.removed += [(type(row).__name__.lower(), label(row)) for row in rows]


def assign(row, fields: dict) -> list[str]:
    """Set what differs; returns the names of the fields that did."""
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    return changed


def settle(model, stored: dict, wanted: dict[object, dict], tally: Tally, label=str) -> dict:
    """`stored` has the rows by key, `wanted` each row's columns by key (`body_id`, not `body`).
    Rows that nobody wants are removed. Returns the rows by key."""
    gone = [row for key, row in stored.items() if key not in wanted]
    if gone:
        model.objects.filter(pk__in=[row.pk for row in gone]).delete()
        tally.remove(gone, label)
    return place(model, stored, wanted, tally)


def place(model, stored: dict, wanted: dict[object, dict], tally: Tally) -> dict:
    """The same without removing."""
    rows, new, stale, names = {}, [], [], set()
    for key, fields in wanted.items():
        if key in stored:
            row = stored[key]
            if changed := assign(row, fields):
                stale.append(row)
                names.update(changed)
            tally.note(False, bool(changed))
        else:
            row = model(**fields)
            new.append(row)
            tally.note(True, False)
        rows[key] = row
    model.objects.bulk_create(new, batch_size=BATCH)
    if stale:
        model.objects.bulk_update(stale, sorted(names), batch_size=BATCH)
    return rows
