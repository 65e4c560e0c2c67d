"""Forms of the catalog's admin pages."""

from django import forms

from catalog.files import MAX_BYTES
from catalog.models import (
    Course,
    Exercise,
    Lesson,
    Project,
    Question,
    Solution,
    TopicResource,
    TopicSection,
)
from catalog.models.courses import Level

BY_SLUG = "0 to 7; empty: by the slug."
MARKDOWN = "Markdown. Pictures of the school: ![what it shows](/files/…)."


class TextArea(forms.Textarea):
    def __init__(self, rows=4):
        super().__init__(attrs={"rows": rows, "class": "vLargeTextField"})


class CourseForm(forms.ModelForm):
    """A course together with the details of its draft and its cover."""

    title = forms.CharField(max_length=200)
    summary = forms.CharField(max_length=300, required=False, widget=TextArea(2))
    level = forms.ChoiceField(choices=Level)
    language = forms.RegexField(
        r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$",
        max_length=12,
        initial="en",
        help_text="A language tag such as en, de or pt-BR.",
    )
    description = forms.CharField(
        required=False, max_length=100_000, widget=TextArea(10), help_text="Markdown."
    )
    outcomes = forms.CharField(
        required=False, max_length=9000, widget=TextArea(6), help_text="One a line, at most 30."
    )
    requirements = forms.CharField(
        required=False, max_length=9000, widget=TextArea(3), help_text="One a line, at most 30."
    )
    palette = forms.IntegerField(
        required=False, min_value=0, max_value=7, help_text="0 to 7; empty: by the slug."
    )
    motif = forms.IntegerField(
        required=False, min_value=0, max_value=7, help_text="0 to 7; empty: by the slug."
    )
    picture = forms.FileField(
        required=False, help_text="PNG, JPEG, GIF, WebP or SVG; takes the drawing's place."
    )
    removes_picture = forms.BooleanField(required=False, label="Remove the picture")

    class Meta:
        model = Course
        fields = ["slug", "is_free", "topics", "instructors"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "Empty: made of the title. A changed one redirects."
        course = self.instance
        if course.pk:
            draft = course.editions.filter(state="draft").select_related("description").first()
            if draft:
                self._start_from(draft)
            cover = getattr(course, "cover", None)
            if cover:
                self.initial |= {"palette": cover.palette, "motif": cover.motif}

    def _start_from(self, draft):
        for name in ("title", "summary", "level", "language"):
            self.initial[name] = getattr(draft, name)
        self.initial["description"] = draft.description.source if draft.description else ""
        self.initial["outcomes"] = "\n".join(draft.outcomes)
        self.initial["requirements"] = "\n".join(draft.requirements)

    def clean_picture(self):
        picture = self.cleaned_data.get("picture")
        if picture and picture.size > MAX_BYTES:
            raise forms.ValidationError(f"The picture is larger than {MAX_BYTES // 1_000_000} MB.")
        return picture

    def details(self) -> dict:
        """What `change_draft` takes."""
        names = ["title", "summary", "level", "language", "description"]
        found = {name: self.cleaned_data[name] for name in names}
        for name in ("outcomes", "requirements"):
            found[name] = self.cleaned_data[name].splitlines()
        return found


class ItemForm(forms.ModelForm):
    """A lesson, exercise or project with its text."""

    source = forms.CharField(
        label="Text", required=False, max_length=400_000, widget=TextArea(30), help_text=MARKDOWN
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("key", "position", "minutes", "hours"):
            if name in self.fields:
                self.fields[name].required = False
        if self.instance.pk and self.instance.body_id:
            self.initial.setdefault("source", self.instance.body.source)

    def clean(self):
        for name in ("minutes", "hours"):
            if name in self.cleaned_data and self.cleaned_data[name] is None:
                self.cleaned_data[name] = 0
        return super().clean()


class LessonForm(ItemForm):
    class Meta:
        model = Lesson
        fields = ["edition", "module", "title", "key", "summary", "is_open", "position", "minutes"]


class ExerciseForm(ItemForm):
    class Meta:
        model = Exercise
        fields = [*LessonForm.Meta.fields, "lesson_key"]


class ProjectForm(ItemForm):
    class Meta:
        model = Project
        fields = [*LessonForm.Meta.fields[:-1], "hours", "rubric"]


class QuestionForm(forms.ModelForm):
    class Meta:
        model = Question
        fields = ["exercise", "kind", "prompt", "explanation", "answer", "key", "position"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("key", "position"):
            if name in self.fields:
                self.fields[name].required = False

    def clean_answer(self):
        answer = self.cleaned_data.get("answer") or {}
        if not isinstance(answer, dict):
            raise forms.ValidationError('An object such as {"answers": ["4"]}.')
        return answer


class SolutionForm(ItemForm):
    class Meta:
        model = Solution
        fields = ["title", "position"]


class SectionForm(ItemForm):
    class Meta:
        model = TopicSection
        fields = ["key", "position", "title"]


class ResourceForm(forms.ModelForm):
    url = forms.URLField(max_length=500, assume_scheme="https")

    class Meta:
        model = TopicResource
        fields = ["position", "title", "url", "note"]
