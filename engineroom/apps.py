from django.apps import AppConfig


class EngineroomConfig(AppConfig):
    name = "engineroom"
    verbose_name = "Engine room"

    def ready(self):
        from engineroom import boards, checks, jobs, openapi, slots  # noqa: F401

        slots.fill("admin.board", boards.queue)
        slots.fill("admin.board", boards.audit_trail)
