"""Drafts become editions; editions are withdrawn."""

from copy import copy

from django.db import transaction

from catalog.actions.checking import check_draft
from catalog.events import EditionPublished, EditionWithdrawn
from catalog.markdown import render
from catalog.models import (
    Course,
    Edition,
    Exercise,
    ImageReference,
    Lesson,
    Module,
    Option,
    Project,
    Question,
    Solution,
    Translation,
)
from catalog.publishability import picture_problem
from catalog.queries.editions import EditionContent, draft_of, edition_content
from catalog.refusals import (
    NoDraft,
    NotACorrection,
    NothingChanged,
    NothingToPublish,
    NotPublishable,
    NotPublished,
)
from engineroom import audit, clock, ids
from engineroom.events import announce

PREFIXES = {Lesson: "lesson", Exercise: "exercise", Project: "project"}
COPIED = ["title", "summary", "level", "language", "description_id", "outcomes", "requirements"]


@transaction.atomic
def publish_edition(*, course: Course, actor, is_correction: bool = False) -> Edition:
    """The draft, without the rows that have a problem, becomes the next edition; a full copy of it,
    problems included, becomes the new draft.

    Raises NoDraft, NotPublishable, NothingToPublish, NothingChanged, NotACorrection.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    draft = draft_of(course)
    if draft is None:
        raise NoDraft
    whole = check_draft(edition=draft)
    fit = whole.without_problems()
    _refuse_unfit(draft, fit)
    digest = fit.digest()
    before = course.published_edition
    if before and before.digest == digest:
        raise NothingChanged
    if is_correction:
        _refuse_other_keys(before, fit)
    _close(draft, whole, fit, digest, is_correction)
    _reopen(draft, whole)
    _copy_facts(course, draft, fit)
    audit.record(
        "edition.published",
        course.public_id,
        actor=actor,
        edition=draft.public_id,
        number=draft.number,
        is_correction=is_correction,
        left_out=len(whole.items()) - len(fit.items()),
    )
    announce(
        EditionPublished(course_id=course.pk, edition_id=draft.pk, is_correction=is_correction)
    )
    return draft


@transaction.atomic
def withdraw_edition(*, edition: Edition, actor, reason: str) -> Edition:
    """Take a published edition down, for good. The course is not offered until staff publish again:
    what must go is often in older editions too. Raises NotPublished, or NotPublishable without a
    reason."""
    course = Course.objects.select_for_update().get(pk=edition.course_id)
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if edition.state != Edition.State.PUBLISHED:
        raise NotPublished
    reason = reason.strip()[:300]
    if not reason:
        raise NotPublishable("Say why the edition is withdrawn.", field="reason")
    edition.state = Edition.State.WITHDRAWN
    edition.withdrawn_at, edition.withdrawn_reason = clock.now(), reason
    edition.save(update_fields=["state", "withdrawn_at", "withdrawn_reason"])
    if course.published_edition_id == edition.pk:
        course.published_edition = course.published_at = None
        course.save(update_fields=["published_edition", "published_at"])
    audit.record(
        "edition.withdrawn",
        course.public_id,
        actor=actor,
        edition=edition.public_id,
        number=edition.number,
        reason=reason,
    )
    announce(EditionWithdrawn(course_id=course.pk, edition_id=edition.pk))
    return edition


def _refuse_unfit(draft: Edition, fit: EditionContent) -> None:
    if not draft.title.strip():
        raise NotPublishable("The draft has no title.", field="title")
    if draft.description:
        pictures = [_Picture(**image) for image in render(draft.description.source).images]
        if problem := picture_problem(pictures):
            raise NotPublishable(f"Description: {problem}", field="description")
    if not fit.items():
        raise NothingToPublish


class _Picture:
    def __init__(self, src, alt, is_decorative):
        self.src, self.alt, self.is_decorative = src, alt, is_decorative


def _refuse_other_keys(before: Edition | None, fit: EditionContent) -> None:
    if before is None:
        raise NotACorrection("There is no edition to correct yet.")
    if edition_content(before).item_keys() != fit.item_keys():
        raise NotACorrection


def _close(draft, whole, fit, digest, is_correction) -> None:
    """Remove what cannot be published, then shut the edition: the triggers hold from here on."""
    kept = {id(row) for row in fit.questions + fit.items() + fit.modules}
    for model, rows in (
        (Question, whole.questions),
        (Lesson, whole.lessons),
        (Exercise, whole.exercises),
        (Project, whole.projects),
        (Module, whole.modules),
    ):
        gone = [row.pk for row in rows if id(row) not in kept]
        if gone:
            model.objects.filter(pk__in=gone).delete()
    keys = {row.key for row in fit.items()}
    lost = {row.key for row in whole.items()} - keys
    if lost:
        ImageReference.objects.filter(edition=draft, item_key__in=lost).delete()
        Translation.objects.filter(edition=draft, item_key__in=lost).delete()
    _recount(fit)
    last = draft.course.editions.exclude(number=None).order_by("-number").first()
    draft.number = (last.number if last else 0) + 1
    draft.state, draft.published_at = Edition.State.PUBLISHED, clock.now()
    draft.digest, draft.is_correction = digest, is_correction
    draft.save(update_fields=["number", "state", "published_at", "digest", "is_correction"])


def _recount(fit: EditionContent) -> None:
    """An exercise that lost a question says how many it has left."""
    questions = fit.questions_by_exercise()
    changed = []
    for exercise in fit.exercises:
        if exercise.question_count != len(questions[exercise.pk]):
            exercise = copy(exercise)
            exercise.question_count = len(questions[exercise.pk])
            changed.append(exercise)
    Exercise.objects.bulk_update(changed, ["question_count"], batch_size=200)


def _reopen(published: Edition, whole: EditionContent) -> Edition:
    """A new draft with a copy of every row that the draft had."""
    draft = Edition.objects.create(
        course_id=published.course_id, **{name: getattr(published, name) for name in COPIED}
    )
    modules = _copies(Module, whole.modules, edition_id=draft.pk)
    for model, rows in (
        (Lesson, whole.lessons),
        (Exercise, whole.exercises),
        (Project, whole.projects),
    ):
        made = _copies(model, rows, {"module_id": modules}, edition_id=draft.pk)
        if model is Exercise:
            exercises = made
    questions = _copies(Question, whole.questions, {"exercise_id": exercises})
    _copies(Option, whole.options, {"question_id": questions})
    _copies(Solution, whole.solutions, {"exercise_id": exercises})
    _copies(ImageReference, whole.images, edition_id=draft.pk)
    _copies(Translation, whole.translations, edition_id=draft.pk)
    return draft


def _copies(model, rows, parents=None, **fixed) -> dict[int, int]:
    """Insert copies of the rows; returns {old key: new key}. `parents` maps columns to such maps."""
    new = []
    for row in rows:
        twin = copy(row)
        twin.pk, twin._state = None, copy(row._state)
        twin._state.adding = True
        twin._state.fields_cache = {}
        for column, keys in (parents or {}).items():
            setattr(twin, column, keys[getattr(row, column)])
        for column, value in fixed.items():
            setattr(twin, column, value)
        if prefix := PREFIXES.get(model):
            twin.public_id = ids.public_id(prefix)
        new.append(twin)
    model.objects.bulk_create(new, batch_size=200)
    return {row.pk: twin.pk for row, twin in zip(rows, new, strict=True)}


def _copy_facts(course: Course, edition: Edition, fit: EditionContent) -> None:
    course.published_edition, course.published_at = edition, edition.published_at
    course.title, course.summary = edition.title, edition.summary
    course.level, course.language = edition.level, edition.language
    course.module_count, course.lesson_count = len(fit.modules), len(fit.lessons)
    course.exercise_count, course.project_count = len(fit.exercises), len(fit.projects)
    course.minutes = sum(row.minutes for row in [*fit.lessons, *fit.exercises]) + sum(
        row.hours * 60 for row in fit.projects
    )
    course.save()
