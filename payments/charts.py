"""Bars for a chart that the server draws: numbers only, the template makes the SVG."""

from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 240, 76, 28, 12


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, and its label when there is room for one."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str
    is_below: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    bars: list[Bar]
    lines: list[tuple[float, str]]
    zero: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def right(self) -> int:
        return self.width


def step(most: int) -> int:
    """A round number of which four or five reach `most`."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if size * factor * 5 >= most:
                return size * factor
        size *= 10


def bars(values: list[tuple[str, int]], text) -> Chart:
    """The chart of (label, amount); `text(amount)` says an amount in words. Amounts may be negative."""
    most = max([amount for _, amount in values] + [0])
    least = min([amount for _, amount in values] + [0])
    by = step(max(most - least, 1))
    top, bottom = -(-most // by) * by or by, least // by * by
    room = HEIGHT - TOP - BOTTOM

    def place(amount: int) -> float:
        return round(TOP + room * (top - amount) / (top - bottom), 1)

    slot = (WIDTH - LEFT) / max(len(values), 1)
    every = max(1, -(-len(values) // 12))
    drawn = [
        Bar(
            x=round(LEFT + slot * at + slot * 0.15, 1),
            y=min(place(amount), place(0)),
            width=round(slot * 0.7, 1),
            height=round(abs(place(amount) - place(0)), 1),
            label=label if at % every == 0 else "",
            text=f"{label}: {text(amount)}",
            is_below=amount < 0,
        )
        for at, (label, amount) in enumerate(values)
    ]
    lines = [(place(amount), text(amount)) for amount in range(bottom, top + 1, by)]
    return Chart(bars=drawn, lines=lines, zero=place(0))
