"""Tables for spreadsheets: CSV in which no word from outside is ever taken for a formula."""

import csv
import io

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def word(text: str) -> str:
    """A text cell. What a spreadsheet would compute gets an apostrophe in front (OWASP)."""
    plain = text.replace("\0", "")
    return f"'{plain}" if plain.lstrip(" ").startswith(STARTS_A_FORMULA) else plain


def csv_text(heading: list[str], rows) -> str:
    """The rows as CSV (RFC 4180) with a heading. Cells are texts, or numbers written by `number`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    for row in rows:
        writer.writerow(
            [cell.text if isinstance(cell, number) else word(str(cell)) for cell in row]
        )
    return out.getvalue()


class number:  # noqa: N801 - reads as what it is: number("-12.00")
    """A cell that we computed ourselves: it may begin with a minus."""

    def __init__(self, text: str):
        if not text.removeprefix("-").replace(".", "", 1).isdecimal():
            raise ValueError("No number.")
        self.text = text
