"""The books: entries, statement, self-check with its repairs, payouts and revenue. All but repairs is
read-only, and a repair asks once more."""

import re
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from engineroom import clock
from engineroom.admin import GivenFilter, ReadOnlyAdmin
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import charts, money, tables
from payments.actions.selfcheck import check_everything, repair_finding
from payments.models import Finding, LedgerEntry, Mode, Payout
from payments.queries import statement
from payments.queries.books import audit_books
from payments.queries.selfcheck import KINDS, REPAIRS
from payments.queries.subscriptions import recurring_revenue

DAYS, MONTHS = 30, 12
NUMBER = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}\b")  # of an order


def _order_link(number: str):
    """To the order of that number, found by the list of orders: no query."""
    url = reverse("admin:payments_order_changelist", query={"q": number})
    return format_html('<a href="{}">{}</a>', url, number)


class PeriodForm(forms.Form):
    """Both days included."""

    start = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self):
        said = super().clean()
        if said.get("start") and said.get("until") and said["until"] < said["start"]:
            self.add_error("until", "The last day is before the first.")
        return said


def revenue_words(mode: str, by: str) -> list[dict]:
    """Per currency the chart and its table: the last 30 days or 12 months."""
    today = clock.now().date()
    if by == "month":
        first = today.replace(day=1)
        steps = [first]
        while len(steps) < MONTHS:
            steps.append((steps[-1] - timedelta(days=1)).replace(day=1))
        steps.reverse()
        labels = [day.strftime("%b %Y") for day in steps]
    else:
        steps = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        labels = [f"{day.day} {day:%b}" for day in steps]
    begin, _ = statement.moments(steps[0], steps[0])
    found = statement.revenue(begin, mode, by)
    return [_currency(code, days, steps, labels) for code, days in found.items()]


