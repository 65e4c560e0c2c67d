from django.urls import path

from catalog import urls  # noqa: F401 - registers the converters of the addresses
from catalog.api import courses, drafts, items, topics

COURSE = "courses/<word:slug>"
urlpatterns = [
    path("courses", courses.CourseList.as_view(), name="course-list"),
    path(COURSE, courses.CourseDetail.as_view(), name="course-detail"),
    path(f"{COURSE}/contents", courses.CourseContents.as_view(), name="course-contents"),
    path(f"{COURSE}/publication", courses.Publication.as_view(), name="course-publication"),
    path(f"{COURSE}/withdrawal", courses.Withdrawal.as_view(), name="course-withdrawal"),
    path(f"{COURSE}/order", courses.ModuleOrder.as_view(), name="course-order"),
    path(f"{COURSE}/modules", drafts.ModuleNew.as_view(), name="module-list"),
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
    path("lessons", items.LessonList.as_view(), name="lesson-list"),
    path("exercises", items.ExerciseList.as_view(), name="exercise-list"),
    path("projects", items.ProjectList.as_view(), name="project-list"),
    path("topics", topics.TopicList.as_view(), name="topic-list"),
    path("topics/<word:slug>", topics.TopicDetail.as_view(), name="topic-detail"),
    path("instructors/<word:slug>", topics.InstructorDetail.as_view(), name="instructor-detail"),
    path("faqs", topics.FAQList.as_view(), name="faq-list"),
]
