"""What the worker does for learning."""

from engineroom import jobs
from learning.actions.cohort_seats import free_expired_seats

jobs.every(30, "learning.free_expired_seats", free_expired_seats)
