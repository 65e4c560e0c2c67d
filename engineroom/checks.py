"""System checks of our own."""

from django.core.checks import Error, register

from engineroom.throttles import is_exact


@register()
def counters_are_atomic(app_configs, **kwargs):
    if is_exact():
        return []
    return [
        Error(
            "The throttles need a counter store that is atomic across processes.",
            hint="Leave CACHE_URL empty (embedded store) or point it at a Redis server.",
            id="engineroom.E001",
        )
    ]
