"""What differs between two editions of a course: plain rows in, plain rows out, no database.

An item is the same one as long as its kind and key are: these two are what progress names.
"""

from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """An item as it is compared, in the order of its edition. `text` is equal for equal texts; `facts`
    are further things by name that a reader can notice; `questions` maps keys to what they say."""

    kind: str
    key: str
    title: str
    module: str
    module_title: str
    text: object = None
    facts: dict = field(default_factory=dict)
    questions: dict = field(default_factory=dict)
    problem: str = ""

    @property
    def name(self) -> tuple[str, str]:
        return self.kind, self.key


@dataclass(frozen=True)
class Content:
    """An edition as it is compared. `details` are its own facts; `modules` maps keys to titles, in order."""

    details: dict
    modules: dict[str, str]
    rows: list[Row]


@dataclass(frozen=True)
class Change:
    """What happened to one item. `title` and `module_title` are the later edition's, of a removed item
    the earlier one's; `old_title` is empty unless it was renamed. Questions are named by key."""

    kind: str
    key: str
    title: str
    module_title: str
    old_title: str = ""
    is_moved: bool = False
    has_new_text: bool = False
    facts: tuple[str, ...] = ()
    questions_added: tuple[str, ...] = ()
    questions_removed: tuple[str, ...] = ()
    questions_changed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> tuple[str, str]:
        return self.kind, self.key

    @property
    def kind_text(self) -> str:
        return self.kind.capitalize()

    @property
    def is_rewritten(self) -> bool:
        """Whether there is something new to read or to answer."""
        asked = self.questions_added or self.questions_removed or self.questions_changed
        return bool(self.has_new_text or asked)

    @property
    def words(self) -> list[str]:
        """What changed for who studies it, a few words each."""
        found = [f"renamed, was “{self.old_title}”"] if self.old_title else []
        found += ["moved"] * self.is_moved + ["new text"] * self.has_new_text
        for count, word in (
            (len(self.questions_added), "added"),
            (len(self.questions_removed), "removed"),
            (len(self.questions_changed), "changed"),
        ):
            if count:
                found.append(f"{count} question{'' if count == 1 else 's'} {word}")
        return found

    @property
    def all_words(self) -> list[str]:
        """The same and what only staff look for."""
        return self.words + list(self.facts)


@dataclass(frozen=True)
class Changes:
    """All of it. `same` counts the items that nothing happened to; `modules_*` are titles, a renamed
    one as (before, after); `details` names the facts of the edition itself that differ."""

    added: list[Change]
    removed: list[Change]
    changed: list[Change]
    same: int
    modules_added: list[str]
    modules_removed: list[str]
    modules_renamed: list[tuple[str, str]]
    details: list[str]

    @property
    def is_empty(self) -> bool:
        rows = self.added or self.removed or self.changed
        modules = self.modules_added or self.modules_removed or self.modules_renamed
        return not (rows or modules or self.details)


def compare(before: Content, after: Content) -> Changes:
    """How `after` differs from `before`."""
    old = {row.name: row for row in before.rows}
    new = {row.name: row for row in after.rows}
    moved = _moved([row.name for row in before.rows if row.name in new], list(new))
    both = [
        _change(old[name], row, name in moved or old[name].module != row.module)
        for name, row in new.items()
        if name in old
    ]
    changed = [change for change in both if change.all_words]
    return Changes(
        added=[_alone(row) for name, row in new.items() if name not in old],
        removed=[_alone(row) for name, row in old.items() if name not in new],
        changed=changed,
        same=len(both) - len(changed),
        modules_added=[after.modules[key] for key in after.modules if key not in before.modules],
        modules_removed=[before.modules[key] for key in before.modules if key not in after.modules],
        modules_renamed=[
            (before.modules[key], title)
            for key, title in after.modules.items()
            if before.modules.get(key, title) != title
        ],
        details=_unequal(before.details, after.details),
    )


def _alone(row: Row) -> Change:
    return Change(row.kind, row.key, row.title, row.module_title, problem=row.problem)


def _change(old: Row, new: Row, is_moved: bool) -> Change:
    asked, asks = old.questions, new.questions
    return Change(
        kind=new.kind,
        key=new.key,
        title=new.title,
        module_title=new.module_title,
        old_title=old.title if old.title != new.title else "",
        is_moved=is_moved,
        has_new_text=old.text != new.text,
        facts=tuple(_unequal(old.facts, new.facts)),
        questions_added=tuple(key for key in asks if key not in asked),
        questions_removed=tuple(key for key in asked if key not in asks),
        questions_changed=tuple(key for key in asks if asked.get(key, asks[key]) != asks[key]),
        problem=new.problem,
    )


def _unequal(old: dict, new: dict) -> list[str]:
    return [name for name in new if old.get(name) != new[name]]


def _moved(before: list, after: list) -> set:
    """The fewest names whose move explains the new order: all but a longest run that kept its order."""
    place = {name: number for number, name in enumerate(after)}
    ends, tops, back = [], [], {}
    for name in before:
        at = bisect_left(ends, place[name])
        back[name] = tops[at - 1] if at else None
        ends[at : at + 1], tops[at : at + 1] = [place[name]], [name]
    kept, name = set(), tops[-1] if tops else None
    while name is not None:
        kept.add(name)
        name = back[name]
    return set(before) - kept
