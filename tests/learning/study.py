"""A course that is written on while people study it, beside a plain model of what must be true.

Every step happens in the school by its own actions and in the model by a few sets; then the two are
compared. `tab` is the edition that a place was in when somebody last read it, as a request knows it that
was begun before another one changed it.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from catalog.actions.publishing import publish_edition, withdraw_edition
from catalog.models import Course, Edition, Exercise, Lesson, Project
from catalog.queries.editions import draft_of
from engineroom.refusals import Refusal
from learning.actions import (
    complete_item,
    move_up,
    reopen_item,
    save_answers,
    start_attempt,
    start_course,
    submit_attempt,
    submit_work,
)
from learning.models import Attempt, Completion, Enrollment
from learning.queries.progress import outline_of
from learning.queries.shelf import Book
from tests.factories.accounts import make_user
from tests.factories.catalog import (
    make_body,
    make_draft,
    make_exercise,
    make_lesson,
    make_module,
    make_project,
)

KEYS = [f"k{number}" for number in range(7)]
KINDS = {"lesson": Lesson, "exercise": Exercise, "project": Project}
MAKE = {"lesson": make_lesson, "exercise": make_exercise, "project": make_project}
LEARNERS = 2
ACTS = {
    "complete": 30,
    "attempt": 10,
    "begin": 8,
    "hand_in": 8,
    "reopen": 6,
    "move": 10,
    "read": 6,
    "publish": 7,
    "correct": 3,
    "add": 6,
    "delete": 5,
    "reorder": 5,
    "rename": 4,
    "rekey": 2,
    "withdraw": 1,
}


@dataclass
class Learner:
    """What must be true of one place."""

    place: Enrollment
    edition: int
    tab: Edition = None
    done: set = field(default_factory=set)
    finished: int | None = None
    begun: set = field(default_factory=set)


class Study:
    """`step()` plays one act by chance and returns what was wrong after it."""

    def __init__(self, seed: int):
        self.chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
        self.body = make_body(f"Words of study {seed}.")
        self.staff = make_user()
        self.played = Counter()
        draft = make_draft(is_free=True)
        self.course = draft.course
        for key in ("one", "two"):
            make_module(draft, key=key)
        self.draft: dict[str, str] = {}
        for key in KEYS[:3]:
            self.draft[key] = "lesson"
            self._make(key, "lesson")
        self.editions: dict[int, dict[str, str]] = {}
        self.withdrawn: set[int] = set()
        self.offered: int | None = None
        self._publish()
        self.learners = []
        for _ in range(LEARNERS):
            place = start_course(person=make_user(), course=self._fresh_course())
            self.learners.append(Learner(place, 1))
            self.learners[-1].tab = place.edition

    # ---- the school

    def _fresh_course(self) -> Course:
        return Course.objects.select_related("published_edition").get(pk=self.course.pk)

    def place(self, learner: Learner) -> Enrollment:
        rows = Enrollment.objects.select_related("course__published_edition", "edition", "person")
        return rows.get(pk=learner.place.pk)

    def _row(self, key: str):
        return KINDS[self.draft[key]].objects.get(edition=draft_of(self.course), key=key)

    def _make(self, key: str, kind: str) -> None:
        draft = draft_of(self.course)
        module = self.chance.choice(list(draft.modules.all()))
        MAKE[kind](draft, key=key, module=module, body=self.body)

    def _publish(self, **how) -> bool:
        try:
            edition = publish_edition(course=self._fresh_course(), actor=self.staff, **how)
        except Refusal:
            return False
        self.editions[edition.number] = dict(self.draft)
        before, self.offered = self.offered, edition.number
        if how:
            self._follow(before, edition.number)
        return True

    # ---- the model

    def items(self, number: int) -> set[tuple[str, str]]:
        return {(kind, key) for key, kind in self.editions[number].items()}

    def _settle(self, learner: Learner) -> None:
        """Who has done all of their edition has finished, once and for all."""
        whole = self.items(learner.edition)
        if learner.finished is None and whole <= learner.done:
            learner.finished = learner.edition

    def _follow(self, before: int, number: int) -> None:
        """A correction takes along whoever is in the edition before it."""
        for learner in getattr(self, "learners", []):
            if learner.edition == before:
                learner.edition = number

    def _arrive(self, learner: Learner) -> None:
        self._settle(learner)
        learner.edition = self.offered
        learner.begun &= {key for kind, key in self.items(self.offered) if kind == "exercise"}
        self._settle(learner)

    # ---- acts of staff

    def publish(self, learner) -> None:
        self._publish()

    def correct(self, learner) -> None:
        """Only with the same keys may it be published; the catalog's own tests hold it to that."""
        last = max(self.editions)
        if self.offered == last and self.editions[last] == self.draft and self.draft:
            key = self.chance.choice(list(self.draft))
            self._retitle(key)
            self._publish(is_correction=True)

    def withdraw(self, learner) -> None:
        edition = self._fresh_course().published_edition
        if edition is not None:
            withdraw_edition(edition=edition, actor=self.staff, reason="By chance")
            self.withdrawn.add(edition.number)
            self.offered = None

    def add(self, learner) -> None:
        free = [key for key in KEYS if key not in self.draft]
        if free:
            key, kind = self.chance.choice(free), self.chance.choice(list(KINDS))
            self.draft[key] = kind
            self._make(key, kind)

    def delete(self, learner) -> None:
        if len(self.draft) > 1:
            key = self.chance.choice(list(self.draft))
            self._row(key).delete()
            del self.draft[key]

    def reorder(self, learner) -> None:
        if self.draft:
            row = self._row(self.chance.choice(list(self.draft)))
            row.module = self.chance.choice(list(row.edition.modules.all()))
            row.position = self.chance.randint(1, 99)
            row.save()

    def _retitle(self, key: str) -> None:
        row = self._row(key)
        row.title = f"Title {self.chance.random()}"
        row.save()

    def rename(self, learner) -> None:
        if self.draft:
            self._retitle(self.chance.choice(list(self.draft)))

    def rekey(self, learner) -> None:
        free = [key for key in KEYS if key not in self.draft]
        if free and self.draft:
            old, new = self.chance.choice(list(self.draft)), self.chance.choice(free)
            row = self._row(old)
            row.key = new
            row.save()
            self.draft[new] = self.draft.pop(old)

    # ---- acts of learners

    def _try(self, learner: Learner, work, *, kind: str, key: str) -> bool:
        """Whether the school did it. It must exactly when the model says that it may."""
        may = (kind, key) in self.items(learner.edition) and learner.edition not in self.withdrawn
        try:
            work()
        except Refusal as refusal:
            if may:
                raise AssertionError(f"{kind} {key} was refused: {refusal.code}") from refusal
            return False
        if not may:
            raise AssertionError(f"{kind} {key} was done in an edition without it")
        return True

    def _seen(self, learner: Learner) -> Enrollment:
        """The place as it is now, or as it was read before."""
        place = self.place(learner)
        if self.chance.random() < 0.3:
            place.edition = learner.tab
        return place

    def complete(self, learner) -> None:
        place, key = self._seen(learner), self.chance.choice(KEYS)
        work = lambda: complete_item(enrollment=place, key=key)  # noqa: E731
        if self._try(learner, work, kind="lesson", key=key):
            learner.done.add(("lesson", key))
            self._settle(learner)

    def reopen(self, learner) -> None:
        place, key = self._seen(learner), self.chance.choice(KEYS)
        work = lambda: reopen_item(enrollment=place, key=key)  # noqa: E731
        if self._try(learner, work, kind="lesson", key=key):
            learner.done.discard(("lesson", key))

    def begin(self, learner) -> None:
        place, key = self._seen(learner), self.chance.choice(KEYS)
        work = lambda: start_attempt(enrollment=place, exercise_key=key)  # noqa: E731
        if self._try(learner, work, kind="exercise", key=key):
            learner.begun.add(key)

    def attempt(self, learner) -> None:
        place, key = self._seen(learner), self.chance.choice(KEYS)

        def work():
            attempt = start_attempt(enrollment=place, exercise_key=key)
            answers = {
                entry["question"]: self.chance.choice(("o1", "o2")) for entry in attempt.layout
            }
            save_answers(attempt=attempt, answers=answers)
            submit_attempt(attempt=attempt)

        if self._try(learner, work, kind="exercise", key=key):
            learner.begun.discard(key)
            learner.done.add(("exercise", key))
            self._settle(learner)

    def hand_in(self, learner) -> None:
        place, key = self._seen(learner), self.chance.choice(KEYS)
        work = lambda: submit_work(  # noqa: E731
            enrollment=place, project_key=key, title="Work", text="Words."
        )
        if self._try(learner, work, kind="project", key=key):
            learner.done.add(("project", key))
            self._settle(learner)

    def move(self, learner) -> None:
        try:
            move = move_up(enrollment=self._seen(learner))
        except Refusal:
            if self.offered is not None:
                raise
            return
        if move.is_new:
            self._arrive(learner)

    def read(self, learner) -> None:
        """Open the course again: out of an edition that was taken down, into the one on offer."""
        learner.tab = self.place(learner).edition
        if learner.edition in self.withdrawn and self.offered is not None:
            start_course(person=learner.place.person, course=self._fresh_course())
            self._arrive(learner)

    # ---- comparing

    def step(self) -> list[str]:
        name = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        learner = self.chance.choice(self.learners)
        self.played[name] += 1
        try:
            getattr(self, name)(learner)
        except (AssertionError, Refusal) as error:
            return [f"{name}: {error!r}"]
        return [f"{name}: {text}" for one in self.learners for text in self.wrong_with(one)]

    def wrong_with(self, learner: Learner) -> list[str]:
        place = self.place(learner)
        outline, whole = outline_of(place), self.items(learner.edition)
        done = set(Completion.objects.filter(enrollment=place).values_list("item_kind", "item_key"))
        begun = Attempt.objects.filter(enrollment=place, state=Attempt.State.OPEN)
        must = {
            "edition": (place.edition.number, learner.edition),
            "completed keys": (done, learner.done),
            "steps": (outline.total, len(whole)),
            "finished steps": (outline.done, len(whole & learner.done)),
            "finished edition": (place.finished_edition, learner.finished),
            "open attempts": (set(begun.values_list("exercise_key", flat=True)), learner.begun),
        }
        wrong = [f"{name}: {is_} is not {be}" for name, (is_, be) in must.items() if is_ != be]
        if not 0 <= outline.percent <= 100:
            wrong.append(f"progress is {outline.percent} %")
        if learner.finished is not None and not Book(place, outline).is_finished:
            wrong.append("who had finished has not")
        return wrong
