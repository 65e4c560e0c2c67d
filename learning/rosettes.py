"""The engraved rosette of a certificate, drawn from its number. Pure decoration."""

from functools import lru_cache
from hashlib import sha256
from math import cos, pi, sin

INK = "#0c5a44"


def _bands(number: str) -> tuple[tuple[int, int, int, int], ...]:
    """(radius, swing, waves, copies) of the three rings."""
    mark = sha256(number.encode()).digest()
    return (
        (172, 40, 14 + mark[0] % 5, 12),
        (112, 30, 10 + mark[1] % 4, 12),
        (62, 24, 6 + mark[2] % 4, 10),
    )


def _ring(radius: int, swing: int, waves: int) -> str:
    steps = waves * 16
    points = (
        (2 * pi * step / steps, radius + swing * sin(2 * pi * step / 16)) for step in range(steps)
    )
    return "L".join(f"{far * cos(turn):.1f} {far * sin(turn):.1f}" for turn, far in points)


@lru_cache(maxsize=256)
def rosette_svg(number: str, *, ink: str = "currentColor", classes: str = "cert__rose") -> str:
    """An SVG element of 460 by 649 units, hidden from assistive technology. `number` is only hashed
    and never written into it."""
    drawn = []
    for place, (radius, swing, waves, copies) in enumerate(_bands(number)):
        drawn.append(f'<path id="rose{place}" opacity=".38" d="M{_ring(radius, swing, waves)}z"/>')
        drawn += [
            f'<use href="#rose{place}" transform="rotate({turn * 360 / waves / copies:.3f})"/>'
            for turn in range(1, copies)
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{classes}" viewBox="0 0 460 649"'
        ' preserveAspectRatio="xMaxYMax slice" aria-hidden="true">'
        f'<g fill="none" stroke="{ink}" stroke-width=".5"'
        f' transform="translate(369 578) scale(1.52)">{"".join(drawn)}</g></svg>'
    )
