"""New rows of a draft, for staff."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from catalog.actions.items import (
    delete_question,
    delete_solution,
    save_question,
    save_solution,
)
from catalog.actions.modules import delete_module, reorder_items, save_module
from catalog.api.items import ExerciseDetail, LessonDetail, ProjectDetail, write_item
from catalog.api.reading import CatalogView, MayWriteCourses, own_draft, shown_question
from catalog.api.serializers import (
    ExerciseSerializer,
    LessonSerializer,
    ModuleLinkSerializer,
    ProjectSerializer,
    QuestionSerializer,
    SolutionSourceSerializer,
)
from catalog.api.writing import (
    ExerciseWriteSerializer,
    LessonWriteSerializer,
    ModuleWriteSerializer,
    OrderSerializer,
    ProjectWriteSerializer,
    QuestionWriteSerializer,
    SolutionWriteSerializer,
)
from catalog.models import Exercise, Lesson, Module, Option, Project, Question, Solution
from catalog.queries.items import exercise_with_everything, item_of
from engineroom.budgets import budget
from engineroom.refusals import Invalid


@budget(500)
class ModuleNew(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = ModuleLinkSerializer

    @extend_schema(
        operation_id="modules_save",
        summary="Add a module to the draft, or change the one with this key (staff)",
        tags=["catalog staff"],
        request=ModuleWriteSerializer,
        responses={201: ModuleLinkSerializer},
    )
    def post(self, request, slug):
        draft = own_draft(request, slug)
        form = ModuleWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        module = draft.modules.filter(key=values["key"]).first() or Module(edition=draft)
        for name, value in values.items():
            setattr(module, name, value)
        module = save_module(module=module, actor=request.user)
        return Response(self.get_serializer(module).data, status=status.HTTP_201_CREATED)


def module_of(request, slug, key) -> Module:
    module = own_draft(request, slug).modules.filter(key=key).first()
    if module is None:
        raise Http404
    return module


@budget(500)
class ModuleDetail(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = ModuleLinkSerializer

    @extend_schema(
        operation_id="modules_delete",
        summary="Delete a module of the draft with everything in it (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key):
        delete_module(module=module_of(request, slug, key), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(500)
class ItemOrder(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = OrderSerializer

    @extend_schema(
        operation_id="modules_reorder",
        summary="Put the items of a module of the draft in order (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def post(self, request, slug, key):
        module = module_of(request, slug, key)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        reorder_items(module=module, actor=request.user, keys=form.validated_data["keys"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class _ItemNew:
    """Adds a row of the kind that the detail view shows."""

    def add(self, request, slug, item, form_class):
        draft = own_draft(request, slug)
        form = form_class(data=request.data)
        form.is_valid(raise_exception=True)
        saved = write_item(item, draft, request.user, form.validated_data)
        place = f"/api/v1/courses/{slug}/{self.place}/{saved.key}"
        return Response(
            self.whole(saved),
            status=status.HTTP_201_CREATED,
            headers={"Location": place},
        )


@budget(500)
class LessonNew(_ItemNew, LessonDetail):
    permission_classes = [MayWriteCourses]
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="lessons_create",
        summary="Add a lesson to the draft (staff)",
        tags=["catalog staff"],
        request=LessonWriteSerializer,
        responses={201: LessonSerializer},
    )
    def post(self, request, slug):
        return self.add(request, slug, Lesson(), LessonWriteSerializer)


@budget(500)
class ExerciseNew(_ItemNew, ExerciseDetail):
    permission_classes = [MayWriteCourses]
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="exercises_create",
        summary="Add an exercise to the draft (staff)",
        tags=["catalog staff"],
        request=ExerciseWriteSerializer,
        responses={201: ExerciseSerializer},
    )
    def post(self, request, slug):
        return self.add(request, slug, Exercise(), ExerciseWriteSerializer)


@budget(500)
class ProjectNew(_ItemNew, ProjectDetail):
    permission_classes = [MayWriteCourses]
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="projects_create",
        summary="Add a project to the draft (staff)",
        tags=["catalog staff"],
        request=ProjectWriteSerializer,
        responses={201: ProjectSerializer},
    )
    def post(self, request, slug):
        return self.add(request, slug, Project(), ProjectWriteSerializer)


def exercise_of(request, slug, key) -> Exercise:
    exercise = item_of(own_draft(request, slug), "exercises", key)
    if exercise is None:
        raise Http404
    return exercise


@budget(500)
class QuestionNew(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = QuestionSerializer

    @extend_schema(
        operation_id="questions_save",
        summary="Add a question with its options, or replace the one with this key (staff)",
        tags=["catalog staff"],
        request=QuestionWriteSerializer,
        responses={201: QuestionSerializer},
    )
    def post(self, request, slug, key):
        exercise = exercise_of(request, slug, key)
        form = QuestionWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        options = [Option(**option) for option in values.pop("options")]
        wanted = values.get("key", "")
        question = exercise.questions.filter(key=wanted).first() or Question(exercise=exercise)
        for name, value in values.items():
            setattr(question, name, value)
        save_question(question=question, actor=request.user, options=options)
        stored = exercise_with_everything(exercise.edition, exercise.key).questions.all()
        shown = next(row for row in stored if row.pk == question.pk)
        body = shown_question(shown, has_text=True, is_staff=True)
        return Response(body, status=status.HTTP_201_CREATED)


@budget(500)
class QuestionDetail(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = QuestionSerializer

    @extend_schema(
        operation_id="questions_delete",
        summary="Delete a question of the draft (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key, question_key):
        draft = own_draft(request, slug)
        question = Question.objects.filter(
            exercise__edition=draft, exercise__key=key, key=question_key
        ).first()
        if question is None:
            raise Http404
        delete_question(question=question, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@budget(500)
class SolutionNew(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = SolutionSourceSerializer

    @extend_schema(
        operation_id="solutions_save",
        summary="Add a solution to an exercise of the draft, or change the one there (staff)",
        tags=["catalog staff"],
        request=SolutionWriteSerializer,
        responses={201: SolutionSourceSerializer},
    )
    def post(self, request, slug, key):
        exercise = exercise_of(request, slug, key)
        form = SolutionWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        found = exercise.solutions.filter(position=values.get("position")).first()
        solution = found or Solution(exercise=exercise)
        source = values.pop("source", None)
        if source is None and found is None:
            raise Invalid("A new solution has a text.", field="source")
        for name, value in values.items():
            setattr(solution, name, value)
        solution = save_solution(solution=solution, actor=request.user, source=source)
        return Response(self.get_serializer(solution).data, status=status.HTTP_201_CREATED)


@budget(500)
class SolutionDetail(CatalogView):
    permission_classes = [MayWriteCourses]
    serializer_class = SolutionSourceSerializer

    @extend_schema(
        operation_id="solutions_delete",
        summary="Delete a solution of an exercise of the draft (staff)",
        tags=["catalog staff"],
        responses={204: None},
    )
    def delete(self, request, slug, key, position):
        solutions = exercise_of(request, slug, key).solutions
        is_number = position.isdecimal() and len(position) < 9
        solution = solutions.filter(position=int(position)).first() if is_number else None
        if solution is None:
            raise Http404
        delete_solution(solution=solution, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
