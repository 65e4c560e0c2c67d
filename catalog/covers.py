"""Procedural course covers: the same slug always gives the same SVG. Standard library only.

The page is 300 x 400 units: a spine hinge, a label, a rule, the title, and a field of 6 x 4 tiles
of 50 units. A SHA-256 of the slug picks one of 8 palettes and one of 8 motifs, then feeds the
motif. All text is escaped; the SVG is decorative (the title stands beside it in the page).
"""

from hashlib import sha256
from html import escape
from math import cos, pi, sin
from unicodedata import bidirectional, east_asian_width, normalize

# background, text, first pigment, second pigment. Text on background is 5.6:1 or better.
PALETTES = [
    ("#123f34", "#f6efdd", "#e3b04b", "#6fae93"),  # reading-room green
    ("#f0e6cf", "#1d2521", "#c4472d", "#1f4e79"),  # buff
    ("#a93a25", "#fbf1df", "#f0c25a", "#5e1a14"),  # vermilion
    ("#1b3556", "#f7efdc", "#e9a23b", "#7fa6c9"),  # prussian
    ("#ddaa4b", "#1b211d", "#1f4a3e", "#9e3a22"),  # ochre
    ("#bfd5dc", "#15222b", "#1a4a72", "#c9502f"),  # pelican
    ("#e6c2ab", "#2a1815", "#7c2b26", "#2f5d50"),  # clay
    ("#25292b", "#f4ecda", "#c94f35", "#d8cfb8"),  # slate
]
TOP, TILE, COLS, ROWS = 200, 50, 6, 4
ROOM, SIZES, LETTER_SPACING = 252, (42, 38, 34, 31, 28, 25, 22), -0.6
# Advance widths of Newsreader at weight 500 in hundredths of an em, measured in Chromium at the
# title sizes above; the broadest of each, rounded up. Kerning is left out.
WIDTHS = {
    char: width
    for width, chars in {
        20: "'", 24: ",.|‘’", 26: "()/:j", 27: "!\\", 28: ";l", 29: "i", 31: "{}", 32: "[]ł",
        33: "f", 35: "-", 36: '"It', 40: "s", 41: "J_r", 42: "“”", 43: "*", 45: "c", 46: "?z",
        48: "e", 49: "a", 50: "`", 51: "g–", 53: "x", 54: "+<=>^ovy~", 56: "Sbkquøþ", 57: "dđ",
        58: "hp", 59: "n", 60: "0123456789#$", 61: "F", 62: "L", 63: "PÞßŁ", 65: "Z", 66: "BE",
        67: "—", 68: "R…", 69: "TY", 70: "V", 71: "C", 73: "AXæ", 74: "&", 76: "DGK", 77: "NwĐ",
        78: "U", 79: "OQ", 80: "%Ø", 82: "H", 84: "œ", 86: "m", 89: "@", 100: "W", 101: "M",
        102: "Æ", 108: "Œ",
    }.items()
    for char in chars
}  # fmt: skip
EDITION = "e567"  # change it to redraw every cover of a school at once


class Draw:
    """A tiny deterministic source of numbers: the digest, stretched when it runs out."""

    def __init__(self, slug):
        self.seed, self.pool = f"{EDITION}:{slug}".encode(), []

    def below(self, n):
        if not self.pool:
            self.seed = sha256(self.seed).digest()
            self.pool = list(self.seed)
        return self.pool.pop(0) % n


def rect(x, y, w, h, fill):
    return f'<path fill="{fill}" d="M{x} {y}h{w}v{h}h-{w}z"/>'


def tile(x, y, fill, d):
    """One tile shape, drawn with a hairline of its own color so that no seam shows."""
    return f'<path transform="translate({x} {y})" fill="{fill}" stroke="{fill}" stroke-width=".6" d="{d}"/>'


def arches(d, a, b):
    out = []
    for c in range(COLS):
        h = 60 + 28 * d.below(5)
        x, top, fill = c * TILE, 400 - h, (a, b, a)[d.below(3)]
        out.append(tile(x, top, fill, f"M0 {h}V25a25 25 0 0 1 50 0V{h}z"))
    return out


