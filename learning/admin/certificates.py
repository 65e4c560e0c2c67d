"""What courses ask for their certificates, the certificates given, the keys that sign them."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from engineroom.admin import ActionAdmin, GivenFilter, ReadOnlyAdmin
from engineroom.asking import asks
from engineroom.budgets import budget
from engineroom.refusals import Refusal
from learning.actions.certificate_rules import TERMS, end_rule, set_rule
from learning.actions.certificates import REASON_LIMIT, issue_by_hand, revoke_certificate
from learning.models import Certificate, CertificateRule, SigningKey


class RuleForm(forms.ModelForm):
    class Meta:
        model = CertificateRule
        fields = ["course", *TERMS]

    def _post_clean(self):
        # The action says what does not fit, beside its field.
        self.instance.validate_constraints = lambda exclude=None: None
        super()._post_clean()


@admin.register(CertificateRule)
class CertificateRuleAdmin(ActionAdmin):
    """A rule is never edited: another one for the course takes its place."""

    form = RuleForm
    list_display = ["course", "number", "needs_completion", "min_score", "needs_project"]
    list_display += ["months", "made_at", "ended_at"]
    list_select_related = ["course"]
    list_filter = [("ended_at", GivenFilter)]
    search_fields = ["public_id", "course__title", "course__slug"]
    raw_id_fields = ["course"]
    actions = ["end_now"]

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_end_permission(self, request):
        return request.user.has_perm("learning.add_certificaterule")

    def act_save(self, request, obj, form, change):
        terms = {name: form.cleaned_data[name] for name in TERMS}
        rule = set_rule(course=form.cleaned_data["course"], actor=request.user, **terms)
        obj.public_id, obj.number = rule.public_id, rule.number
        return rule

    @asks(
        "End these rules now? Their courses give no more certificates; those given stay.",
        description="End the chosen rules now",
        permissions=["end"],
    )
    def end_now(self, request, queryset):
        rules = queryset.select_related("course")
        count = sum(end_rule(rule=rule, actor=request.user) for rule in rules)
        self.message_user(request, f"{count} ended. Certificates that were given stay.")


class IssueForm(forms.ModelForm):
    class Meta:
        model = Certificate
        fields = ["person", "course"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "person" in self.fields:
            self.fields["person"].required = True


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=REASON_LIMIT,
        help_text="The learner gets this by mail, and whoever checks the certificate reads it.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


@admin.register(Certificate)
class CertificateAdmin(ActionAdmin):
    """Adding one gives it by hand; what is given is only ever revoked."""

    form = IssueForm
    change_form_template = "admin/learning/certificate/change_form.html"
    list_display = ["number", "name", "person", "title", "edition_number", "issued_at"]
    list_display += ["expires_at", "state"]
    list_select_related = ["person"]
    list_filter = ["issued_at", ("revoked_at", GivenFilter), ("expires_at", GivenFilter)]
    search_fields = ["code", "public_id", "name", "person__email", "title", "course__slug"]
    search_help_text = "Certificate number without hyphens, name, e-mail address or course."
    raw_id_fields = ["person", "course"]

    @admin.display(description="Certificate", ordering="pk")
    def number(self, certificate):
        return certificate.number

    @admin.display(description="State")
    def state(self, certificate):
        return certificate.state

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["person", "course"]
        return [
            ("number", "state"),
            ("person", "name"),
            ("course", "title", "edition_number"),
            ("rule", "facts"),
            ("issued_at", "expires_at", "reminded_at"),
            ("revoked_at", "revoked_reason"),
            ("public_id", "status_list", "status_index"),
        ]

    def get_readonly_fields(self, request, obj=None):
        return ["number", "state", "public_id"] if obj else []

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def act_save(self, request, obj, form, change):
        made = issue_by_hand(
            person=form.cleaned_data["person"],
            course=form.cleaned_data["course"],
            actor=request.user,
        )
        obj.code = made.code
        return made

    def get_urls(self):
        page = self.admin_site.admin_view(self.revoke_view)
        name = "learning_certificate_revoke"
        return [
            path("<path:certificate_id>/revoke/", budget(500)(page), name=name),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may = request.user.has_perm("learning.change_certificate")
        context = {"may_revoke": may, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def revoke_view(self, request, certificate_id):
        """Asks why, then once more, then revokes."""
        if not request.user.has_perm("learning.change_certificate"):
            raise PermissionDenied
        certificate = self.get_object(request, certificate_id)
        if certificate is None:
            raise Http404
        page = redirect(reverse("admin:learning_certificate_change", args=[certificate.pk]))
        if certificate.revoked_at:
            self.message_user(request, "It was revoked already.", messages.WARNING)
            return page
        form = ReasonForm(request.POST or None)
        asks_again = request.method == "POST" and form.is_valid()
        if asks_again and "confirmed" in request.POST:
            self._revoke(request, certificate, form)
            return page
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revoke certificate {certificate.number}",
            "opts": self.opts,
            "certificate": certificate,
            "form": form,
            "asks": asks_again,
        }
        return TemplateResponse(request, "admin/learning/certificate/revoke.html", context)

    def _revoke(self, request, certificate, form):
        try:
            revoke_certificate(
                certificate=certificate, reason=form.cleaned_data["reason"], actor=request.user
            )
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, "It was revoked.", messages.SUCCESS)


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """Rotated by `manage.py rotate_signing_key`."""

    list_display = ["name", "is_signing", "made_at", "retired_at"]
    search_fields = ["name"]
    exclude = ["secret"]
