"""Lessons, exercises, projects and questions of a draft.

Every action takes the row with its new values, unsaved, so that forms and serializers share it.
"""

from django.db import transaction
from django.db.models import Max

from catalog.actions.checking import check_draft
from catalog.actions.drafts import ITEMS, check_key, clean, free_key, open_draft
from catalog.actions.texts import ItemText
from catalog.bodies import reading_minutes, store_body
from catalog.markdown import render_brief, render_inline
from catalog.models import (
    Body,
    Exercise,
    ImageReference,
    Lesson,
    Option,
    Question,
    Solution,
    Translation,
)
from engineroom import audit
from engineroom.refusals import Invalid


@transaction.atomic
def save_item(*, item, actor, source: str | None = None):
    """Add or change a lesson, exercise or project. `source` is its text in Markdown; None keeps it.

    Raises EditionClosed, KeyTaken, BadKey, TooLarge, Invalid.
    """
    edition = open_draft(item.edition)
    old = type(item).objects.filter(pk=item.pk).select_related("body").first() if item.pk else None
    item.edition = edition
    item.key = item.key or free_key(edition, item.title, type(item).__name__.lower())
    if old is None or old.key != item.key:
        check_key(edition, item.key, old)
    if item.module_id is None or item.module.edition_id != edition.pk:
        raise Invalid("Choose a module of the same draft.", field="module")
    if not item.position:
        item.position = _last_position(item.module) + 1
    if old is not None and old.key != item.key:
        _carry_key(edition, old.key, item.key)
    item.body = _body(edition, item, old, source)
    if isinstance(item, Lesson) and not item.minutes:
        item.minutes = reading_minutes(item.body.word_count)
    clean(item, exclude=["body"])
    item.save()
    check_draft(edition=edition)
    item.refresh_from_db(fields=["problem"])
    kind = type(item).__name__.lower()
    audit.record(f"{kind}.saved", edition.public_id, actor=actor, key=item.key, is_new=old is None)
    return item


def _body(edition, item, old, source: str | None) -> Body | None:
    before = old.body if old is not None else None
    if source is None and before is not None:
        return before
    if not (source or "").strip() and isinstance(item, Exercise):
        ImageReference.objects.filter(edition=edition, item_key=item.key).delete()
        return None
    return ItemText(edition, item, before).store(source or "")


def _last_position(module) -> int:
    last = [
        model.objects.filter(module=module).aggregate(n=Max("position"))["n"] for model in ITEMS
    ]
    return max(number or 0 for number in last)


def _carry_key(edition, old: str, new: str) -> None:
    """Pictures, translations and exercises follow an item to its new key."""
    ImageReference.objects.filter(edition=edition, item_key=old).update(item_key=new)
    Translation.objects.filter(edition=edition, item_key=old).update(item_key=new)
    Exercise.objects.filter(edition=edition, lesson_key=old).update(lesson_key=new)


@transaction.atomic
def delete_item(*, item, actor) -> None:
    """Remove it from the draft. Editions that have it keep it."""
    edition = open_draft(item.edition)
    ImageReference.objects.filter(edition=edition, item_key=item.key).delete()
    Translation.objects.filter(edition=edition, item_key=item.key).delete()
    kind = type(item).__name__.lower()
    audit.record(f"{kind}.deleted", edition.public_id, actor=actor, key=item.key)
    item.delete()


@transaction.atomic
def save_question(*, question: Question, actor, options: list[Option] | None = None) -> Question:
    """Add or change a question; `options`, when given, replaces all of its options, in order."""
    exercise = question.exercise
    edition = open_draft(exercise.edition)
    if not question.position:
        last = exercise.questions.aggregate(last=Max("position"))["last"]
        question.position = (last or 0) + 1
    question.key = question.key or f"q{question.position}"
    if not isinstance(question.answer, dict):
        raise Invalid('The answer is an object such as {"answers": ["4"]}.', field="answer")
    question.prompt_html = render_brief(question.prompt)
    question.explanation_html = render_brief(question.explanation)
    clean(question, exclude=["prompt_html"])
    question.save()
    if options is not None:
        _replace_options(question, options)
    check_draft(edition=edition)
    question.refresh_from_db(fields=["problem"])
    audit.record(
        "question.saved", edition.public_id, actor=actor, key=f"{exercise.key}/{question.key}"
    )
    return question


def _replace_options(question: Question, options: list[Option]) -> None:
    if len(options) > 50:
        raise Invalid("A question has at most 50 options.", field="options")
    question.options.all().delete()
    for position, option in enumerate(options, start=1):
        option.pk, option._state.adding = None, True
        option.question, option.position = question, position
        option.key = option.key or f"o{position}"
        option.text_html, option.why_html = render_inline(option.text), render_inline(option.why)
        clean(option, exclude=["text_html"])
        option.save()


@transaction.atomic
def delete_question(*, question: Question, actor) -> None:
    exercise = question.exercise
    edition = open_draft(exercise.edition)
    audit.record(
        "question.deleted", edition.public_id, actor=actor, key=f"{exercise.key}/{question.key}"
    )
    question.delete()
    check_draft(edition=edition)


@transaction.atomic
def save_solution(*, solution: Solution, actor, source: str | None = None) -> Solution:
    """A worked answer of an exercise."""
    edition = open_draft(solution.exercise.edition)
    if source is not None:
        solution.body = store_body(source)
    if not solution.position:
        last = solution.exercise.solutions.aggregate(last=Max("position"))["last"]
        solution.position = (last or 0) + 1
    clean(solution, exclude=["body"])
    solution.save()
    audit.record("solution.saved", edition.public_id, actor=actor, key=solution.exercise.key)
    return solution


@transaction.atomic
def delete_solution(*, solution: Solution, actor) -> None:
    edition = open_draft(solution.exercise.edition)
    audit.record("solution.deleted", edition.public_id, actor=actor, key=solution.exercise.key)
    solution.delete()
