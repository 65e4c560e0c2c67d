"""The catalog in the admin: drafts are written here, published rows are only looked at."""

from catalog.admin import content, courses, exercises, importing, items, topics  # noqa: F401 - importing them is what registers them
