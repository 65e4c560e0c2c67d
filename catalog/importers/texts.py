"""Texts of a package as bodies of the school: links to its own addresses, pictures of its own."""

import re

from catalog.bodies import store_body
from catalog.files import store_file
from catalog.importers.packages import Package, shown
from catalog.importers.refusals import PackageRefused
from catalog.importers.tree import Target, TextSource
from catalog.markdown import render
from catalog.models import Body, ContentFile
from engineroom.refusals import Refusal

ABSOLUTE = re.compile(r"(?i)(https?:|mailto:)")


class TextWriter:
    """Stores what one package holds, in the caller's transaction. A file is stored once."""

    def __init__(self, package: Package, slug: str):
        self.package, self.slug = package, slug
        self._files: dict[str, ContentFile] = {}

    def file(self, path: str) -> ContentFile:
        """The stored picture of the path. Refuses what is not a picture the school can show."""
        if path not in self._files:
            try:
                self._files[path] = store_file(path, self.package.read(path))
            except PackageRefused:
                raise
            except Refusal as refusal:
                raise PackageRefused(f"{shown(path)}: {refusal.message}") from refusal
        return self._files[path]

    def body(self, text: TextSource) -> Body:
        return store_body(text.markdown, self.rendered(text))

    def rendered(self, text: TextSource):
        pictures = {image.source: image for image in text.images}

        def link(address: str) -> str | None:
            if address in text.links:
                target = text.links[address]
                return self.address(target) if target else None
            return address if ABSOLUTE.match(address) else None

        def picture(source: str, alt: str) -> dict | None:
            image = pictures.get(source)
            if image is None:
                return {"link": source} if ABSOLUTE.match(source) else None
            if image.url:
                return {"link": image.url}
            file = self.file(image.path)
            found = {"src": file.get_absolute_url(), "width": file.width, "height": file.height}
            return found if alt else {**found, "alt": image.alt}

        return render(text.markdown, resolve_link=link, resolve_image=picture)

    def address(self, target: Target) -> str:
        course = f"/courses/{self.slug}/"
        return course if target.kind == "course" else f"{course}{target.kind}s/{target.key}/"
