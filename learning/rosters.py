"""Lists of people as CSV, read with every problem named."""

import csv
import io
import re
from dataclasses import dataclass, field

MOST_BYTES = 256 * 1024
MOST_ROWS = 1000
ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\]+@[^@\s,;<>\"()\[\]\\]+\.[^@\s,;<>\"()\[\]\\]+")
EMAIL_WORDS = {"email", "e-mail", "mail", "e-mail address", "email address"}
NAME_WORDS = {"name", "full name"}


@dataclass(frozen=True)
class Line:
    """One person of the list. `number` is the line in the file, from 1."""

    number: int
    email: str
    name: str


@dataclass
class Roster:
    """`problems` are (line number, what is wrong); a list with any is not carried out."""

    lines: list[Line] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return bool(self.lines) and not self.problems


def decode(raw: bytes) -> str | None:
    """The text of an uploaded file; None when it is no UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def read_roster(text: str) -> Roster:
    """People from `email` or `email,name` lines, with or without a heading; commas, semicolons or
    tabs between. Limits: 256 KB, 1,000 people."""
    roster = Roster()
    if len(text.encode(errors="replace")) > MOST_BYTES:
        roster.problems.append((0, "The list is larger than 256 KB."))
        return roster
    if "\0" in text:
        roster.problems.append((0, "The list holds bytes that are no text."))
        return roster
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n").split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    email_at, name_at, seen = 0, 1, {}
    rows = csv.reader(io.StringIO(text), delimiter=mark, strict=True)
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            words = [cell.lower() for cell in cells]
            if not roster.lines and not roster.problems and EMAIL_WORDS & set(words):
                email_at = next(at for at, word in enumerate(words) if word in EMAIL_WORDS)
                named = [at for at, word in enumerate(words) if word in NAME_WORDS]
                name_at = named[0] if named else len(words)
                continue
            _read(roster, rows.line_num, cells, email_at, name_at, seen)
            if len(roster.lines) > MOST_ROWS:
                roster.problems.append((rows.line_num, "A list holds up to 1,000 people."))
                break
    except csv.Error:
        roster.problems.append((rows.line_num, "This line is no CSV: a quotation mark is open."))
    if not roster.lines and not roster.problems:
        roster.problems.append((0, "The list holds nobody."))
    return roster


def _read(roster: Roster, number: int, cells: list[str], email_at: int, name_at: int, seen) -> None:
    email = cells[email_at].lower() if email_at < len(cells) else ""
    name = cells[name_at] if name_at < len(cells) else ""
    if len(email) > 254 or not email.isprintable() or not ADDRESS.fullmatch(email):
        shown = email[:60] if email.isprintable() else ""
        roster.problems.append((number, f"“{shown}” is no e-mail address."))
    elif email in seen:
        roster.problems.append((number, f"{email} stands in line {seen[email]} already."))
    elif len(name) > 120 or not name.isprintable():
        roster.problems.append((number, "A name has up to 120 characters."))
    else:
        seen[email] = number
        roster.lines.append(Line(number, email, name))
