"""Learning for staff. Grants are given and ended by the actions; everything else is read-only."""

from learning.admin import grants, groups, rows

__all__ = ["grants", "groups", "rows"]
