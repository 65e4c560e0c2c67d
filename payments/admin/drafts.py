"""Orders on invoice in the admin: written, looked at once more, sent or dropped."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from engineroom.budgets import budget
from engineroom.refusals import Refusal
from payments import countries, money, states
from payments.actions.drafts import draft_order, drop_draft, send_draft
from payments.models import Offer


class DraftForm(forms.Form):
    """Shape only; the action says what is allowed."""

    email = forms.EmailField(label="Buyer's e-mail address", max_length=254)
    name = forms.CharField(max_length=120, required=False)
    offer = forms.ModelChoiceField(Offer.objects.none())
    quantity = forms.IntegerField(min_value=1, max_value=1000, initial=1)
    price = forms.CharField(
        label="Price of one", max_length=20, required=False, help_text="Empty: the offer's own."
    )
    due_on = forms.DateField(
        label="To be paid by", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    team = forms.CharField(
        max_length=40, required=False, help_text="For team seats: the id in the address of the team's "
        "page. Empty: the buyer's own team.",
    )  # fmt: skip
    company = forms.CharField(max_length=120, required=False)
    street = forms.CharField(max_length=200, required=False)
    postal_code = forms.CharField(max_length=20, required=False)
    city = forms.CharField(max_length=120, required=False)
    country = forms.ChoiceField(
        choices=[("", "Not said"), *countries.NAMES.items()],
        required=False,
        help_text="The tax depends on it.",
    )
    vat_id = forms.CharField(label="VAT id", max_length=20, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = Offer.objects.open().filter(period="").order_by("title")

    def clean(self):
        said = super().clean()
        said["unit_minor"] = None
        if said.get("price") and said.get("offer"):
            try:
                said["unit_minor"] = money.parse(said["price"], said["offer"].currency)
            except money.MoneyError as error:
                self.add_error("price", str(error))
        return said


class DraftPages:
    """Mixed into the admin of orders."""

    def draft_urls(self):
        view = self.admin_site.admin_view
        return [
            path("draft/", budget(500)(view(self.draft_view)), name="payments_order_draft"),
            path(
                "<path:order_id>/send/",
                budget(500)(view(self.send_view)),
                name="payments_order_send",
            ),
        ]

    def _context(self, request, title, **more):
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return context | more

    def draft_view(self, request):
        if not request.user.has_perm("payments.add_order"):
            raise PermissionDenied
        form = DraftForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                order = draft_order(
                    email=said["email"],
                    name=said["name"],
                    lines=[(said["offer"], said["quantity"], said["unit_minor"])],
                    due_on=said["due_on"],
                    billing=said,
                    country=said["country"],
                    vat_id=said["vat_id"],
                    team=said["team"],
                    actor=request.user,
                )
            except Refusal as refusal:
                form.add_error(
                    refusal.field if refusal.field in form.fields else None, refusal.message
                )
            else:
                return redirect("admin:payments_order_send", order.pk)
        context = self._context(request, "Write an order on invoice", form=form)
        return TemplateResponse(request, "admin/payments/order/draft.html", context)

    def send_view(self, request, order_id):
        """The order once more; then it is sent, or dropped."""
        if not request.user.has_perm("payments.add_order"):
            raise PermissionDenied
        order = self.get_object(request, order_id)
        if order is None or order.kind != "invoice":
            raise Http404
        done = reverse("admin:payments_order_change", args=[order.pk])
        if request.method == "POST":
            try:
                self._act(request, order)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            return redirect(done)
        context = self._context(
            request,
            f"Order on invoice {order.number}",
            order=order,
            lines=order.lines.order_by("pk"),
            may_send=order.state == states.DRAFT,
            may_drop=order.state in (states.DRAFT, states.AWAITING),
        )
        return TemplateResponse(request, "admin/payments/order/send.html", context)

    def _act(self, request, order):
        if "drop" in request.POST:
            drop_draft(order=order, reason="Dropped by staff.", actor=request.user)
            self.message_user(request, f"Order {order.number} was canceled.")
        elif "send" in request.POST:
            send_draft(order=order, actor=request.user)
            self.message_user(request, f"Sent to {order.email}.", messages.SUCCESS)
