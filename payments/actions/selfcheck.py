"""The nightly self-check: look, write down what is wrong, repair what staff ask for."""

from datetime import timedelta

from django.db import transaction

from engineroom import audit, clock
from engineroom.refusals import Refusal
from payments import gateways
from payments.actions.repairing import REPAIRS, NothingToRepair
from payments.doubling import kinds_of_many
from payments.gateways.base import NotOffered
from payments.models import Finding
from payments.queries import selfcheck
from payments.queries.selfcheck import Found
from payments.refusals import GatewayUnavailable, LiveSchoolWithoutGateway

LOOK_BACK = timedelta(days=35)


def look(since=None) -> tuple[list[Found], bool]:
    """Everything that is wrong now, and whether the gateway could be asked, too.

    `since` is from when on the gateway's payments are compared. No transaction may be open.
    """
    found = selfcheck.from_rows(kinds_of_many())
    try:
        gateway = gateways.current()
        readings = list(gateway.payments_since(since or clock.now() - LOOK_BACK))
    except (LiveSchoolWithoutGateway, NotOffered, GatewayUnavailable):
        return found, False
    return found + selfcheck.gateway(readings, gateway.name), True


@transaction.atomic
def _write_down(found: list[Found], has_asked: bool) -> None:
    now = clock.now()
    open_ones = {(row.kind, row.subject): row for row in Finding.objects.filter(closed_at=None)}
    for one in found:
        data = one.data | {"repair": one.repair}
        known = open_ones.pop((one.kind, one.subject), None)
        if known is None:
            Finding.objects.get_or_create(
                kind=one.kind,
                subject=one.subject[:200],
                closed_at=None,
                defaults={"detail": one.detail[:500], "data": data},
            )
            audit.record("finding.opened", one.subject[:200], kind=one.kind)
        else:
            Finding.objects.filter(pk=known.pk).update(
                seen_at=now, detail=one.detail[:500], data=data
            )
    by_gateway = ("amount_mismatch", "missing_webhook", "unknown_payment")
    for row in open_ones.values():
        if has_asked or row.kind not in by_gateway:
            Finding.objects.filter(pk=row.pk, closed_at=None).update(
                closed_at=now, how="It was not found again."
            )


def check_everything(since=None) -> list[Found]:
    """Look, and keep what was found: new findings are opened, those that are gone are closed."""
    found, has_asked = look(since)
    _write_down(found, has_asked)
    return found


def nightly() -> int:
    """The job: how many things are wrong."""
    return len(check_everything())


def repair_finding(*, finding: Finding, actor=None) -> str:
    """Do what is offered for a finding, and close it; answers what was done.

    Raises NothingToRepair when nothing is offered, and what the repair refuses. No transaction may
    be open.
    """
    repair = REPAIRS.get(finding.data.get("repair", ""))
    if repair is None or finding.closed_at:
        raise NothingToRepair("Nothing can be done about this from here.")
    how = repair(finding, actor)
    with transaction.atomic():
        Finding.objects.filter(pk=finding.pk, closed_at=None).update(
            closed_at=clock.now(), how=how[:300], actor=actor
        )
        audit.record("finding.repaired", finding.subject, actor=actor, kind=finding.kind, how=how)
    return how


def repair_everything(actor=None) -> list[tuple[Finding, str]]:
    """Repair what is open, as far as it goes: (finding, what was done or why not)."""
    done = []
    for finding in Finding.objects.filter(closed_at=None).order_by("pk"):
        try:
            done.append((finding, repair_finding(finding=finding, actor=actor)))
        except Refusal as refusal:
            done.append((finding, refusal.message))
    return done
