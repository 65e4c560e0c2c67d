from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self):
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa
        from allauth.socialaccount import signals as social

        from accounts import jobs, listeners, queries
        from accounts.actions import renew_second_factor_secrets
        from accounts.api import described
        from engineroom import slots

        account.user_logged_in.connect(listeners.signed_in)
        mfa.authenticator_added.connect(listeners.factor_added)
        mfa.authenticator_removed.connect(listeners.factor_removed)
        mfa.authenticator_reset.connect(listeners.factor_reset)
        social.social_account_added.connect(listeners.provider_added)
        social.social_account_removed.connect(listeners.provider_removed)
        post_migrate.connect(listeners.migrated)
        slots.fill("engineroom.renew_secrets", renew_second_factor_secrets)
        slots.fill("accounts.export", queries.personal_data)
        slots.fill("developers.paths", described.paths)
        jobs.schedule()
