from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self):
        from catalog import jobs  # noqa: F401
        from catalog.api import choices
        from engineroom import slots

        slots.fill("developers.choices", choices.names)
