"""What moving up would change for one learner."""

from dataclasses import dataclass

from catalog.changes import Change, Changes
from catalog.models import Edition
from catalog.queries.changes import edition_changes
from learning.models import Attempt, Enrollment
from learning.outlines import Outline
from learning.queries.progress import outlines_in


@dataclass(frozen=True)
class Line:
    """A change, and whether the learner had finished the item."""

    change: Change
    is_done: bool


@dataclass(frozen=True)
class Outlook:
    """The step from the place's edition to the one on offer. `own` and `offered` are how far the
    learner is in each; `unfinished` are titles of begun exercises that the other lacks."""

    before: Edition
    after: Edition
    changes: Changes
    own: Outline
    offered: Outline
    unfinished: list[str]

    def _lines(self, changes: list[Change]) -> list[Line]:
        done = {(item.kind, item.key) for item in self.own.items if item.is_done}
        return [Line(change, change.name in done) for change in changes]

    @property
    def removed(self) -> list[Line]:
        return self._lines(self.changes.removed)

    @property
    def changed(self) -> list[Line]:
        """Without what only staff look for."""
        return self._lines([change for change in self.changes.changed if change.words])

    @property
    def kept_in_history(self) -> int:
        """How many finished items the edition on offer does not count any more."""
        return sum(line.is_done for line in self.removed)


def outlook(place: Enrollment) -> Outlook | None:
    """None while the place's edition is the one on offer, or none is. Twelve queries."""
    before, after = place.edition, place.course.published_edition
    if after is None or after == before:
        return None
    own, offered = outlines_in(place, [before.pk, after.pk])
    changes = edition_changes(before, after)
    gone = {change.key: change.title for change in changes.removed if change.kind == "exercise"}
    begun = Attempt.objects.filter(enrollment=place, state=Attempt.State.OPEN)
    keys = begun.filter(exercise_key__in=gone).order_by("pk").values_list("exercise_key", flat=True)
    return Outlook(before, after, changes, own, offered, [gone[key] for key in keys])
