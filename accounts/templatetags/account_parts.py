"""Parts of the account pages. None runs a query beside what the slots bring."""

import json

from allauth.socialaccount.adapter import get_adapter
from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString

from engineroom import slots

register = template.Library()
LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "password1": "Password",
    "oldpassword": "Current password",
    "password2": "The same password again",
    "code": "Code",
}
PASSWORD_HINT = "10 characters or more. A short sentence works well."  # noqa: S105 - a hint
HINTS = {"password1": PASSWORD_HINT, "password": ""}
TOKENS = {"login": "username webauthn", "code": "one-time-code", "oldpassword": "current-password"}
ORDER = ("name", "email")


@register.simple_tag
def in_our_words(form):
    """The visible fields of an allauth form with the house's labels and hints, in our order.

    A placeholder is never the label, and allauth's help texts are markup of their own.
    """
    if not hasattr(form, "visible_fields"):
        return []
    is_new_password = "oldpassword" in form.fields or "password2" in form.fields
    for name, field in form.fields.items():
        bound = form[name]
        field.widget.attrs.pop("placeholder", None)
        if name in TOKENS:
            field.widget.attrs["autocomplete"] = TOKENS[name]
        # A bound field copies both when it is first asked for, which may have been before.
        if name in LABELS:
            bound.label = field.label = LABELS[name]
        if is_new_password and name == "password1":
            bound.label = field.label = "New password"
        if name in HINTS or isinstance(field.help_text, SafeString):
            bound.help_text = field.help_text = HINTS.get(name, "")
    rank = {name: index for index, name in enumerate(ORDER)}
    return sorted(form.visible_fields(), key=lambda bound: rank.get(bound.name, len(rank)))


@register.filter
def as_json(value) -> str:
    """JSON for a data attribute; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.simple_tag(takes_context=True)
def account_links(context) -> list[dict]:
    """What other rooms link from the account's menu: title and url."""
    request = context.get("request")
    return [part for part in slots.gather("accounts.sections", request) if part]


@register.simple_tag(takes_context=True)
def providers(context) -> list:
    """The providers one can sign in through. At most one query."""
    request = context.get("request")
    return get_adapter(request).list_providers(request)
