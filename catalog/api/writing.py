"""Shapes that staff send."""

from rest_framework import serializers

from accounts.models import User
from catalog.models import Course, Instructor, Question, Recommendation, Topic
from catalog.models.courses import Level


class Word(serializers.RegexField):
    def __init__(self, **kwargs):
        super().__init__(r"^[\w-]+$", max_length=160, **kwargs)


class DraftDetailsSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=300, allow_blank=True, required=False)
    level = serializers.ChoiceField(choices=Level, required=False)
    language = serializers.RegexField(
        r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$", max_length=12, required=False
    )
    description = serializers.CharField(
        max_length=100_000, allow_blank=True, required=False, help_text="Markdown"
    )
    outcomes = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=30, required=False
    )
    requirements = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=30, required=False
    )


class CourseWriteSerializer(DraftDetailsSerializer):
    """The details go into the draft; slug, is_free, topics and instructors hold at once."""

    slug = Word(required=False)
    is_free = serializers.BooleanField(required=False)
    topics = serializers.SlugRelatedField(
        slug_field="slug", queryset=Topic.objects.all(), many=True, required=False
    )
    instructors = serializers.SlugRelatedField(
        slug_field="slug", queryset=Instructor.objects.all(), many=True, required=False
    )


class PublicationSerializer(serializers.Serializer):
    is_correction = serializers.BooleanField(default=False)


class WithdrawalSerializer(serializers.Serializer):
    edition = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=300)


class ModuleWriteSerializer(serializers.Serializer):
    key = Word()
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=300, allow_blank=True, required=False)
    position = serializers.IntegerField(min_value=1, max_value=100_000, required=False)


class ItemWriteSerializer(serializers.Serializer):
    """`source` is Markdown; `module` is the key of a module of the draft."""

    key = Word(required=False)
    module = Word()
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=300, allow_blank=True, required=False)
    is_open = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    source = serializers.CharField(
        max_length=400_000, allow_blank=True, required=False, trim_whitespace=False
    )


class LessonWriteSerializer(ItemWriteSerializer):
    minutes = serializers.IntegerField(min_value=0, max_value=10_000, required=False)


class ExerciseWriteSerializer(LessonWriteSerializer):
    lesson_key = Word(required=False)


class CriterionWriteSerializer(serializers.Serializer):
    criterion = serializers.CharField(max_length=300)
    points = serializers.IntegerField(min_value=0, max_value=1000)


class ProjectWriteSerializer(ItemWriteSerializer):
    hours = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    rubric = CriterionWriteSerializer(many=True, required=False)


class OptionWriteSerializer(serializers.Serializer):
    key = Word(required=False)
    text = serializers.CharField(max_length=5000)
    is_right = serializers.BooleanField(default=False)
    why = serializers.CharField(max_length=5000, allow_blank=True, default="")
    match = serializers.CharField(max_length=500, allow_blank=True, default="")


class QuestionWriteSerializer(serializers.Serializer):
    """Options stand in their right order for ordering questions; `match` is the partner of a
    matching one."""

    key = Word(required=False)
    kind = serializers.ChoiceField(choices=Question.Kind)
    prompt = serializers.CharField(max_length=20_000)
    explanation = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    answer = serializers.DictField(default=dict)
    position = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    options = OptionWriteSerializer(many=True, default=list)


class OrderSerializer(serializers.Serializer):
    keys = serializers.ListField(child=serializers.CharField(max_length=160), max_length=2000)


class SolutionWriteSerializer(serializers.Serializer):
    """A worked answer; the one at `position` is changed, without a position it comes last."""

    position = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    title = serializers.CharField(max_length=200, allow_blank=True, required=False)
    source = serializers.CharField(max_length=400_000, trim_whitespace=False, required=False)


class CoverWriteSerializer(serializers.Serializer):
    """How the cover is drawn; null: by the course's slug."""

    palette = serializers.IntegerField(min_value=0, max_value=7, allow_null=True, required=False)
    motif = serializers.IntegerField(min_value=0, max_value=7, allow_null=True, required=False)


class TopicWriteSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    slug = Word(required=False)
    summary = serializers.CharField(max_length=300, allow_blank=True, required=False)
    introduction = serializers.CharField(
        max_length=100_000, allow_blank=True, required=False, help_text="Markdown"
    )
    is_published = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=100_000, required=False)


class SectionWriteSerializer(serializers.Serializer):
    """`source` is Markdown. Without a position a new section comes last."""

    key = Word()
    title = serializers.CharField(max_length=200)
    position = serializers.IntegerField(min_value=0, max_value=100_000, required=False)
    source = serializers.CharField(
        max_length=400_000, allow_blank=True, required=False, trim_whitespace=False
    )


class RecommendationWriteSerializer(serializers.Serializer):
    """A course, or with `key` an item of it."""

    kind = serializers.ChoiceField(choices=Recommendation.Kind)
    course = serializers.SlugRelatedField(slug_field="slug", queryset=Course.objects.all())
    key = Word(required=False)


class RecommendationsSerializer(serializers.Serializer):
    recommendations = RecommendationWriteSerializer(many=True, max_length=200)


class ResourceWriteSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    url = serializers.URLField(max_length=500)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class ResourcesSerializer(serializers.Serializer):
    resources = ResourceWriteSerializer(many=True, max_length=200)


class FAQChangeSerializer(serializers.Serializer):
    """`answer` is Markdown."""

    question = serializers.CharField(max_length=300)
    answer = serializers.CharField(max_length=20_000)
    position = serializers.IntegerField(min_value=0, max_value=100_000, required=False)


class FAQWriteSerializer(FAQChangeSerializer):
    """Of a topic or of a course, for good."""

    topic = serializers.SlugRelatedField(
        slug_field="slug", queryset=Topic.objects.all(), required=False
    )
    course = serializers.SlugRelatedField(
        slug_field="slug", queryset=Course.objects.all(), required=False
    )

    def validate(self, attrs):
        if ("topic" in attrs) == ("course" in attrs):
            raise serializers.ValidationError({"topic": "Name a topic or a course."})
        return attrs


class InstructorWriteSerializer(serializers.Serializer):
    """`person`, the public id of who the instructor is, is for those who may write every course."""

    name = serializers.CharField(max_length=120)
    slug = Word(required=False)
    bio = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    person = serializers.SlugRelatedField(
        slug_field="public_id",
        queryset=User.objects.filter(is_active=True),
        allow_null=True,
        required=False,
    )
