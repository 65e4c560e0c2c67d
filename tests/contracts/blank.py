"""A template engine that draws nothing: for tests that look at statuses and at no page."""

from django.template.backends.base import BaseEngine

TEMPLATES = [
    {"BACKEND": "tests.contracts.blank.Blank", "DIRS": [], "APP_DIRS": False, "OPTIONS": {}}
]


class Sheet:
    origin = None

    def render(self, context=None, request=None) -> str:
        return ""


class Blank(BaseEngine):
    app_dirname = "templates"

    def __init__(self, params):
        params = {**params}
        params.pop("OPTIONS")
        super().__init__(params)

    def from_string(self, template_code):
        return Sheet()

    def get_template(self, template_name):
        return Sheet()
