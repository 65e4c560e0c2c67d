"""What the school offers."""

from catalog.models.content import Body, ContentFile, ImageReference, Translation
from catalog.models.courses import Course, Cover, Edition, Instructor, Module, SlugRedirect
from catalog.models.imports import ImportRun
from catalog.models.items import Exercise, Lesson, Option, Project, Question, Solution
from catalog.models.topics import FAQ, Recommendation, Topic, TopicResource, TopicSection

__all__ = [
    "FAQ",
    "Body",
    "ContentFile",
    "Course",
    "Cover",
    "Edition",
    "Exercise",
    "ImageReference",
    "ImportRun",
    "Instructor",
    "Lesson",
    "Module",
    "Option",
    "Project",
    "Question",
    "Recommendation",
    "SlugRedirect",
    "Solution",
    "Topic",
    "TopicResource",
    "TopicSection",
    "Translation",
]
