"""Text and files, stored once per digest whichever editions use them."""

from django.db import models

from engineroom import clock


class Body(models.Model):
    """Markdown and what it renders to: sanitized HTML, plain words. Never changed, only added.

    `digest` is SHA-256 over source, the renderer's version and the links it was rendered with.
    """

    digest = models.CharField(max_length=64, unique=True)
    source = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    word_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "bodies"

    def __str__(self):
        return self.digest[:12]


class ContentFile(models.Model):
    """A picture or download of a course at its one lasting address, /files/<digest>/<name>."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField(help_text="bytes")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    file = models.FileField(upload_to="content", max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/files/{self.digest}/{self.name}"


class ImageReference(models.Model):
    """A picture as an item uses it: a local file, or an address elsewhere that is only linked."""

    edition = models.ForeignKey("catalog.Edition", models.CASCADE, related_name="images")
    item_key = models.CharField(max_length=160)
    position = models.PositiveIntegerField()
    file = models.ForeignKey(
        ContentFile, models.PROTECT, null=True, blank=True, related_name="references"
    )
    remote_url = models.CharField(max_length=500, blank=True)
    alt = models.TextField(blank=True)
    is_decorative = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "item_key", "position"], name="one_image_per_place_in_item"
            ),
            models.CheckConstraint(
                condition=models.Q(file__isnull=False, remote_url="")
                | models.Q(file__isnull=True) & ~models.Q(remote_url=""),
                name="image_is_local_or_remote",
            ),
        ]

    def __str__(self):
        return f"{self.item_key} {self.position}"


class Translation(models.Model):
    """An item of an edition in another language."""

    edition = models.ForeignKey("catalog.Edition", models.CASCADE, related_name="translations")
    item_key = models.CharField(max_length=160)
    locale = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    body = models.ForeignKey(Body, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "item_key", "locale"], name="one_translation_per_item_and_locale"
            ),
        ]

    def __str__(self):
        return f"{self.item_key} ({self.locale})"
