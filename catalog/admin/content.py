"""Rows that only actions and importers write: to look at."""

from django.contrib import admin

from catalog.admin.rows import OwnRows
from catalog.models import (
    Body,
    ContentFile,
    Cover,
    ImageReference,
    Option,
    Recommendation,
    SlugRedirect,
    Solution,
    TopicResource,
    TopicSection,
    Translation,
)
from engineroom.admin import ReadOnlyAdmin


@admin.register(Body)
class BodyAdmin(ReadOnlyAdmin):
    list_display = ["digest", "word_count"]
    search_fields = ["digest"]
    fields = ["digest", "word_count", "source"]
    ordering = ["-pk"]

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found.defer("source", "html", "text")


@admin.register(ContentFile)
class ContentFileAdmin(ReadOnlyAdmin):
    list_display = ["name", "media_type", "size", "width", "height", "created_at"]
    list_filter = ["media_type"]
    search_fields = ["name", "digest"]
    ordering = ["-pk"]


@admin.register(ImageReference)
class ImageReferenceAdmin(OwnRows, ReadOnlyAdmin):
    list_display = ["item_key", "edition", "position", "alt", "is_decorative"]
    list_select_related = ["edition"]
    list_filter = ["is_decorative"]
    search_fields = ["item_key", "alt"]
    ordering = ["-pk"]


@admin.register(Translation)
class TranslationAdmin(OwnRows, ReadOnlyAdmin):
    list_display = ["title", "locale", "item_key", "edition"]
    list_select_related = ["edition"]
    list_filter = ["locale"]
    search_fields = ["title", "item_key"]
    ordering = ["-pk"]


@admin.register(Option)
class OptionAdmin(OwnRows, ReadOnlyAdmin):
    to_course = "question__exercise__edition__course"
    list_display = ["key", "question", "text", "is_right"]
    list_select_related = ["question"]
    list_filter = ["is_right"]
    search_fields = ["text"]
    ordering = ["-pk"]


@admin.register(Solution)
class SolutionAdmin(OwnRows, ReadOnlyAdmin):
    to_course = "exercise__edition__course"
    list_display = ["__str__", "exercise", "position"]
    list_select_related = ["exercise"]
    search_fields = ["title", "exercise__title"]
    ordering = ["-pk"]


@admin.register(Cover)
class CoverAdmin(OwnRows, ReadOnlyAdmin):
    to_course = "course"
    list_display = ["course", "palette", "motif", "image"]
    list_select_related = ["course", "image"]
    search_fields = ["course__title"]
    ordering = ["-pk"]


@admin.register(TopicSection)
class TopicSectionAdmin(ReadOnlyAdmin):
    list_display = ["title", "topic", "position"]
    list_select_related = ["topic"]
    search_fields = ["title"]
    ordering = ["-pk"]


@admin.register(TopicResource)
class TopicResourceAdmin(ReadOnlyAdmin):
    list_display = ["title", "topic", "position", "url"]
    list_select_related = ["topic"]
    search_fields = ["title", "url"]
    ordering = ["-pk"]


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    list_display = ["kind", "topic", "course", "key", "position"]
    list_select_related = ["topic", "course"]
    list_filter = ["kind"]
    search_fields = ["key", "course__title", "topic__title"]
    ordering = ["-pk"]


@admin.register(SlugRedirect)
class SlugRedirectAdmin(ReadOnlyAdmin):
    list_display = ["kind", "old_slug", "new_slug"]
    list_filter = ["kind"]
    search_fields = ["old_slug", "new_slug"]
    ordering = ["-pk"]
