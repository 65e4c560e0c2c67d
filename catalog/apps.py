from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self):
        from catalog import art, jobs  # noqa: F401 - importing them is what registers them
        from catalog.api import choices
        from engineroom import slots

        slots.fill("payments.line_art", art.line_art)
        slots.fill("developers.choices", choices.names)
