"""Shapes of the catalog in the API."""

from rest_framework import serializers

from catalog.models import Question
from catalog.models.courses import Level


class PriceSerializer(serializers.Serializer):
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    text = serializers.CharField()
    offer = serializers.CharField()


class MembershipPriceSerializer(PriceSerializer):
    """A membership on sale that opens the course; `amount_minor` is the price of one period."""

    title = serializers.CharField()
    period = serializers.CharField()


class PersonSerializer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class TopicLinkSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()


class CourseSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    level = serializers.ChoiceField(choices=Level)
    language = serializers.CharField()
    is_free = serializers.BooleanField()
    price = PriceSerializer(source="offer", allow_null=True)
    instructors = PersonSerializer(many=True, source="instructors.all")
    module_count = serializers.IntegerField()
    lesson_count = serializers.IntegerField()
    exercise_count = serializers.IntegerField()
    project_count = serializers.IntegerField()
    minutes = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(source="get_absolute_url")


class EditionSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    is_correction = serializers.BooleanField()
    published_at = serializers.DateTimeField(allow_null=True)


class FAQSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    question = serializers.CharField()
    answer_html = serializers.CharField()


class InstructorSerializer(PersonSerializer):
    bio = serializers.CharField()


class InstructorDetailSerializer(InstructorSerializer):
    courses = CourseSerializer(many=True)


class CourseDetailSerializer(CourseSerializer):
    instructors = InstructorSerializer(many=True, source="instructors.all")
    memberships = MembershipPriceSerializer(many=True)
    topics = TopicLinkSerializer(many=True, source="topic_list")
    edition = EditionSerializer(source="shown_edition")
    description_html = serializers.CharField(source="shown_edition.description.html", default="")
    outcomes = serializers.ListField(child=serializers.CharField(), source="shown_edition.outcomes")
    requirements = serializers.ListField(
        child=serializers.CharField(), source="shown_edition.requirements"
    )
    faqs = FAQSerializer(many=True, source="faq_list")


class CourseLinkSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    is_free = serializers.BooleanField()


class ItemSerializer(serializers.Serializer):
    """A lesson, exercise or project in a list. `size` counts minutes, questions or hours."""

    id = serializers.CharField(source="public_id")
    key = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    is_open = serializers.BooleanField()
    size = serializers.IntegerField()
    course = CourseLinkSerializer(source="edition.course")
    url = serializers.CharField(source="address")


class ModuleLinkSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()


class TextSerializer(serializers.Serializer):
    """`html` is null when the text needs a place in the course. `source` and `problem` are for
    staff who ask for the draft."""

    id = serializers.CharField(source="public_id")
    key = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    is_open = serializers.BooleanField()
    module = ModuleLinkSerializer()
    position = serializers.IntegerField()
    html = serializers.CharField(allow_null=True)
    source = serializers.CharField(allow_null=True)
    problem = serializers.CharField(allow_null=True)


class LessonSerializer(TextSerializer):
    minutes = serializers.IntegerField()
    locale = serializers.CharField()
    locales = serializers.ListField(child=serializers.CharField())


class CriterionSerializer(serializers.Serializer):
    criterion = serializers.CharField(max_length=300)
    points = serializers.IntegerField(min_value=0, max_value=1000)


class ProjectSerializer(TextSerializer):
    hours = serializers.IntegerField()
    rubric = CriterionSerializer(many=True)


class QuestionSerializer(serializers.Serializer):
    """Without anything that tells right from wrong, unless staff look at a draft. `text_html` and
    `prompt_html` are null when the exercise needs a place in the course."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    prompt_html = serializers.CharField(allow_null=True)
    options = serializers.ListField(child=serializers.DictField())
    matches = serializers.ListField(child=serializers.CharField(), required=False)
    answer = serializers.DictField(required=False)
    explanation_html = serializers.CharField(required=False)
    problem = serializers.CharField(required=False)


class ExerciseSerializer(TextSerializer):
    minutes = serializers.IntegerField()
    lesson_key = serializers.CharField()
    question_count = serializers.IntegerField()
    questions = QuestionSerializer(many=True)
    solutions = serializers.ListField(child=serializers.DictField(), required=False)


class ContentsSerializer(serializers.Serializer):
    course = serializers.CharField()
    edition = EditionSerializer()
    modules = serializers.ListField(child=serializers.DictField())


class TopicSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    course_count = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    url = serializers.CharField(source="get_absolute_url")


class SectionSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    html = serializers.CharField(source="body.html")


class ResourceSerializer(serializers.Serializer):
    title = serializers.CharField()
    url = serializers.CharField()
    note = serializers.CharField()


class WorkSerializer(serializers.Serializer):
    title = serializers.CharField()
    author = serializers.CharField()
    text = serializers.CharField()
    is_sample = serializers.BooleanField()
    course_slug = serializers.CharField()
    project_key = serializers.CharField()
    image = serializers.CharField(allow_null=True, required=False)


class TopicDetailSerializer(serializers.Serializer):
    id = serializers.CharField(source="topic.public_id")
    slug = serializers.CharField(source="topic.slug")
    title = serializers.CharField(source="topic.title")
    summary = serializers.CharField(source="topic.summary")
    introduction_html = serializers.CharField(source="topic.introduction_html")
    changed_at = serializers.DateTimeField(source="topic.changed_at")
    sections = SectionSerializer(many=True)
    courses = CourseSerializer(many=True)
    lessons = ItemSerializer(many=True)
    exercises = ItemSerializer(many=True)
    projects = ItemSerializer(many=True)
    faqs = FAQSerializer(many=True)
    resources = ResourceSerializer(many=True)
    gallery = WorkSerializer(many=True)


class FAQListSerializer(FAQSerializer):
    topic = serializers.CharField(source="topic.slug", default=None, allow_null=True)
    course = serializers.CharField(source="course.slug", default=None, allow_null=True)


class SolutionSourceSerializer(serializers.Serializer):
    position = serializers.IntegerField()
    title = serializers.CharField()
    source = serializers.CharField(source="body.source")
    html = serializers.CharField(source="body.html")


class CoverSerializer(serializers.Serializer):
    palette = serializers.IntegerField(allow_null=True)
    motif = serializers.IntegerField(allow_null=True)
    picture = serializers.CharField(
        source="image.get_absolute_url", default=None, allow_null=True, help_text="Its address."
    )


class SectionSourceSerializer(serializers.Serializer):
    key = serializers.CharField()
    position = serializers.IntegerField()
    title = serializers.CharField()
    source = serializers.CharField(source="body.source")


class RecommendationSerializer(serializers.Serializer):
    kind = serializers.CharField()
    course = serializers.CharField(source="course.slug")
    key = serializers.CharField()


class FAQSourceSerializer(FAQSerializer):
    answer = serializers.CharField()
    position = serializers.IntegerField()
    topic = serializers.CharField(source="topic.slug", default=None, allow_null=True)
    course = serializers.CharField(source="course.slug", default=None, allow_null=True)


class TopicSourceSerializer(serializers.Serializer):
    """A topic as staff write it, published or not."""

    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    introduction = serializers.CharField()
    is_published = serializers.BooleanField()
    position = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    sections = SectionSourceSerializer(many=True, source="sections.all")
    recommendations = RecommendationSerializer(many=True, source="recommendations.all")
    resources = ResourceSerializer(many=True, source="resources.all")
    faqs = FAQSourceSerializer(many=True, source="faqs.all")


class InstructorSourceSerializer(InstructorSerializer):
    id = serializers.CharField(source="public_id")
    person = serializers.CharField(source="person.public_id", default=None, allow_null=True)
