"""What the catalog's admin pages share."""

from catalog.models import Course, Edition, Exercise, Module
from catalog.queries.people import of_own_courses
from engineroom.admin import ActionAdmin

# The way from what a form may point to, to its course.
TO_COURSE = {
    Course: "pk",
    Edition: "course",
    Module: "edition__course",
    Exercise: "edition__course",
}


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


class OwnRows:
    """An admin whose rows belong to courses: who writes only their own courses sees only theirs.

    `to_course` is the way from a row to its course.
    """

    to_course = "edition__course"
    with_none = False

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return of_own_courses(rows, request.user, self.to_course, with_none=self.with_none)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        path = TO_COURSE.get(db_field.related_model)
        if path is not None:
            rows = db_field.related_model._default_manager.all()
            kwargs["queryset"] = of_own_courses(rows, request.user, path)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class DraftRowAdmin(OwnRows, ActionAdmin):
    """Rows of an edition: editable in a draft, read-only in every other edition."""

    def edition_of(self, obj) -> Edition:
        return obj.edition

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or self.edition_of(obj).is_draft)

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self.edition_of(obj).is_draft)
