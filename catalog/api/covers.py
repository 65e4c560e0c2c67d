"""Covers of courses, for staff. A picture is the body of its call, as it is."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from catalog.actions.courses import set_cover
from catalog.api.reading import CatalogView, MayWrite, own_course
from catalog.api.serializers import CoverSerializer
from catalog.api.writing import CoverWriteSerializer
from catalog.files import KINDS, MAX_BYTES
from catalog.models import Cover
from catalog.refusals import BadPicture
from catalog.svg import SVG_TYPE
from engineroom.budgets import budget

STAFF = ["catalog staff"]
PICTURES = [*(media_type for media_type, _ in KINDS.values()), SVG_TYPE]


class PictureParser(BaseParser):
    """The bytes of a picture; one more than is allowed tells that it is too large."""

    media_type = "image/*"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream.read(MAX_BYTES + 1)


class CoverView(CatalogView):
    written = "cover"
    reading = "view"

    def found(self, request, slug) -> Cover:
        """The cover; one that nobody has drawn yet is unsaved."""
        course = own_course(request, slug)
        cover = Cover.objects.select_related("course", "image").filter(course=course).first()
        return cover or Cover(course=course)

    def change(self, request, cover, **values):
        drawn = {"palette": cover.palette, "motif": cover.motif} | values
        cover = set_cover(course=cover.course, actor=request.user, **drawn)
        return Response(CoverSerializer(cover).data)


@budget(100)
class CoverDetail(CoverView):
    permission_classes = [MayWrite]
    serializer_class = CoverSerializer

    @extend_schema(operation_id="covers_read", summary="How a cover is drawn (staff)", tags=STAFF)
    def get(self, request, slug):
        return Response(self.get_serializer(self.found(request, slug)).data)

    @extend_schema(
        operation_id="covers_change",
        summary="Change how a cover is drawn (staff)",
        tags=STAFF,
        request=CoverWriteSerializer,
    )
    def patch(self, request, slug):
        cover = self.found(request, slug)
        form = CoverWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self.change(request, cover, **form.validated_data)


@budget(2000)
class CoverPicture(CoverView):
    permission_classes = [MayWrite]
    serializer_class = CoverSerializer
    parser_classes = [PictureParser]
    # A repeat changes nothing anyway, and a key would hold the picture in memory.
    keeps_answers = False
    rights = {"DELETE": "change"}

    @extend_schema(
        operation_id="covers_show_picture",
        summary="Show a picture in place of the drawn cover (staff)",
        description=f"At most {MAX_BYTES // 1_000_000} MB. What the picture is tells its content.",
        tags=STAFF,
        request=dict.fromkeys(PICTURES, OpenApiTypes.BINARY),
    )
    def put(self, request, slug):
        cover, picture = self.found(request, slug), request.data
        if not isinstance(picture, bytes):
            raise BadPicture("Send the picture as the body.")
        return self.change(request, cover, picture=(f"{cover.course.slug}-cover", picture))

    @extend_schema(
        operation_id="covers_remove_picture",
        summary="Go back to the drawn cover (staff)",
        tags=STAFF,
        request=None,
        responses=CoverSerializer,
    )
    def delete(self, request, slug):
        return self.change(request, self.found(request, slug), removes_picture=True)
