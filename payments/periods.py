"""Calendar arithmetic of what is paid month by month or year by year."""

from calendar import monthrange
from datetime import datetime

MONTHS = {"month": 1, "year": 12}


def after(start: datetime, period: str, count: int = 1) -> datetime:
    """`count` periods after `start`. From the 31st it is the last day of a shorter month, and the
    31st again in the next longer one: always counted from the start."""
    months = start.month - 1 + MONTHS[period] * count
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)
