"""What a course has outside its editions: topics, instructor, questions and answers."""

from catalog.importers.settling import Tally, settle
from catalog.importers.tree import CourseSource, FAQSource, Finding, Outcome
from catalog.markdown import render_brief
from catalog.models import FAQ, Course, Instructor, Topic


def write_facts(course: Course, source: CourseSource, tally: Tally, instructors=()) -> None:
    """`instructors` are named besides the package's own, who take the place of all others."""
    write_faqs(source.faqs, tally, course_id=course.pk)
    if source.instructor:
        _instructor(course, source, tally, instructors)
    else:
        course.instructors.add(*instructors)
    _topics(course, source, tally)


def write_faqs(faqs: list[FAQSource], tally: Tally, **owner: int) -> None:
    """The owner is `course_id` or `topic_id`. A question is told by its words."""
    stored = {row.question: row for row in FAQ.objects.filter(**owner)}
    wanted = {
        faq.question: {
            **owner,
            "position": position,
            "question": faq.question,
            "answer": faq.answer,
            "answer_html": render_brief(faq.answer),
        }
        for position, faq in enumerate(faqs, 1)
    }
    settle(FAQ, stored, wanted, tally)


def _instructor(course, source, tally, others) -> None:
    """An instructor belongs to the whole school: a course may introduce one, not rewrite one."""
    wanted = source.instructor
    row, is_new = Instructor.objects.get_or_create(
        slug=wanted.slug, defaults={"name": wanted.name, "bio": wanted.bio}
    )
    tally.note(is_new, False)
    if (row.name, row.bio) != (wanted.name, wanted.bio):
        reason = f"The school's own words about {row.slug} are kept."
        source.findings.append(Finding("course.md", 0, "instructor", Outcome.APPROXIMATED, reason))
    named = {row.pk, *(one.pk for one in others)}
    is_linked = set(course.instructors.values_list("pk", flat=True)) == named
    if not is_linked:
        course.instructors.set(named)
    tally.note(not is_linked, False)


def _topics(course, source, tally) -> None:
    """Topics that do not exist yet are made unpublished; their own file fills them later. Topics
    that staff added by hand stay."""
    have = set(course.topics.values_list("slug", flat=True))
    for slug in dict.fromkeys(source.topics):
        if slug in have:
            tally.note(False, False)
            continue
        title = slug.replace("-", " ").capitalize()[:200]
        topic, is_new = Topic.objects.get_or_create(slug=slug[:160], defaults={"title": title})
        if is_new:
            reason = f"The topic {slug[:80]} is new and not published yet."
            source.findings.append(Finding("course.md", 0, "topic", Outcome.APPROXIMATED, reason))
        course.topics.add(topic)
        tally.note(True, False)
