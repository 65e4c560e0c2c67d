from django.urls import path, register_converter

from catalog.views import courses, feeds, files, items, previews, topics

app_name = "catalog"


class Word:
    """A slug or key: letters and digits of any script, hyphens, underscores."""

    regex = r"[\w-]{1,160}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return str(value)


class Locale(Word):
    regex = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}"


class Digest(Word):
    regex = r"[0-9a-f]{64}"


class FileName(Word):
    regex = r"[\w-]{1,100}\.[a-z0-9]{2,5}"


register_converter(Word, "word")
register_converter(Locale, "locale")
register_converter(Digest, "digest")
register_converter(FileName, "filename")

urlpatterns = [
    path("", courses.home, name="home"),
    path("courses/", courses.course_list, name="course-list"),
    path("courses/<word:slug>/", courses.course_detail, name="course-detail"),
    path("courses/<word:slug>/lessons/<word:key>/", items.lesson_detail, name="lesson-detail"),
    path(
        "courses/<word:slug>/exercises/<word:key>/", items.exercise_detail, name="exercise-detail"
    ),
    path("courses/<word:slug>/projects/<word:key>/", items.project_detail, name="project-detail"),
    path(
        "<locale:locale>/courses/<word:slug>/lessons/<word:key>/",
        items.translated_lesson,
        name="translated-lesson",
    ),
    path("lessons/", items.lesson_list, name="lesson-list"),
    path("exercises/", items.exercise_list, name="exercise-list"),
    path("projects/", items.project_list, name="project-list"),
    path("topics/", topics.topic_list, name="topic-list"),
    path("topics/<word:slug>/", topics.topic_detail, name="topic-detail"),
    path("instructors/<word:slug>/", courses.instructor_detail, name="instructor-detail"),
    path("files/<digest:digest>/<filename:name>", files.content_file, name="content-file"),
    path("preview/<word:edition_id>/", previews.preview, name="preview"),
    path(
        "preview/<word:edition_id>/<word:place>/<word:key>/",
        previews.preview_item,
        name="preview-item",
    ),
    path("feed/", feeds.feed, name="feed"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("sitemap-<word:name>.xml", feeds.sitemap_part, name="sitemap-part"),
    path("robots.txt", feeds.robots, name="robots"),
]
