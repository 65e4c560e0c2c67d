"""What pages, API and admin read."""
