"""What learning does when something is announced, in the same transaction."""

from catalog.events import EditionPublished
from learning.actions import follow_correction
from learning.actions.certificate_rules import look_again
from learning.actions.certificates import certify_place
from learning.events import AttemptGraded, LessonCompleted
from learning.models import Attempt


def on_edition_published(event: EditionPublished) -> None:
    """A correction reaches the learners of the edition it corrects at once. It may ask for less than
    they have done."""
    if event.is_correction:
        follow_correction(course_id=event.course_id, edition_id=event.edition_id)
        look_again(event.course_id, f"edition {event.edition_id}")


def on_item_completed(event: LessonCompleted) -> None:
    """The last step may be the one that the certificate waited for."""
    certify_place(event.enrollment_id)


def on_attempt_graded(event: AttemptGraded) -> None:
    """So may a better result."""
    attempt = Attempt.objects.only("enrollment_id").get(pk=event.attempt_id)
    certify_place(attempt.enrollment_id)
