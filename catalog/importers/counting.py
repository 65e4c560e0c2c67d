"""What a draft holds, counted in the database."""

from django.db.models import Q

from catalog.models import Edition, Option, Question, Solution


def counts_of(edition: Edition) -> dict[str, int]:
    """Modules, items and their parts; pictures are counted where lessons use them."""
    lessons = edition.lessons.values("key")
    images = edition.images.filter(item_key__in=lessons)
    return {
        "modules": edition.modules.count(),
        "lessons": edition.lessons.count(),
        "exercises": edition.exercises.count(),
        "questions": Question.objects.filter(exercise__edition=edition).count(),
        "options": Option.objects.filter(question__exercise__edition=edition).count(),
        "projects": edition.projects.count(),
        "solutions": Solution.objects.filter(exercise__edition=edition).count(),
        "images": images.filter(file__isnull=False).count(),
        "images_remote": images.filter(file__isnull=True).count(),
        "images_with_alt": images.exclude(Q(alt="")).count(),
        "translations": edition.translations.count(),
    }


NOTHING = dict.fromkeys(
    (
        "modules",
        "lessons",
        "exercises",
        "questions",
        "options",
        "projects",
        "solutions",
        "images",
        "images_remote",
        "images_with_alt",
        "translations",
    ),
    0,
)


def problems_of(edition: Edition) -> dict[tuple, str]:
    """By (item key,) or (exercise key, question key): why it stays in the draft."""
    found = {}
    for rows in (edition.lessons, edition.exercises, edition.projects):
        for key, problem in rows.exclude(problem="").values_list("key", "problem"):
            found[key,] = problem
    questions = Question.objects.filter(exercise__edition=edition).exclude(problem="")
    for exercise, key, problem in questions.values_list("exercise__key", "key", "problem"):
        found[exercise, key] = problem
    return found
