"""Topics with everything that stands on their page, questions and answers, instructors."""

from django.contrib import admin

from catalog.actions import topics as actions
from catalog.admin.forms import ResourceForm, SectionForm
from catalog.admin.rows import OwnRows, changed_rows
from catalog.models import FAQ, Instructor, Recommendation, Topic, TopicResource, TopicSection
from catalog.queries.people import is_held_to_own
from engineroom.admin import ActionAdmin, BlockInline, TableInline


class SectionInline(BlockInline):
    model = TopicSection
    form = SectionForm
    extra = 0
    fields = ["position", "key", "title", "source"]


class ResourceInline(TableInline):
    model = TopicResource
    form = ResourceForm
    extra = 0
    fields = ["position", "title", "url", "note"]


class RecommendationInline(TableInline):
    model = Recommendation
    extra = 0
    fields = ["position", "kind", "course", "key"]
    raw_id_fields = ["course"]


class FAQInline(BlockInline):
    model = FAQ
    extra = 0
    fields = ["position", "question", "answer"]


@admin.register(Topic)
class TopicAdmin(ActionAdmin):
    list_display = ["title", "slug", "is_published", "position", "changed_at"]
    list_filter = ["is_published"]
    search_fields = ["title", "slug"]
    fields = ["title", "slug", "summary", "introduction", "is_published", "position"]
    inlines = [SectionInline, RecommendationInline, ResourceInline, FAQInline]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        if "slug" in form.base_fields:
            form.base_fields["slug"].required = False
        return form

    def act_save(self, request, obj, form, change):
        return actions.save_topic(topic=obj, actor=request.user)

    def act_save_related(self, request, form, formsets, change):
        actor = request.user
        for formset in formsets:
            kept, deleted = changed_rows(formset, form.instance)
            for row in deleted:
                if isinstance(row, FAQ):
                    actions.delete_faq(faq=row, actor=actor)
                else:
                    actions.delete_topic_part(part=row, actor=actor)
            sources = {id(each.instance): each.cleaned_data.get("source") for each in formset.forms}
            for row in kept:
                self._save_part(row, actor, sources.get(id(row)))

    @staticmethod
    def _save_part(row, actor, source):
        if isinstance(row, TopicSection):
            actions.save_section(section=row, actor=actor, source=source or "")
        elif isinstance(row, TopicResource):
            actions.save_resource(resource=row, actor=actor)
        elif isinstance(row, Recommendation):
            actions.save_recommendation(recommendation=row, actor=actor)
        else:
            actions.save_faq(faq=row, actor=actor)

    def act_delete(self, request, obj):
        actions.delete_topic(topic=obj, actor=request.user)


@admin.register(FAQ)
class FAQAdmin(OwnRows, ActionAdmin):
    """Those of topics are everybody's who may write topics."""

    to_course, with_none = "course", True
    list_display = ["question", "topic", "course", "position"]
    list_select_related = ["topic", "course"]
    search_fields = ["question", "answer"]
    autocomplete_fields = ["topic", "course"]
    fields = ["topic", "course", "position", "question", "answer"]
    ordering = ["-pk"]

    def act_save(self, request, obj, form, change):
        return actions.save_faq(faq=obj, actor=request.user)

    def act_delete(self, request, obj):
        actions.delete_faq(faq=obj, actor=request.user)


@admin.register(Instructor)
class InstructorAdmin(ActionAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    raw_id_fields = ["person"]
    fields = ["name", "slug", "bio", "person"]

    def has_change_permission(self, request, obj=None):
        """Who is held to their own courses changes their own entry alone."""
        allowed = super().has_change_permission(request, obj)
        is_own = obj is None or obj.person_id == request.user.pk
        return allowed and (is_own or not is_held_to_own(request.user))

    def get_readonly_fields(self, request, obj=None):
        """Which person an instructor is decides who writes the courses: not everybody says it."""
        return ["person"] if is_held_to_own(request.user) else []

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        if "slug" in form.base_fields:
            form.base_fields["slug"].required = False
        return form

    def act_save(self, request, obj, form, change):
        return actions.save_instructor(instructor=obj, actor=request.user)

    def act_delete(self, request, obj):
        actions.delete_instructor(instructor=obj, actor=request.user)
