"""Texts of draft items: rendered again whenever somebody saves them."""

import re
from posixpath import dirname, join, normpath

from catalog.bodies import store_body
from catalog.markdown import Rendered, render
from catalog.models import Body, ContentFile, Edition, Exercise, ImageReference, Lesson, Project
from catalog.refusals import TooLarge

MAX_SOURCE = 400_000
OWN_FILE = re.compile(r"/files/([0-9a-f]{64})/")
REMOTE = re.compile(r"(?i)(https?:)?//")
PLACES = {Lesson: "lessons", Exercise: "exercises", Project: "projects"}


class ItemText:
    """Renders the text of one item, with the pictures and neighbors that its draft knows."""

    def __init__(self, edition: Edition, item, old: Body | None):
        self.edition, self.item = edition, item
        self.files: dict[str, ContentFile] = _known_files(edition, item, old)

    def store(self, source: str) -> Body:
        """The body of the source; the item's picture references are brought in line with it."""
        if len(source) > MAX_SOURCE:
            raise TooLarge(f"The text is longer than {MAX_SOURCE:,} characters.", field="source")
        rendered = render(source, resolve_link=self.link, resolve_image=self.picture)
        self._note_pictures(rendered)
        return store_body(source, rendered)

    def picture(self, src: str, alt: str) -> dict | None:
        if file := self._file(src):
            return {"src": file.get_absolute_url(), "width": file.width, "height": file.height}
        return {"link": src} if REMOTE.match(src) else None

    def link(self, href: str) -> str | None:
        """Relative links name another file of the package the course came from."""
        if href.startswith("/") or re.match(r"(?i)(https?|mailto):", href):
            return href
        path, _, fragment = href.partition("#")
        target = normpath(join(dirname(self.item.source_path), path))
        for model, place in PLACES.items():
            key = (
                model.objects.filter(edition=self.edition, source_path=target)
                .values_list("key", flat=True)
                .first()
            )
            if key:
                address = f"/courses/{self.edition.course.slug}/{place}/{key}/"
                return f"{address}#{fragment}" if fragment else address
        return None

    def _file(self, src: str) -> ContentFile | None:
        match = OWN_FILE.match(src)
        if match and src not in self.files:
            self.files[src] = ContentFile.objects.filter(digest=match[1]).first()
        return self.files.get(src)

    def _note_pictures(self, rendered: Rendered) -> None:
        ImageReference.objects.filter(edition=self.edition, item_key=self.item.key).delete()
        rows = []
        for position, image in enumerate(rendered.images):
            file, src = self._file(image["src"]), image["src"]
            if file is None and not REMOTE.match(src):
                continue
            rows.append(
                ImageReference(
                    edition=self.edition,
                    item_key=self.item.key,
                    position=position,
                    file=file,
                    remote_url="" if file else src[:500],
                    alt=image["alt"],
                    is_decorative=image["is_decorative"],
                )
            )
        ImageReference.objects.bulk_create(rows)


def _known_files(edition, item, old: Body | None) -> dict[str, ContentFile]:
    """What the picture addresses of the text so far stand for, in the order they stand in it."""
    if old is None or not item.pk:
        return {}
    written = [image["src"] for image in render(old.source).images]
    references = edition.images.filter(item_key=item.key).select_related("file")
    stored = list(references.order_by("position"))
    return {
        src: reference.file
        for src, reference in zip(written, stored, strict=False)
        if reference.file_id and not REMOTE.match(src)
    }
