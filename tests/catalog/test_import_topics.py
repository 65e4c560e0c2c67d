"""Topic files become topics; what they recommend and the school lacks is reported."""

import pytest

from catalog.actions.importing import import_course
from catalog.actions.importing_topics import import_topics
from catalog.importers.refusals import PackageRefused
from catalog.models import FAQ, Recommendation, Topic, TopicResource, TopicSection
from tests.catalog.packages import FOLDER, write_folder

pytestmark = pytest.mark.django_db
TOPIC = """---
title: Hot drinks
summary: What to drink in winter.
recommends:
  courses: [tea, coffee]
  lessons: [tea/boiling, tea/none]
  exercises: [tea/check]
  projects: [tea/brew]
resources:
  - {title: "A standard", url: "https://www.iso.org/standard/73224.html", note: "It exists."}
faqs:
  - {question: "Why hot?", answer: "It is *cold*."}
---
An opening paragraph.

## In the cup

Words.

```
## no section
```

## On the saucer

More words.
"""


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def tea(tmp_path):
    return import_course(source=write_folder(tmp_path / "tea", FOLDER), actor=None, publish=True)


def bring(tmp_path, files, **how):
    return import_topics(source=write_folder(tmp_path / "topics", files), actor=None, **how)


def test_a_topic_has_sections_questions_resources_and_recommendations(tmp_path, tea):
    report = bring(tmp_path, {"drinks.md": TOPIC})

    topic = Topic.objects.get()
    assert (topic.title, topic.is_published) == ("Hot drinks", True)
    assert topic.introduction_html == "<p>An opening paragraph.</p>\n"
    assert [row.title for row in topic.sections.all()] == ["In the cup", "On the saucer"]
    assert "no section" in topic.sections.first().body.html
    assert [(row.kind, row.course.slug, row.key) for row in topic.recommendations.all()] == [
        ("course", "tea", ""),
        ("lesson", "tea", "boiling"),
        ("exercise", "tea", "check"),
        ("project", "tea", "brew"),
    ]
    assert topic.resources.get().note == "It exists."
    assert "<em>cold</em>" in topic.faqs.get().answer_html
    lost = [item.reason for item in report.items if item.outcome == "dropped"]
    assert lost == ["The school has no course coffee.", "The school has no lesson tea/none."]


def test_the_topic_that_a_course_named_first_is_filled_and_published(tmp_path, tea):
    assert not Topic.objects.get(slug="drinks").is_published

    bring(tmp_path, {"drinks.md": TOPIC})

    assert Topic.objects.get(slug="drinks").courses.get().slug == "tea"


def test_the_same_topics_again_change_nothing(tmp_path, tea):
    bring(tmp_path, {"drinks.md": TOPIC})
    changed_at = Topic.objects.get().changed_at

    again = bring(tmp_path, {"drinks.md": TOPIC})

    assert (again.created, again.changed) == (0, 0)
    assert Topic.objects.get().changed_at == changed_at


def test_what_a_topic_no_longer_has_goes(tmp_path, tea):
    bring(tmp_path, {"drinks.md": TOPIC})

    bring(tmp_path, {"drinks.md": "---\ntitle: Drinks\nrecommends: {}\n---\nShort.\n"})

    for model in (TopicSection, TopicResource, Recommendation):
        assert not model.objects.exists()
    assert not FAQ.objects.filter(topic__isnull=False).exists()


def test_a_dry_run_keeps_nothing(tmp_path):
    report = bring(tmp_path, {"drinks.md": TOPIC}, is_dry_run=True)

    assert report.created > 0
    assert not Topic.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        "title: x\nrecommends: {stars: [a]}",
        "title: x\nrecommends: {lessons: [a]}",
        "title: x\nrecommends: {courses: [a/b]}",
        "title: x\nrecommends: {}\nresources: [{title: x, url: 'javascript:alert(1)'}]",
        "title: x\nrecommends: {}\nfaqs: [{question: x}]",
        "title: ''\nrecommends: {}",
    ],
)
def test_a_topic_that_cannot_be_read_is_refused(tmp_path, fields):
    with pytest.raises(PackageRefused):
        bring(tmp_path, {"drinks.md": f"---\n{fields}\n---\nWords.\n"})

    assert not Topic.objects.exists()
