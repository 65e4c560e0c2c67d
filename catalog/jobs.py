"""What the worker does for the catalog."""

from catalog.actions.uploading import discard_expired_packages
from engineroom import jobs

jobs.every(600, "catalog.discard_expired_packages", discard_expired_packages)
