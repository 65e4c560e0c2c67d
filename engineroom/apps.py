from django.apps import AppConfig


class EngineroomConfig(AppConfig):
    name = "engineroom"
    verbose_name = "Engine room"

    def ready(self):
        from engineroom import checks, jobs, openapi  # noqa: F401
