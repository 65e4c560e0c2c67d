"""Pages of the till."""
