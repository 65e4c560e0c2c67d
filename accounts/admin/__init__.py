"""The admin of people: everything through our actions; allauth's own rows are hidden."""

from accounts.admin import devices, people, providers, teams

__all__ = ["devices", "people", "providers", "teams"]