def quarters(d, a, b):
    turns = (
        "M0 0h50a50 50 0 0 1-50 50z",
        "M50 0v50a50 50 0 0 1-50-50z",
        "M50 50h-50a50 50 0 0 1 50-50z",
        "M0 50v-50a50 50 0 0 1 50 50z",
    )
    return [
        tile(c * TILE, TOP + r * TILE, (a, b)[d.below(2)], turns[d.below(4)])
        for r in range(ROWS)
        for c in range(COLS)
    ]


def strata(d, a, b):
    out = []
    for r in range(8):
        x, w = TILE * d.below(3), TILE * (2 + d.below(4))
        out.append(rect(x, TOP + r * 25, min(w, 300 - x), 17, (a, b)[d.below(2)]))
    return out


def rings(d, a, b):
    cx = (0, 150, 300)[d.below(3)]
    return [
        f'<circle cx="{cx}" cy="400" r="{r}" fill="none" stroke="{(a, b)[i % 2]}" stroke-width="12"/>'
        for i, r in enumerate(range(22, 200, 22))
    ]


def stairs(d, a, b):
    heights = sorted((20 + 30 * d.below(6) for _ in range(COLS)), reverse=bool(d.below(2)))
    return [
        tile(c * TILE, 400 - h, (a, b)[c % 2], f"M0 0h50v{h}h-50z") for c, h in enumerate(heights)
    ]


def halftone(d, a, b):
    corner, out = d.below(2), []
    for r in range(8):
        for c in range(12):
            far = (c if corner else 11 - c) + r
            fill = b if (c + r) % 5 == 0 else a
            place = f'cx="{c * 25 + 12.5}" cy="{TOP + r * 25 + 12.5}"'
            out.append(f'<circle {place} r="{1.2 + far * 0.62:.2f}" fill="{fill}"/>')
    return out


def quilt(d, a, b):
    halves = ("M0 0h50v50z", "M50 0v50h-50z", "M0 0v50h50z", "M0 0h50l-50 50z")
    return [
        tile(c * TILE, TOP + r * TILE, (a, b, a)[d.below(3)], halves[d.below(4)])
        for r in range(ROWS)
        for c in range(COLS)
    ]


def leaves(d, a, b):
    forms = (
        "M0 0a50 50 0 0 1 50 50a50 50 0 0 1-50-50z",
        "M50 0a50 50 0 0 1-50 50a50 50 0 0 1 50-50z",
    )
    return [
        tile(c * TILE, TOP + r * TILE, (a, a, b)[d.below(3)], forms[d.below(2)])
        for r in range(ROWS)
        for c in range(COLS)
    ]


MOTIFS = [arches, quarters, strata, rings, stairs, halftone, quilt, leaves]


def text_width(text):
    """In ems, and never too little: letters of other scripts count as broad ones."""
    width = 0
    for char in text:
        plain = normalize("NFD", char)[0]
        broad = 100 if east_asian_width(char) in "WF" else 80
        width += WIDTHS.get(plain, 25 if char.isspace() else broad)
    return width / 100


def _span(text, size):
    return text_width(text) * size + LETTER_SPACING * len(text)


def _parts_of(word, size):
    """The word, or its pieces where no line is wide enough for it."""
    while _span(word, size) > ROOM and len(word) > 1:
        cut = next(
            n for n in range(len(word) - 1, 0, -1) if n == 1 or _span(word[:n], size) <= ROOM
        )
        yield word[:cut]
        word = word[cut:]
    yield word


