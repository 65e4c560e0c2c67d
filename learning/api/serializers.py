"""Shapes of the API: fields listed one by one, no rules."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from learning.models import Completion, Grant

KINDS = list(Completion.Kind.values)


@extend_schema_serializer(component_name="PlaceItem")
class ItemSerializer(serializers.Serializer):
    """`size` is minutes of a lesson, questions of an exercise, hours of a project."""

    kind = serializers.ChoiceField(choices=KINDS)
    key = serializers.CharField()
    title = serializers.CharField()
    size = serializers.IntegerField()
    is_done = serializers.BooleanField()


class PartSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    title = serializers.CharField()
    items = ItemSerializer(many=True)


class EditionsSerializer(serializers.Serializer):
    """Numbers of editions: the place's own, the one on offer, the first one that was finished."""

    own = serializers.IntegerField()
    offered = serializers.IntegerField(allow_null=True)
    has_newer = serializers.BooleanField(help_text="Whether the place can move up.")
    finished = serializers.IntegerField(allow_null=True)


class EnrollmentSerializer(serializers.Serializer):
    """`is_open`: whether a grant opens the course right now. `finished_at` stays, whatever a later
    edition adds."""

    id = serializers.CharField()
    course = serializers.CharField(help_text="The course's slug.")
    title = serializers.CharField()
    edition = serializers.IntegerField()
    editions = EditionsSerializer()
    finished_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField()
    is_open = serializers.BooleanField()
    last_key = serializers.CharField(allow_blank=True)
    next_key = serializers.CharField(allow_null=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    percent = serializers.IntegerField()


class EnrollmentDetailSerializer(EnrollmentSerializer):
    outline = PartSerializer(many=True)


class StartSerializer(serializers.Serializer):
    course = serializers.CharField(max_length=160, help_text="The course's slug.")


class ReadingSerializer(serializers.Serializer):
    """A lesson or a project's brief, with its text as sanitized HTML."""

    key = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    html = serializers.CharField()
    minutes = serializers.IntegerField()
    is_done = serializers.BooleanField()
    previous_key = serializers.CharField(allow_null=True)
    next_key = serializers.CharField(allow_null=True)


class RubricLineSerializer(serializers.Serializer):
    criterion = serializers.CharField()
    points = serializers.IntegerField()


class BriefSerializer(ReadingSerializer):
    rubric = RubricLineSerializer(many=True)


class CompleteSerializer(serializers.Serializer):
    key = serializers.CharField(max_length=160, help_text="The lesson's key.")


class CompletionSerializer(serializers.Serializer):
    key = serializers.CharField()
    is_new = serializers.BooleanField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class ChoiceSerializer(serializers.Serializer):
    """`id` is the choice's place in this attempt, such as `o2`."""

    id = serializers.CharField()
    html = serializers.CharField()


@extend_schema_serializer(component_name="AskedQuestion")
class QuestionSerializer(serializers.Serializer):
    """`given` is what is saved: `"o1"`, `["o1", "o3"]`, text, or `{"o1": "p2"}`."""

    key = serializers.CharField()
    kind = serializers.CharField()
    prompt_html = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    options = ChoiceSerializer(many=True)
    partners = ChoiceSerializer(many=True)
    given = serializers.JSONField(allow_null=True)


class AttemptRowSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    enrollment = serializers.CharField(source="enrollment.public_id")
    exercise = serializers.CharField(source="exercise_key")
    state = serializers.CharField()
    edition = serializers.IntegerField(source="edition_number")
    started_at = serializers.DateTimeField()
    saved_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    score = serializers.IntegerField(allow_null=True)
    max_score = serializers.IntegerField(allow_null=True)


class VerdictSerializer(serializers.Serializer):
    html = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    verdict = serializers.CharField(allow_blank=True)
    why_html = serializers.CharField(allow_blank=True)
    is_chosen = serializers.BooleanField()
    is_right = serializers.BooleanField()


class GradedSerializer(serializers.Serializer):
    key = serializers.CharField()
    is_right = serializers.BooleanField()
    explanation_html = serializers.CharField(allow_blank=True)
    lines = VerdictSerializer(many=True)
    right = VerdictSerializer(many=True)


class SolutionSerializer(serializers.Serializer):
    title = serializers.CharField(allow_blank=True)
    html = serializers.CharField()


class ResultSerializer(serializers.Serializer):
    """Present once the attempt is graded, never before."""

    questions = GradedSerializer(many=True)
    solutions = SolutionSerializer(many=True)


class AttemptSerializer(AttemptRowSerializer):
    title = serializers.CharField()
    html = serializers.CharField(allow_blank=True)
    questions = QuestionSerializer(many=True)
    result = ResultSerializer(allow_null=True)


class StartAttemptSerializer(serializers.Serializer):
    enrollment = serializers.CharField(max_length=60)
    exercise = serializers.CharField(max_length=160, help_text="The exercise's key.")


class AnswersSerializer(serializers.Serializer):
    answers = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        help_text="By question key. An empty answer takes the saved one back.",
    )


class SubmissionSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    enrollment = serializers.CharField(source="enrollment.public_id")
    project = serializers.CharField(source="project_key")
    title = serializers.CharField()
    text = serializers.CharField()
    link = serializers.CharField()
    is_public = serializers.BooleanField()
    is_hidden = serializers.BooleanField()
    submitted_at = serializers.DateTimeField()


class SubmitSerializer(serializers.Serializer):
    enrollment = serializers.CharField(max_length=60)
    project = serializers.CharField(max_length=160, help_text="The project's key.")
    title = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True, default="")
    link = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    is_public = serializers.BooleanField(
        default=False, help_text="Consent to the gallery, with the first name."
    )


class GrantSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    person = serializers.CharField(source="person.public_id")
    scope = serializers.CharField()
    scope_key = serializers.CharField(allow_blank=True)
    source = serializers.CharField()
    source_key = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)


class GiveGrantSerializer(serializers.Serializer):
    person = serializers.CharField(max_length=254, help_text="E-mail address or public id.")
    scope = serializers.ChoiceField(choices=Grant.Scope.choices)
    scope_key = serializers.CharField(
        max_length=160, required=False, allow_blank=True, default="",
        help_text="Slug or public id of the course or topic; empty for the school.",
    )  # fmt: skip
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
