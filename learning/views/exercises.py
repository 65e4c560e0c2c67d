"""Exercises: a plain form, saved whole with every press, graded on the server."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse

from engineroom.pages import private_page
from learning.actions import save_answers, start_attempt, submit_attempt
from learning.queries.exercises import own_attempt, sheet_of, written_answers
from learning.queries.progress import outline_of
from learning.queries.results import result_of
from learning.refusals import AttemptClosed, Unanswered
from learning.views.doorway import with_place
from learning.views.questions import BLOCK, controls, moved, posted_answers


def desk(request, place, context):
    """GET shows the questions; POST saves them and moves a line, saves for later, or checks."""
    sheet = sheet_of(place, context["item"].key)
    if sheet is None:
        raise Http404
    if request.method == "POST":
        return _answer(request, place, sheet, context)
    if not sheet.exercise.question_count and sheet.past:
        return _to_result(place, sheet.past[0])
    return _page(request, sheet, context)


def _page(request, sheet, context, posted=None, errors=None, status=200):
    shown = controls(sheet, posted, errors)
    kept = written_answers(sheet.layout, sheet.given)
    context |= {
        "sheet": sheet,
        "exercise": sheet.exercise,
        "controls": shown,
        "failed": [control for control in shown if control.error],
        "answered": len(kept),
    }
    return render(request, "learning/exercise.html", context, status=status)


def _to_result(place, attempt):
    return redirect("learning:result", place.course.slug, attempt.exercise_key, attempt.public_id)


def _answer(request, place, sheet, context):
    key = context["item"].key
    attempt = start_attempt(enrollment=place, exercise_key=key)
    posted = posted_answers(sheet, request.POST)
    number = moved(sheet, posted, request.POST.get("move", ""))
    is_check = "check" in request.POST and number is None
    try:
        problems = save_answers(attempt=attempt, answers=posted, keep_readable=True)
        errors = {problem["field"]: problem["detail"] for problem in problems}
        if is_check and not errors:
            return _to_result(place, submit_attempt(attempt=attempt))
    except Unanswered as refusal:
        errors = {problem["field"]: problem["detail"] for problem in refusal.details["errors"]}
    except AttemptClosed:
        return _to_result(place, attempt)
    if errors:
        fresh = sheet_of(place, key) or sheet
        return _page(request, fresh, context, posted, errors, status=400)
    here = reverse("learning:item", args=[place.course.slug, key])
    return redirect(f"{here}#q{number}" if number else f"{here}#saved")


@private_page(methods=("GET", "HEAD"))
@with_place
def result(request, place, key, attempt_id):
    """Right and wrong in words, and why. Only one's own, only once it is graded."""
    attempt = own_attempt(request.user, attempt_id)
    if attempt is None or attempt.enrollment_id != place.pk or attempt.exercise_key != key:
        raise Http404
    if not attempt.is_graded:
        return redirect("learning:item", place.course.slug, key)
    outline = outline_of(place)
    item = outline.find(key)
    before, after = outline.around(key)
    found = result_of(attempt)
    for graded in found.questions:
        graded.is_block = bool(BLOCK.search(graded.question.prompt_html))
    context = {
        "place": place,
        "course": place.course,
        "outline": outline,
        "item": item,
        "previous": before,
        "next": after,
        "result": found,
        "attempt": attempt,
    }
    return render(request, "learning/result.html", context)
