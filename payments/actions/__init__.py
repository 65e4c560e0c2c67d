"""What can be done at the till. Each function owns its transaction, audit entry and event."""
