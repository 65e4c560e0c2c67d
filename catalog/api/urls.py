from django.urls import path

from catalog import urls  # noqa: F401 - registers the converters of the addresses
from catalog.api import courses, covers, drafts, faqs, instructors, items, topics

COURSE = "courses/<word:slug>"
urlpatterns = [
    path("courses", courses.CourseList.as_view(), name="course-list"),
    path(COURSE, courses.CourseDetail.as_view(), name="course-detail"),
    path(f"{COURSE}/contents", courses.CourseContents.as_view(), name="course-contents"),
    path(f"{COURSE}/publication", courses.Publication.as_view(), name="course-publication"),
    path(f"{COURSE}/withdrawal", courses.Withdrawal.as_view(), name="course-withdrawal"),
    path(f"{COURSE}/order", courses.ModuleOrder.as_view(), name="course-order"),
    path(f"{COURSE}/modules", drafts.ModuleNew.as_view(), name="module-list"),
    path(f"{COURSE}/modules/<word:key>", drafts.ModuleDetail.as_view(), name="module-detail"),
    path(f"{COURSE}/modules/<word:key>/order", drafts.ItemOrder.as_view(), name="module-order"),
    path(f"{COURSE}/cover", covers.CoverDetail.as_view(), name="cover-detail"),
    path(f"{COURSE}/cover/picture", covers.CoverPicture.as_view(), name="cover-picture"),
    path(f"{COURSE}/lessons", drafts.LessonNew.as_view(), name="course-lesson-list"),
    path(f"{COURSE}/exercises", drafts.ExerciseNew.as_view(), name="course-exercise-list"),
    path(f"{COURSE}/projects", drafts.ProjectNew.as_view(), name="course-project-list"),
    path(f"{COURSE}/lessons/<word:key>", items.LessonDetail.as_view(), name="lesson-detail"),
    path(f"{COURSE}/exercises/<word:key>", items.ExerciseDetail.as_view(), name="exercise-detail"),
    path(f"{COURSE}/projects/<word:key>", items.ProjectDetail.as_view(), name="project-detail"),
    path(
        f"{COURSE}/exercises/<word:key>/questions",
        drafts.QuestionNew.as_view(),
        name="question-list",
    ),
    path(
        f"{COURSE}/exercises/<word:key>/questions/<word:question_key>",
        drafts.QuestionDetail.as_view(),
        name="question-detail",
    ),
    path(
        f"{COURSE}/exercises/<word:key>/solutions",
        drafts.SolutionNew.as_view(),
        name="solution-list",
    ),
    path(
        f"{COURSE}/exercises/<word:key>/solutions/<word:position>",
        drafts.SolutionDetail.as_view(),
        name="solution-detail",
    ),
    path("lessons", items.LessonList.as_view(), name="lesson-list"),
    path("exercises", items.ExerciseList.as_view(), name="exercise-list"),
    path("projects", items.ProjectList.as_view(), name="project-list"),
    path("topics", topics.TopicList.as_view(), name="topic-list"),
    path("topics/<word:slug>", topics.TopicDetail.as_view(), name="topic-detail"),
    path("topics/<word:slug>/source", topics.TopicSource.as_view(), name="topic-source"),
    path("topics/<word:slug>/sections", topics.SectionNew.as_view(), name="topic-section-list"),
    path(
        "topics/<word:slug>/sections/<word:key>",
        topics.SectionDetail.as_view(),
        name="topic-section-detail",
    ),
    path(
        "topics/<word:slug>/recommendations",
        topics.Recommendations.as_view(),
        name="topic-recommendations",
    ),
    path("topics/<word:slug>/resources", topics.Resources.as_view(), name="topic-resources"),
    path("instructors", instructors.InstructorList.as_view(), name="instructor-list"),
    path(
        "instructors/<word:slug>",
        instructors.InstructorDetail.as_view(),
        name="instructor-detail",
    ),
    path("faqs", faqs.FAQList.as_view(), name="faq-list"),
    path("faqs/<word:faq_id>", faqs.FAQDetail.as_view(), name="faq-detail"),
]
