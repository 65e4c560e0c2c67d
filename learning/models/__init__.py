"""What each person does with what the school offers."""

from learning.models.access import Completion, Enrollment, Grant
from learning.models.practice import Answer, Attempt, Submission

__all__ = ["Answer", "Attempt", "Completion", "Enrollment", "Grant", "Submission"]
