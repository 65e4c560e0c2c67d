"""The table of contents of a place: parts, items, what is done. Built from plain rows."""

from dataclasses import dataclass, field


@dataclass
class Item:
    """`size` is minutes of a lesson, questions of an exercise, hours of a project."""

    kind: str
    key: str
    title: str
    size: int
    part: int
    number: int = 0
    is_done: bool = False

    @property
    def size_text(self) -> str:
        if not self.size:
            return ""
        unit = {"lesson": "min", "exercise": "q", "project": "h"}[self.kind]
        return f"{self.size} {unit}"

    @property
    def size_words(self) -> str:
        unit = {"lesson": "minute", "exercise": "question", "project": "hour"}[self.kind]
        return f"{self.size} {unit}" if self.size == 1 else f"{self.size} {unit}s"

    @property
    def kind_text(self) -> str:
        return {"lesson": "Lesson", "exercise": "Exercise", "project": "Project"}[self.kind]


@dataclass
class Part:
    number: int
    title: str
    items: list[Item] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)


@dataclass
class Outline:
    """Progress is derived here, from the items of the edition and nothing else: it cannot pass 100 %."""

    parts: list[Part]

    @property
    def items(self) -> list[Item]:
        return [item for part in self.parts for item in part.items]

    @property
    def total(self) -> int:
        return sum(len(part.items) for part in self.parts)

    @property
    def done(self) -> int:
        return sum(part.done for part in self.parts)

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def is_finished(self) -> bool:
        return self.total > 0 and self.done == self.total

    @property
    def minutes_left(self) -> int:
        """Minutes of the lessons and projects that are not done; exercises count 2 a question."""
        weight = {"lesson": 1, "exercise": 2, "project": 60}
        return sum(item.size * weight[item.kind] for item in self.items if not item.is_done)

    @property
    def ticks(self) -> list[dict]:
        """The progress bar's geometry: one box a part on a line as long as there are items."""
        gap, x, boxes = self.total * 0.009, 0, []
        for index, part in enumerate(self.parts):
            size = len(part.items)
            width = size - (gap if index < len(self.parts) - 1 else 0)
            on = width * part.done / size
            boxes.append({"x": x, "width": f"{width:.2f}", "on": f"{on:.2f}"})
            x += size
        return boxes

    def find(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)

    def around(self, key: str) -> tuple[Item | None, Item | None]:
        """The items before and after."""
        items = self.items
        index = next((i for i, item in enumerate(items) if item.key == key), None)
        if index is None:
            return None, None
        before = items[index - 1] if index else None
        return before, items[index + 1] if index + 1 < len(items) else None

    def next_open(self, after: str = "") -> Item | None:
        """The first item not done, from `after` on and then from the top."""
        items = self.items
        start = next((i for i, item in enumerate(items) if item.key == after), 0)
        return next((item for item in items[start:] + items[:start] if not item.is_done), None)

    def resume(self, last_key: str) -> Item | None:
        """Where to go on: the last place while it exists, else the first open item, else the first."""
        items = self.items
        return self.find(last_key) or self.next_open() or (items[0] if items else None)


def build(rows: list[tuple], done: set[tuple[str, str]]) -> Outline:
    """`rows`: (module position, module id, module title, position, kind, key, title, size).

    `done`: (kind, key) of everything that was ever completed; what the edition lacks is not counted.
    """
    parts, at = [], None
    ordered = sorted(rows, key=lambda row: (row[0], row[1], row[3], row[5]))
    for number, row in enumerate(ordered, 1):
        _, module_id, module_title, _, kind, key, title, size = row
        if module_id != at:
            parts.append(Part(len(parts) + 1, module_title))
            at = module_id
        item = Item(kind, key, title, size, parts[-1].number, number, (kind, key) in done)
        parts[-1].items.append(item)
    return Outline(parts)
