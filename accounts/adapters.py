"""allauth asks here how the school does things. It enters by settings, so these are doors.

What changes an account is done by our actions; what allauth writes itself is its own sign-in state.
"""

from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse

from accounts import actions, mails, passwords
from accounts.openid import has_right_nonce
from accounts.queries import active_providers, browser_name
from accounts.refusals import EmailTaken, NoPassword, WrongPassword
from engineroom import keyring, mail
from engineroom.addresses import absolute_url, client_address


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "incorrect_password": "The password is not right.",
        "incorrect_code": "This code is not right.",
    }

    def save_user(self, request, user, form, commit=True):
        data = form.cleaned_data
        email = data.get("email") or user.email
        try:
            return actions.sign_up(
                person=user,
                email=email,
                password=data.get("password1") or data.get("password"),
                name=data.get("name") or user.name,
            )
        except EmailTaken as error:
            # Lost a race for the address: answer as for any address that is known already.
            raise ImmediateHttpResponse(prevent_enumeration(request, email=email)) from error

    def pre_authenticate(self, request, **credentials):
        passwords.spend_try(request, credentials.get("email") or "")

    def reauthenticate(self, user, password):
        try:
            passwords.confirm(self.request, user, password)
        except (WrongPassword, NoPassword):
            return False
        return True

    def set_password(self, user, password):
        session = getattr(self.request, "session", None)
        key = session.session_key if session is not None else None
        actions.set_password(person=user, password=password, keep_session=key or "")

    def confirm_email(self, request, email_address):
        person, before = email_address.user, email_address.user.email
        try:
            actions.verify_email(person=person, email=email_address.email)
        except EmailTaken as refusal:
            self.add_message(request, messages.ERROR, message=refusal.message)
            return False
        email_address.verified = email_address.primary = True
        if before != email_address.email:
            context = {"to_email": email_address.email}
            self.send_notification_mail(
                "account/email/email_changed", person, context, email=before
            )
        self.add_message(
            request, messages.SUCCESS, message=f"{email_address.email} is confirmed as yours."
        )
        return True

    def send_mail(self, template_prefix, email, context):
        template, extra = mails.for_allauth(template_prefix, context)
        mail.send(template, email, context | extra)

    def send_account_already_exists_mail(self, email):
        # An unknown address costs a password hash here; a known one must take as long.
        make_password("not anybody's")
        self.send_mail("account/email/account_already_exists", email, {})

    def get_email_confirmation_url(self, request, emailconfirmation):
        return absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key):
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return absolute_url(path.replace("UID-KEY", quote(key)))

    def get_client_ip(self, request):
        return client_address(request).partition("/")[0]


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """OpenID Connect providers come from the settings and from the admin."""

    def list_apps(self, request, provider=None, client_id=None):
        found = [_settings_app()] if settings.OIDC_PROVIDER["server_url"] else []
        found += [_app_of(row) for row in active_providers()]
        return [
            app
            for app in found
            if (not provider or provider in (app.provider, app.provider_id))
            and (not client_id or client_id == app.client_id)
        ]

    def pre_social_login(self, request, sociallogin):
        # Only a real `true` counts: some providers answer with a text.
        for address in sociallogin.email_addresses:
            address.verified = address.verified is True
        told = sociallogin.account.extra_data
        subjects = {part.get("sub") for part in told.values() if isinstance(part, dict)}
        if len(subjects) > 1 or not has_right_nonce(sociallogin.state, told):
            # OpenID Connect Core 5.3.2: user info about another subject must not be used.
            raise PermissionDenied

    def populate_user(self, request, sociallogin, data):
        user = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "").replace("\0", "")[:120]
        return user

    @transaction.atomic
    def save_user(self, request, sociallogin, form=None):
        person = sociallogin.user
        if form is not None:
            self._account_adapter(request).save_user(request, person, form)
        else:
            try:
                actions.sign_up(person=person, email=person.email, name=person.name)
            except EmailTaken as error:
                answer = prevent_enumeration(request, email=person.email)
                raise ImmediateHttpResponse(answer) from error
        sociallogin.save(request)
        return person

    @staticmethod
    def _account_adapter(request):
        return AccountAdapter(request)


def _app_of(row) -> SocialApp:
    return _app(row.key, row.name, row.server_url, row.client_id, row.client_secret)


def _settings_app() -> SocialApp:
    given = settings.OIDC_PROVIDER
    return _app("sso", given["name"], given["server_url"], given["client_id"], given["secret"])


def _app(key: str, name: str, server_url: str, client_id: str, secret: str) -> SocialApp:
    """allauth's form of a provider, never stored."""
    return SocialApp(
        provider="openid_connect",
        provider_id=key,
        name=name,
        client_id=client_id,
        secret=secret,
        settings={"server_url": server_url, "oauth_pkce_enabled": True},
    )


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets rest encrypted; passkeys belong to the school's one origin."""

    def encrypt(self, text: str) -> str:
        return keyring.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return keyring.decrypt(encrypted_text)

    def generate_authenticator_name(self, user, type):
        return browser_name(context.request.headers.get("User-Agent", ""))

    def get_public_key_credential_rp_entity(self):
        return {"id": settings.SITE_HOST, "name": settings.SCHOOL_NAME}


class HeadlessAdapter(DefaultHeadlessAdapter):
    """People leave the house under their public id."""

    def serialize_user(self, user):
        return {
            "id": user.public_id,
            "email": user.email,
            "name": user.name,
            "display": user.get_full_name(),
            "has_usable_password": user.has_usable_password(),
        }
