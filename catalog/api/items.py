"""Lessons, exercises and projects: lists, single ones, what staff do to those of a draft."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from catalog.actions.items import delete_item, save_item
from catalog.api.courses import EDITION, FILTERS
from catalog.api.reading import (
    CatalogView,
    FilteredPagination,
    ReadOrWrite,
    has_place,
    own_draft,
    shown_question,
    wanted_edition,
)
from catalog.api.serializers import (
    ExerciseSerializer,
    ItemSerializer,
    LessonSerializer,
    ProjectSerializer,
    SolutionSourceSerializer,
)
from catalog.api.writing import (
    ExerciseWriteSerializer,
    LessonWriteSerializer,
    ProjectWriteSerializer,
)
from catalog.queries.items import (
    KINDS,
    MEASURES,
    exercise_with_everything,
    item_of,
    locales_of,
    translation_of,
)
from catalog.queries.searching import matching_items
from engineroom.budgets import budget
from engineroom.refusals import Invalid

LOCALE = OpenApiParameter("locale", str, description="A translation, such as de. Else 404.")


class ItemList(CatalogView):
    permission_classes = [AllowAny]
    serializer_class = ItemSerializer
    pagination_class = FilteredPagination
    place = "lessons"

    @property
    def orders(self):
        measure = MEASURES[KINDS[self.place]]
        return {"newest": ["-pk"], "title": ["title", "pk"], "shortest": [measure, "pk"]}

    def answer(self):
        model = KINDS[self.place]
        found = matching_items(model, self.read_filters()).select_related("edition__course")
        page = self.paginate_queryset(found)
        rows = [listed(row, self.place) for row in page]
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


def listed(row, place: str):
    """The row with its address and size read onto it."""
    row.size = getattr(row, MEASURES[type(row)])
    row.address = f"/courses/{row.edition.course.slug}/{place}/{row.key}/"
    return row


@budget(100)
class LessonList(ItemList):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="lessons_list",
        summary="Lessons on offer",
        tags=["catalog"],
        parameters=FILTERS,
        responses=ItemSerializer(many=True),
    )
    def get(self, request):
        return self.answer()


@budget(100)
class ExerciseList(ItemList):
    permission_classes = [AllowAny]
    place = "exercises"

    @extend_schema(
        operation_id="exercises_list",
        summary="Exercises on offer",
        tags=["catalog"],
        parameters=FILTERS,
        responses=ItemSerializer(many=True),
    )
    def get(self, request):
        return self.answer()


@budget(100)
class ProjectList(ItemList):
    permission_classes = [AllowAny]
    place = "projects"

    @extend_schema(
        operation_id="projects_list",
        summary="Projects on offer",
        tags=["catalog"],
        parameters=FILTERS,
        responses=ItemSerializer(many=True),
    )
    def get(self, request):
        return self.answer()


class ItemView(CatalogView):
    """One item, read by everybody as far as it is open, written by staff in the draft."""

    permission_classes = [ReadOrWrite]
    place = "lessons"

    def found(self, request, slug, key):
        """(item, whether it is read as staff, whether its text may be read)."""
        course, edition, is_staff = wanted_edition(request, slug)
        item = item_of(edition, self.place, key)
        if item is None:
            raise Http404
        may_read = is_staff or item.is_open or has_place(request, course)
        return item, is_staff, may_read

    def shown(self, item, *, is_staff, may_read):
        item.html = (item.body.html if item.body else "") if may_read else None
        item.source = (item.body.source if item.body else "") if is_staff else None
        if not is_staff:
            item.problem = None
        return item

    def change(self, request, slug, key, serializer_class):
        draft = own_draft(request, slug)
        item = item_of(draft, self.place, key)
        if item is None:
            raise Http404
        form = serializer_class(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        saved = write_item(item, draft, request.user, form.validated_data)
        return Response(self.whole(saved))

    def whole(self, item):
        """The item as staff see it after writing."""
        item = item_of(item.edition, self.place, item.key)
        return self.get_serializer(self.shown(item, is_staff=True, may_read=True)).data

    def remove(self, request, slug, key):
        item = item_of(own_draft(request, slug), self.place, key)
        if item is None:
            raise Http404
        delete_item(item=item, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def write_item(item, draft, actor, values):
    """The item of the draft with the values that were sent."""
    values = dict(values)
    source = values.pop("source", None)
    if "module" in values:
        module = draft.modules.filter(key=values.pop("module")).first()
        if module is None:
            raise Invalid("The draft has no module with this key.", field="module")
        item.module = module
    for name, value in values.items():
        setattr(item, name, value)
    item.edition = draft
    if not item.pk and source is None:
        source = ""
    return save_item(item=item, actor=actor, source=source)


@budget(100)
class LessonDetail(ItemView):
    permission_classes = [ReadOrWrite]
    serializer_class = LessonSerializer

    @extend_schema(
        operation_id="lessons_read",
        summary="A lesson; its text when it is open or the person has the course",
        tags=["catalog"],
        parameters=[EDITION, LOCALE],
    )
    def get(self, request, slug, key):
        item, is_staff, may_read = self.found(request, slug, key)
        return Response(
            self.get_serializer(self.shown(item, is_staff=is_staff, may_read=may_read)).data
        )

    def shown(self, item, *, is_staff, may_read):
        locale = self.request.query_params.get("locale", "")[:12].replace("\0", "")
        item.locales = locales_of(item.edition, item.key)
        item.locale = item.edition.language
        if locale and locale != item.locale:
            translation = translation_of(item.edition, item.key, locale)
            if translation is None:
                raise Http404
            item.title, item.body, item.locale = translation.title, translation.body, locale
        return super().shown(item, is_staff=is_staff, may_read=may_read)

    @extend_schema(
        operation_id="lessons_change",
        summary="Change a lesson of the draft (staff)",
        tags=["catalog staff"],
        request=LessonWriteSerializer,
    )
    def patch(self, request, slug, key):
        return self.change(request, slug, key, LessonWriteSerializer)

    @extend_schema(
        operation_id="lessons_delete",
        summary="Delete a lesson of the draft (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key):
        return self.remove(request, slug, key)


@budget(100)
class ExerciseDetail(ItemView):
    permission_classes = [ReadOrWrite]
    serializer_class = ExerciseSerializer
    place = "exercises"

    @extend_schema(
        operation_id="exercises_read",
        summary="An exercise with its questions, never with what is right",
        tags=["catalog"],
        parameters=[EDITION],
    )
    def get(self, request, slug, key):
        item, is_staff, may_read = self.found(request, slug, key)
        return Response(
            self.get_serializer(self.shown(item, is_staff=is_staff, may_read=may_read)).data
        )

    def shown(self, item, *, is_staff, may_read):
        item = exercise_with_everything(item.edition, item.key)
        shown = super().shown(item, is_staff=is_staff, may_read=may_read)
        data = _Shown(shown)
        data.questions = [
            shown_question(question, has_text=may_read, is_staff=is_staff)
            for question in item.questions.all()
        ]
        if is_staff:
            data.solutions = [SolutionSourceSerializer(each).data for each in item.solutions.all()]
        return data

    @extend_schema(
        operation_id="exercises_change",
        summary="Change an exercise of the draft (staff)",
        tags=["catalog staff"],
        request=ExerciseWriteSerializer,
    )
    def patch(self, request, slug, key):
        return self.change(request, slug, key, ExerciseWriteSerializer)

    @extend_schema(
        operation_id="exercises_delete",
        summary="Delete an exercise of the draft (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key):
        return self.remove(request, slug, key)


class _Shown:
    """An exercise whose questions are those that may be seen."""

    _OWN = (
        "public_id key title summary is_open module position html source problem minutes"
        " lesson_key question_count"
    )

    def __init__(self, exercise):
        for name in self._OWN.split():
            setattr(self, name, getattr(exercise, name))


@budget(100)
class ProjectDetail(ItemView):
    permission_classes = [ReadOrWrite]
    serializer_class = ProjectSerializer
    place = "projects"

    @extend_schema(
        operation_id="projects_read",
        summary="A project; its brief when it is open or the person has the course",
        tags=["catalog"],
        parameters=[EDITION],
    )
    def get(self, request, slug, key):
        item, is_staff, may_read = self.found(request, slug, key)
        return Response(
            self.get_serializer(self.shown(item, is_staff=is_staff, may_read=may_read)).data
        )

    @extend_schema(
        operation_id="projects_change",
        summary="Change a project of the draft (staff)",
        tags=["catalog staff"],
        request=ProjectWriteSerializer,
    )
    def patch(self, request, slug, key):
        return self.change(request, slug, key, ProjectWriteSerializer)

    @extend_schema(
        operation_id="projects_delete",
        summary="Delete a project of the draft (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key):
        return self.remove(request, slug, key)
