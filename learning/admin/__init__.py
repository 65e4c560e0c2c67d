"""Learning for staff. Grants, rules and certificates change by the actions; what learners do is
read-only."""

from learning.admin import certificates, grants, groups, rows

__all__ = ["certificates", "grants", "groups", "rows"]
