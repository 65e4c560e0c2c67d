"""What learning does when the catalog announces something, in the same transaction."""

from catalog.events import EditionPublished
from learning.actions import follow_correction


def on_edition_published(event: EditionPublished) -> None:
    """A correction reaches the learners of the edition it corrects at once."""
    if event.is_correction:
        follow_correction(course_id=event.course_id, edition_id=event.edition_id)
