"""The import wizard: upload a package, look at what it would do, confirm. And the runs so far."""

from collections import Counter
from functools import partial
from pathlib import PurePosixPath

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from catalog.actions.importing import import_course
from catalog.actions.uploading import discard_package, keep_package, kept_package
from catalog.admin.rows import OwnRows
from catalog.models import Course, ImportRun
from catalog.queries.people import instructors_named_by, may_write
from engineroom.admin import ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal

SHOWN = 300
OUTCOMES = {"dropped": "Left out", "approximated": "Changed on the way"}


class PackageForm(forms.Form):
    package = forms.FileField(
        label="Package",
        max_length=200,
        help_text="A zip file of a course folder, plain Markdown, a docsify repository or a"
        " Carpentries lesson.",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    publish = forms.BooleanField(required=False, label="Publish the draft at once")
    price = forms.RegexField(
        r"^[0-9]{1,7}(\.[0-9]{1,3})?$",
        required=False,
        max_length=12,
        help_text="Such as 49.00. Empty: what the package says.",
        error_messages={"invalid": "A price is a plain number, such as 49.00."},
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        required=False,
        max_length=3,
        help_text="Three letters, such as EUR.",
        error_messages={"invalid": "A currency has three letters, such as EUR."},
    )
    locale = forms.RegexField(
        r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?$",
        required=False,
        max_length=12,
        help_text="Such as fr. Empty: the package's own language.",
        error_messages={"invalid": "A language is a code such as fr or pt-BR."},
    )

    def clean(self):
        data = super().clean()
        if data.get("price") and not data.get("currency") and "currency" not in self.errors:
            self.add_error("currency", "A price needs a currency, such as EUR.")
        return data

    def options(self) -> dict:
        """What `import_course` wants to know, apart from the package."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "package"}
        return data | {"name": PurePosixPath(self.cleaned_data["package"].name).stem[:150]}


@admin.register(ImportRun)
class ImportRunAdmin(OwnRows, ReadOnlyAdmin):
    to_course = "course"
    list_display = ["name", "course", "finished_at", "actor", "created", "changed", "unchanged"]
    list_select_related = ["course", "actor"]
    search_fields = ["name", "course__title", "course__slug"]
    list_filter = ["finished_at"]

    @admin.display(description="Created")
    def created(self, run):
        return run.report.get("created", 0)

    @admin.display(description="Changed")
    def changed(self, run):
        return run.report.get("changed", 0)

    @admin.display(description="Unchanged")
    def unchanged(self, run):
        return run.report.get("unchanged", 0)

    def has_add_permission(self, request):
        """Adding a run is importing: the add page is the wizard."""
        return request.user.has_perm("catalog.add_course")

    def get_urls(self):
        confirm = budget(10_000)(self.admin_site.admin_view(self.confirm_view))
        return [
            path("confirm/", confirm, name="catalog_importrun_confirm"),
            *super().get_urls(),
        ]

    # --- the wizard
    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PackageForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["package"]
            try:
                report = self._import(request, upload, form.options(), is_dry_run=True)
                ticket = keep_package(upload=upload, actor=request.user, options=form.options())
            except Refusal as refusal:
                form.add_error(_field(form, refusal), refusal.message)
            else:
                return self._report_page(
                    request,
                    report.as_json(),
                    title=f"Import {report.title}?",
                    ticket=ticket,
                    publishes=form.cleaned_data["publish"],
                )
        context = {"title": "Import a course", "form": form}
        return self._page(request, "admin/catalog/import_upload.html", context)

    def confirm_view(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied
        again = HttpResponseRedirect(reverse("admin:catalog_importrun_add"))
        if request.method != "POST":
            return again
        ticket = request.POST.get("ticket", "")
        try:
            file, options = kept_package(ticket=ticket, actor=request.user)
            with file:
                report = self._import(request, file, options, is_dry_run=False)
            discard_package(ticket=ticket, actor=request.user)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return again
        if report.created or report.changed:
            done = (
                f"{report.title} is imported: {report.created} created, {report.changed} changed."
            )
        else:
            done = f"{report.title} was already as the package has it. Nothing has changed."
        messages.success(request, done + (" It is published." if report.is_published else ""))
        return HttpResponseRedirect(reverse("admin:catalog_importrun_change", args=[report.run.pk]))

    def _import(self, request, file, options, *, is_dry_run):
        own = instructors_named_by(request.user, None)
        return import_course(
            source=file,
            actor=request.user,
            is_dry_run=is_dry_run,
            may_change=partial(may_write, request.user),
            instructors=own or [],
            **options,
        )

    # --- the report
    def change_view(self, request, object_id, form_url="", extra_context=None):
        run = self.get_object(request, object_id)
        if run is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return self._report_page(request, run.report, title=f"Import of {run.name}", run=run)

    def _report_page(self, request, report, **context):
        slug = report.get("course", "")
        course = Course.objects.filter(slug=slug).first()
        context |= {
            "report": report,
            "course": course,
            "draft": course.editions.filter(state="draft").first() if course else None,
            "counts": [(_label(name), n) for name, n in report.get("counts", {}).items()],
            **grouped(report.get("items", [])),
        }
        return self._page(request, "admin/catalog/import_report.html", context)

    def _page(self, request, template, context):
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        response = TemplateResponse(request, template, context)
        response["Cache-Control"] = "private, no-store"
        return response


def grouped(items: list[dict]) -> dict:
    """What a person has to look at, by outcome; what was kept is only counted by kind."""
    files = [item["path"] for item in items if item["kind"] == "file"]
    groups = []
    for outcome, title in OUTCOMES.items():
        rows = [
            {**item, "label": _label(item["kind"])}
            for item in items
            if item["outcome"] == outcome and item["kind"] != "file"
        ]
        if rows:
            groups.append({"title": title, "rows": rows[:SHOWN], "count": len(rows)})
    kept = Counter(_label(item["kind"]) for item in items if item["outcome"] == "kept")
    return {
        "groups": groups,
        "kept": sorted(kept.items()),
        "files": files[:SHOWN],
        "file_count": len(files),
    }


def _label(name: str) -> str:
    return name.replace("_", " ")


def _field(form, refusal) -> str:
    return refusal.field if refusal.field in form.fields else "package"
