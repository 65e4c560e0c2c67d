"""Handing the sales to bookkeeping. Who took them is in the audit trail: they name buyers."""

from datetime import date, timedelta

from django.db import transaction

from engineroom import audit
from payments import oss
from payments.queries.sales import oss_csv, oss_return, register_csv


@transaction.atomic
def export_register(*, start: date, until: date, mode: str, actor=None) -> str:
    """The sales register from `start` to `until`, both included, as CSV."""
    audit.record("sales.exported", f"{start} to {until}", actor=actor, mode=mode)
    return register_csv(start, until + timedelta(days=1), mode)


@transaction.atomic
def export_oss(*, quarter: str, mode: str, rates, actor=None) -> str:
    """The quarter's One Stop Shop return as CSV. Raises ValueError for what is no quarter."""
    oss.days_of(quarter)
    audit.record("oss.exported", quarter, actor=actor, mode=mode)
    return oss_csv(*oss_return(quarter, mode, rates))