def _lines(words, size):
    lines = [""]
    for word in words:
        if lines[-1] and _span(f"{lines[-1]} {word}", size) > ROOM:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def set_title(title):
    """Greedy lines at the largest size that fits; at the smallest, long words break and a sixth
    line is cut."""
    words = title.split()
    for size in SIZES:
        lines = _lines(words, size)
        is_high = 58 + size + (len(lines) - 1) * size * 1.02 > 180
        if not is_high and all(_span(line, size) <= ROOM for line in lines):
            return size, lines
    lines = _lines([part for word in words for part in _parts_of(word, size)], size)
    if len(lines) > 5:
        kept = lines[4]
        while _span(f"{kept}…", size) > ROOM:
            kept = kept[:-1]
        lines = [*lines[:4], f"{kept.rstrip()}…"]
    return size, lines


def pick(slug, palette=None, motif=None):
    d = Draw(slug)
    p, m = d.below(len(PALETTES)), d.below(len(MOTIFS))
    return d, PALETTES[p if palette is None else palette], MOTIFS[m if motif is None else motif]


def cover_svg(slug, title, label="", palette=None, motif=None):
    d, (bg, fg, a, b), draw = pick(slug, palette, motif)
    size, lines = set_title(title)
    rtl = next(
        (c in ("R", "AL") for c in map(bidirectional, title) if c in ("L", "R", "AL")), False
    )
    x, way = (276, ' direction="rtl"') if rtl else (24, "")
    text = "".join(
        f'<tspan x="{x}" dy="{0 if i == 0 else size * 1.02:.1f}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    return (
        '<svg viewBox="0 0 300 400" aria-hidden="true" focusable="false">'
        + rect(0, 0, 300, 400, bg)
        + "".join(draw(d, a, b))
        + f'<text class="cover-label"{way} x="{x}" y="38" font-size="13" fill="{fg}">{escape(label)}</text>'
        + f'<path d="M24 52h252" stroke="{fg}"/>'
        + f'<text{way} x="{x}" y="{58 + size:.0f}" font-size="{size}" letter-spacing="-.6"'
        + f' fill="{fg}">{text}</text>'
        + '<path d="M0 0h9v400h-9z" fill="#000" opacity=".13"/>'
        + '<path d="M9.5 0v400" stroke="#fff" opacity=".18"/></svg>'
    )


def spine_svg(slug, title):
    """The same course seen from the side, for shelves."""
    d, (bg, fg, *_), _ = pick(slug)
    w, h = 32 + 4 * d.below(4), max(212 + 8 * d.below(8), 40 + int(len(title) * 7.9))
    return (
        f'<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true" focusable="false">'
        + rect(0, 0, w, h, bg)
        + f'<text transform="translate({w / 2 - 5.5:.1f} 16) rotate(90)" font-size="17"'
        + f' fill="{fg}">{escape(title)}</text>'
        + f'<path d="M0 0h3v{h}h-3z" fill="#fff" opacity=".12"/>'
        + f'<path d="M{w - 4} 0h4v{h}h-4z" fill="#000" opacity=".14"/></svg>'
    )


def rosette_svg(number):
    """The engraved rosette of a certificate, drawn from its number; place it as .cert__rose."""
    h = sha256(number.encode()).digest()
    bands = ((172, 40, 14 + h[0] % 5, 12), (112, 30, 10 + h[1] % 4, 12), (62, 24, 6 + h[2] % 4, 10))
    out = []
    for n, (radius, swing, waves, copies) in enumerate(bands):
        steps = waves * 16
        turn = [(2 * pi * i / steps, radius + swing * sin(2 * pi * i / 16)) for i in range(steps)]
        path = "L".join(f"{r * cos(t):.1f} {r * sin(t):.1f}" for t, r in turn)
        out.append(f'<path id="rose{n}" opacity=".38" d="M{path}z"/>')
        out += [
            f'<use href="#rose{n}" transform="rotate({i * 360 / waves / copies:.3f})"/>'
            for i in range(1, copies)
        ]
    return (
        '<svg class="cert__rose" viewBox="0 0 460 649" preserveAspectRatio="xMaxYMax slice"'
        ' aria-hidden="true">'
        '<g fill="none" stroke="currentColor" stroke-width=".5" transform="translate(369 578) scale(1.52)">'
        + "".join(out)
        + "</g></svg>"
    )
