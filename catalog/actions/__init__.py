"""What staff and importers do to the catalog."""
