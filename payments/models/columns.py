"""Columns and rules that every table with money shares."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact

from payments import money

CURRENCIES = [(code, code) for code in sorted(money.EXPONENTS)]


def currency_column():
    """An ISO 4217 code. The list of choices stays out of migrations: it may grow."""
    return models.CharField(max_length=3)


def currency_shape(table: str):
    """Three capital letters, said by the database."""
    is_code = Q(Exact(Length("currency"), 3)) & Q(Exact(Upper("currency"), F("currency")))
    return models.CheckConstraint(condition=is_code, name=f"{table}_currency_is_a_code")


def above_zero(table: str, column: str):
    return models.CheckConstraint(
        condition=Q(**{f"{column}__gt": 0}), name=f"{table}_{column}_above_zero"
    )


def not_negative(table: str, column: str):
    return models.CheckConstraint(
        condition=Q(**{f"{column}__gte": 0}), name=f"{table}_{column}_not_negative"
    )


def within(table: str, part: str, whole: str):
    """0 <= part <= whole: what goes back never exceeds what came in."""
    return models.CheckConstraint(
        condition=Q(**{f"{part}__gte": 0, f"{part}__lte": F(whole)}),
        name=f"{table}_{part}_within_{whole}",
    )


def one_of(table: str, column: str, values):
    return models.CheckConstraint(
        condition=Q(**{f"{column}__in": sorted(values)}), name=f"{table}_{column}_is_known"
    )
