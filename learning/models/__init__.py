"""What each person does with what the school offers."""

from learning.models.access import Completion, Enrollment, Grant
from learning.models.certificates import Certificate, CertificateRule, SigningKey
from learning.models.cohorts import Cohort, Seat, WaitingEntry
from learning.models.practice import Answer, Attempt, Submission
from learning.models.seats import SeatBatch, SeatClaim, SeatPool

__all__ = [
    "Answer",
    "Attempt",
    "Certificate",
    "CertificateRule",
    "Cohort",
    "Completion",
    "Enrollment",
    "Grant",
    "Seat",
    "SeatBatch",
    "SeatClaim",
    "SeatPool",
    "SigningKey",
    "Submission",
    "WaitingEntry",
]
