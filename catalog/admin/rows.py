"""What the catalog's admin pages share."""

from catalog.models import Edition
from engineroom.admin import ActionAdmin


def changed_rows(formset, parent) -> tuple[list, list]:
    """(rows to save, rows to delete) of an inline formset, each tied to its parent, unsaved."""
    deleted = [form.instance for form in formset.deleted_forms if form.instance.pk]
    kept = []
    for form in formset.forms:
        if form in formset.deleted_forms or not form.has_changed():
            continue
        setattr(form.instance, formset.fk.name, parent)
        kept.append(form.instance)
    return kept, deleted


class DraftRowAdmin(ActionAdmin):
    """Rows of an edition: editable in a draft, read-only in every other edition."""

    def edition_of(self, obj) -> Edition:
        return obj.edition

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or self.edition_of(obj).is_draft)

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self.edition_of(obj).is_draft)
