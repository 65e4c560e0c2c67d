"""Modules of a draft, and the order of things."""

from django.db import transaction
from django.db.models import Max

from catalog.actions.drafts import ITEMS, clean, open_draft
from catalog.models import Module
from catalog.refusals import BadOrder
from engineroom import audit


@transaction.atomic
def save_module(*, module: Module, actor) -> Module:
    """Add or change a module of a draft. `module` carries the new values, unsaved."""
    edition = open_draft(module.edition)
    module.edition = edition
    if not module.position:
        last = edition.modules.aggregate(last=Max("position"))["last"]
        module.position = (last or 0) + 1
    clean(module)
    module.save()
    audit.record("module.saved", edition.public_id, actor=actor, key=module.key)
    return module


@transaction.atomic
def delete_module(*, module: Module, actor) -> None:
    """Its items go with it."""
    edition = open_draft(module.edition)
    audit.record("module.deleted", edition.public_id, actor=actor, key=module.key)
    module.delete()


@transaction.atomic
def reorder_items(*, module, actor, keys: list[str]) -> None:
    """Put all items of a module into the order of `keys`. Raises BadOrder unless each is named once."""
    edition = open_draft(module.edition)
    rows = {row.key: row for model in ITEMS for row in model.objects.filter(module=module)}
    if sorted(keys) != sorted(rows):
        raise BadOrder
    for position, key in enumerate(keys, start=1):
        rows[key].position = position
        rows[key].save(update_fields=["position"])
    audit.record("module.reordered", edition.public_id, actor=actor, key=module.key)


@transaction.atomic
def reorder_modules(*, edition, actor, keys: list[str]) -> None:
    """The same for the modules of a draft."""
    edition = open_draft(edition)
    rows = {row.key: row for row in edition.modules.all()}
    if sorted(keys) != sorted(rows):
        raise BadOrder
    for position, key in enumerate(keys, start=1):
        rows[key].position = position
        rows[key].save(update_fields=["position"])
    audit.record("draft.reordered", edition.public_id, actor=actor)
