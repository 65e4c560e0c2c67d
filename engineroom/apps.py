from django.apps import AppConfig


class EngineroomConfig(AppConfig):
    name = "engineroom"
    verbose_name = "Engine room"

    def ready(self):
        from django.conf import settings

        from engineroom import boards, checks, clock, clockwork, jobs, openapi, slots  # noqa: F401 - importing them is what registers them

        if settings.TEST_SCHOOL:
            clock.follow(clockwork.stored_ahead)

        slots.fill("admin.board", boards.queue)
        slots.fill("admin.board", boards.audit_trail)
        slots.fill("admin.board", boards.school_clock)
