"""Private addresses of learning, all under /learn/."""

from django.urls import path, register_converter

from learning.views import editions, exercises, reader, shelf, start


class WordConverter:
    """A slug or an item key: letters of any script, digits, hyphens, underscores; never a NUL."""

    regex = r"[-\w]{1,160}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(WordConverter, "study_word")

app_name = "learning"
urlpatterns = [
    path("", shelf.my_learning, name="my-learning"),
    path("<study_word:slug>/", start.start, name="start"),
    path("<study_word:slug>/<study_word:key>/", reader.item, name="item"),
    # Three parts: an item may have any word as its key.
    path("<study_word:slug>/editions/<int:edition_number>/", editions.edition_page, name="edition"),
    path(
        "<study_word:slug>/<study_word:key>/results/<study_word:attempt_id>/",
        exercises.result,
        name="result",
    ),
]
