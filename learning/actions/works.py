"""Handing in work, and the gallery."""

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from catalog.models import Course, Project
from engineroom import audit, clock
from learning.actions.progress import hold_place, mark_done
from learning.models import Completion, Enrollment, Submission
from learning.queries import access
from learning.refusals import BadWork, EmptyWork, NoSuchItem

TITLE_LIMIT, TEXT_LIMIT, LINK_LIMIT = 200, 20_000, 500
is_web_address = URLValidator(schemes=["http", "https"])


def gallery_name(person) -> str:
    """The first name only; never a part of the address."""
    return person.name.split()[0] if person.name.split() else "A learner"


def _clean(title: str, text: str, link: str) -> dict:
    values = {"title": title.strip(), "text": text.strip(), "link": link.strip()}
    limits = {"title": TITLE_LIMIT, "text": TEXT_LIMIT, "link": LINK_LIMIT}
    for name, value in values.items():
        if "\0" in value:
            raise BadWork("Leave out the null character.", field=name)
        if len(value) > limits[name]:
            raise BadWork(f"Write at most {limits[name]} characters.", field=name)
    if not values["title"]:
        raise BadWork("Give your work a title.", field="title")
    if not values["text"] and not values["link"]:
        raise EmptyWork
    if values["link"]:
        try:
            is_web_address(values["link"])
        except ValidationError as error:
            raise BadWork("Write a web address that starts with https://.", field="link") from error
    return values


@transaction.atomic
def submit_work(
    *,
    enrollment: Enrollment,
    project_key: str,
    title: str,
    text: str = "",
    link: str = "",
    is_public: bool = False,
    actor=None,
) -> Submission:
    """Hand in work for a project of the pinned edition; handing in again replaces it. `is_public` is
    the learner's consent to the gallery and is taken back in the same way.
    Raises BadWork, EmptyWork, NoSuchItem, NoGrant, AccessEnded, Withdrawn."""
    access.require_open(hold_place(enrollment))
    if not Project.objects.filter(edition_id=enrollment.edition_id, key=project_key).exists():
        raise NoSuchItem
    values = _clean(title, text, link) | {
        "is_public": is_public,
        "author_name": gallery_name(enrollment.person),
        "course_id": enrollment.course_id,
        "submitted_at": clock.now(),
    }
    work, created = Submission.objects.update_or_create(
        enrollment=enrollment, project_key=project_key, defaults=values
    )
    person = actor or enrollment.person
    audit.record(
        "learning.work_submitted" if created else "learning.work_replaced",
        work.public_id,
        actor=person,
        is_public=is_public,
    )
    mark_done(enrollment, Completion.Kind.PROJECT, project_key, person)
    return work


@transaction.atomic
def show_in_gallery(*, work: Submission, is_hidden: bool, actor=None) -> None:
    """Hide a work from the gallery, or show it again where its learner agreed."""
    if (
        Submission.objects.filter(pk=work.pk)
        .exclude(is_hidden=is_hidden)
        .update(is_hidden=is_hidden)
    ):
        verb = "learning.work_hidden" if is_hidden else "learning.work_shown"
        audit.record(verb, work.public_id, actor=actor)


@transaction.atomic
def plant_sample_work(
    *, course: Course, project_key: str, title: str, author: str, text: str
) -> Submission:
    """A work that the school shows as a sample. Asked again with the same title, it is renewed."""
    values = _clean(title, text, "")
    work, created = Submission.objects.update_or_create(
        course=course,
        project_key=project_key,
        title=values["title"],
        is_sample=True,
        defaults={
            "text": values["text"],
            "author_name": author.strip()[:120] or "Sample work",
            "is_public": True,
        },
    )
    if created:
        audit.record("learning.sample_planted", work.public_id, course=course.public_id)
    return work


def plant_work(course: Course, project_key: str, title: str, author: str, text: str) -> None:
    """The catalog's slot for samples."""
    plant_sample_work(course=course, project_key=project_key, title=title, author=author, text=text)
