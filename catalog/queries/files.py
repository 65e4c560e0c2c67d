"""Who may open a file of a course."""

from django.db.models import Exists, OuterRef, Q

from catalog.models import (
    ContentFile,
    Course,
    Cover,
    Edition,
    Exercise,
    ImageReference,
    Lesson,
    Project,
    Topic,
    TopicSection,
)


def file_by_digest(digest: str) -> ContentFile | None:
    return ContentFile.objects.filter(digest=digest).first()


def is_open_file(file: ContentFile) -> bool:
    """Whether anybody may see it: it belongs to a cover, to an open item on offer, to the
    description of a course on offer or to a published topic. Five queries at most."""
    mark = f"/files/{file.digest}/"
    offered = Course.objects.published().order_by()
    used = ImageReference.objects.filter(
        file=file, edition__in=offered.values("published_edition")
    ).annotate(
        **{
            f"is_open_{model._meta.model_name}": Exists(
                model.objects.filter(
                    is_open=True, edition_id=OuterRef("edition_id"), key=OuterRef("item_key")
                )
            )
            for model in (Lesson, Exercise, Project)
        }
    )
    is_open = (
        Q(item_key="") | Q(is_open_lesson=True) | Q(is_open_exercise=True) | Q(is_open_project=True)
    )
    return (
        used.filter(is_open).exists()
        or Cover.objects.filter(image=file, course__in=offered).exists()
        or offered.filter(published_edition__description__html__contains=mark).exists()
        or TopicSection.objects.filter(topic__is_published=True, body__html__contains=mark).exists()
        or Topic.objects.filter(is_published=True, introduction_html__contains=mark).exists()
    )


def closed_courses_of(file: ContentFile) -> list[Course]:
    """Courses with a published edition, on offer or earlier, that uses the file."""
    editions = Edition.objects.filter(state=Edition.State.PUBLISHED, images__file=file)
    return list(Course.objects.filter(editions__in=editions).distinct().order_by("pk"))


def courses_using(file: ContentFile) -> list[Course]:
    """Every course whose draft or editions use the file, withdrawn ones too. For staff."""
    used = Q(editions__images__file=file) | Q(cover__image=file)
    return list(Course.objects.filter(used).distinct().order_by("pk"))
