"""Which of our mail templates says what allauth wants to tell a person."""

from django.urls import reverse

from engineroom.addresses import absolute_url

# What happened, in words; the mail `account_notice` carries it.
NOTICES = {
    "password_changed": "The password of your account was changed.",
    "password_set": "Your account has a password now.",
    "password_reset": "The password of your account was reset by the link in a mail to you.",
    "email_deleted": "An e-mail address was taken off your account.",
    "totp_activated": "An authenticator app was added: signing in now asks for a code as well.",
    "totp_deactivated": "The authenticator app was removed from your account.",
    "recovery_codes_generated": "New recovery codes were made. The old ones no longer work.",
    "webauthn_added": "A passkey was added to your account.",
    "webauthn_removed": "A passkey was removed from your account.",
    "account_connected": "You can now sign in to your account through another provider.",
    "account_disconnected": "Signing in through another provider was switched off.",
}


def for_allauth(template_prefix: str, context: dict) -> tuple[str, dict]:
    """The template's name, and what its context needs beside allauth's own."""
    name = template_prefix.rpartition("/")[2]
    sign_up = absolute_url(reverse("account_signup"))
    reset = absolute_url(reverse("account_reset_password"))
    security = absolute_url(reverse("mfa_index"))
    if name.startswith("email_confirmation"):
        return "email_verify", {"url": context.get("activate_url"), "key": context.get("key")}
    if name == "password_reset_key":
        key = f"{context['uid']}-{context['key']}"
        return "password_reset", {"url": context["password_reset_url"], "key": key}
    if name == "account_already_exists":
        return "account_exists", {"url": reset}
    if name == "unknown_account":
        return "account_unknown", {"url": sign_up}
    if name == "email_changed":
        text = f"The e-mail address of your account was changed to {context['to_email']}."
        return "account_notice", {"text": text, "url": security, "reset_url": reset}
    text = NOTICES.get(name, "Something about the security of your account was changed.")
    return "account_notice", {"text": text, "url": security, "reset_url": reset}
