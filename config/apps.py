from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """Makes the commands that know several apps (serve, demo) available."""

    name = "config"
    verbose_name = "School"


class SchoolAdminConfig(AdminConfig):
    default_site = "config.admin.SchoolAdmin"