def _currency(code, days, steps, labels) -> dict:
    def text(amount):
        return money.text(amount, code)

    values = [(label, days.get(day, 0)) for day, label in zip(steps, labels, strict=True)]
    return {
        "currency": code,
        "chart": charts.bars(values, text),
        "rows": [(label, text(amount)) for label, amount in values],
        "sum": text(sum(amount for _, amount in values)),
    }


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    change_list_template = "admin/payments/books/entries.html"
    list_display = ["ref", "amount", "debit", "credit", "of_order", "created_at"]
    list_select_related = ["order"]
    list_filter = ["currency", "created_at"]
    search_fields = ["ref", "debit", "credit", "order__number"]

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, entry):
        return entry.text

    @admin.display(description="Order", ordering="order__number")
    def of_order(self, entry):
        return _order_link(entry.order.number) if entry.order else "-"

    def get_urls(self):
        own = [
            ("statement", self.statement_view, 1000),
            ("revenue", self.revenue_view, 500),
        ]
        return [
            path(
                f"{name}/",
                budget(limit)(self.admin_site.admin_view(view)),
                name=f"payments_ledgerentry_{name}",
            )
            for name, view, limit in own
        ] + super().get_urls()

    def _page(self, request, template, **context):
        if not self.has_view_permission(request):
            raise PermissionDenied
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/payments/books/{template}", shared | context)

    def statement_view(self, request):
        """Balances by account and currency for a period, and whether the books agree."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = clock.now().date()
        form = PeriodForm(
            request.GET if "start" in request.GET else None,
            initial={"start": today.replace(day=1), "until": today},
        )
        said = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
        rows = statement.statement(said["start"], said["until"])
        heading, lines = statement.statement_table(rows)
        if "csv" in request.GET and not form.errors:
            return _csv(heading, lines, f"statement-{said['start']}-{said['until']}.csv")
        return self._page(
            request,
            "statement.html",
            title="Statement",
            form=form,
            said=said,
            heading=heading[2:],
            rows=[(line[0], line[1], line[2:]) for line in lines],
            report=audit_books(),
        )

    def revenue_view(self, request):
        """Net revenue by day or month, test money apart from live money."""
        mode = request.GET.get("mode", "live")
        by = "month" if request.GET.get("by") == "month" else "day"
        mode = mode if mode in Mode.values else Mode.LIVE.value
        since = clock.now() - timedelta(days=DAYS)
        return self._page(
            request,
            "revenue.html",
            title="Revenue",
            mode=mode,
            by=by,
            currencies=revenue_words(mode, by),
            recurring=recurring_words(mode),
            worries=statement.money_worries(since, mode),
            days=DAYS,
        )


def recurring_words(mode: str) -> list[dict]:
    return [
        {"sum": money.text(row["monthly_minor"], code), "count": row["count"]}
        for code, row in recurring_revenue(clock.now(), mode).items()
    ]


def _csv(heading, lines, name: str) -> HttpResponse:
    rows = [[*line[:2], *(tables.number(cell) for cell in line[2:])] for line in lines]
    response = HttpResponse(tables.csv_text(heading, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "what is wrong", "kind"

    def lookups(self, request, model_admin):
        return list(KINDS.items())

    def queryset(self, request, queryset):
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """What the self-check found. A repair is offered where there is one."""

    change_list_template = "admin/payments/books/findings.html"
    change_form_template = "admin/payments/books/finding.html"
    list_display = ["what", "of_order", "detail", "found_at", "closed_at", "how"]
    list_filter = [KindFilter, ("closed_at", GivenFilter)]
    search_fields = ["subject", "detail"]
    fields = [
        ("what", "of_order"),
        "subject",
        "detail",
        ("found_at", "seen_at", "closed_at"),
        "how",
        "actor",
    ]
    readonly_fields = ["what", "of_order", "found_at"]

    @admin.display(description="What is wrong", ordering="kind")
    def what(self, finding):
        return KINDS.get(finding.kind, finding.kind)

    @admin.display(description="Order", ordering="subject")
    def of_order(self, finding):
        """The order where the finding names one, else what it is about."""
        said = NUMBER.search(f"{finding.data.get('order', '')} {finding.subject} {finding.detail}")
        return _order_link(said[0]) if said else finding.subject

    def get_urls(self):
        own = [
            ("check/", self.check_view, "check"),
            ("<path:object_id>/repair/", self.repair_view, "repair"),
        ]
        return [
            path(
                route,
                budget(5000)(self.admin_site.admin_view(view)),
                name=f"payments_finding_{name}",
            )
            for route, view, name in own
        ] + super().get_urls()

    def _may(self, request) -> bool:
        return request.user.has_perm("payments.change_finding")

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"may_check": self._may(request)})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        finding = self.get_object(request, object_id)
        offered = REPAIRS.get(finding.data.get("repair", "")) if finding else None
        is_open = finding is not None and finding.closed_at is None
        context = {"offered": offered if is_open and self._may(request) else None}
        return super().change_view(request, object_id, form_url, context)

    def check_view(self, request):
        """Asks once more, then looks at everything."""
        if not self._may(request):
            raise PermissionDenied
        if request.method == "POST":
            count = len(check_everything())
            text = f"{count} found." if count else "Nothing is wrong."
            self.message_user(request, text, messages.WARNING if count else messages.SUCCESS)
            return redirect("admin:payments_finding_changelist")
        return self._ask(
            request,
            "Check everything",
            "Orders, payments, books and access are compared, and the gateway is asked for its"
            " payments of the last 35 days. Nothing is changed.",
            "Check now",
            reverse("admin:payments_finding_changelist"),
        )

    def repair_view(self, request, object_id):
        """Asks once more, then does what is offered."""
        if not self._may(request):
            raise PermissionDenied
        finding = self.get_object(request, object_id)
        if finding is None:
            raise Http404
        back = reverse("admin:payments_finding_change", args=[finding.pk])
        offered = REPAIRS.get(finding.data.get("repair", ""))
        if offered is None or finding.closed_at:
            self.message_user(request, "Nothing is offered for this.", messages.WARNING)
            return redirect(back)
        if request.method == "POST":
            try:
                how = repair_finding(finding=finding, actor=request.user)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.message_user(request, how, messages.SUCCESS)
            return redirect(back)
        return self._ask(request, "Repair", finding.detail, offered, back)

    def _ask(self, request, title, question, button, back):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "question": question,
            "button": button,
            "back": back,
        }
        return TemplateResponse(request, "admin/payments/books/ask.html", context)


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = ["reference", "gateway", "mode", "amount", "arrived_at"]
    list_filter = ["gateway", "mode", "currency"]
    search_fields = ["public_id", "reference"]

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, payout):
        return payout.text
