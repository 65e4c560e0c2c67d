"""Which SVG pictures the school shows: drawing only, nothing that acts or loads."""

import re
from xml.etree import ElementTree  # noqa: S405 - writes only; defusedxml reads

SVG_TYPE = "image/svg+xml"
SVG = "{http://www.w3.org/2000/svg}"
PICTURE_INSIDE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
MAX_ELEMENTS = 20_000
ELEMENTS = frozenset(
    [
        "svg",
        "image",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "metadata",
        "style",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "marker",
        "linearGradient",
        "radialGradient",
        "stop",
        "pattern",
        "clipPath",
        "mask",
        "filter",
        "feBlend",
        "feColorMatrix",
        "feComponentTransfer",
        "feComposite",
        "feConvolveMatrix",
        "feDiffuseLighting",
        "feDisplacementMap",
        "feDistantLight",
        "feDropShadow",
        "feFlood",
        "feFuncA",
        "feFuncB",
        "feFuncG",
        "feFuncR",
        "feGaussianBlur",
        "feMerge",
        "feMergeNode",
        "feMorphology",
        "feOffset",
        "fePointLight",
        "feSpecularLighting",
        "feSpotLight",
        "feTile",
        "feTurbulence",
        "switch",
        "view",
    ]
)
IGNORED_NAMESPACES = ("inkscape", "sodipodi", "purl.org", "creativecommons", "w3.org/1999/02")
LOADING = re.compile(r"url\s*\(\s*['\"]?\s*(?!['\"]?#)|@import|expression\s*\(|javascript:", re.I)


def broken_rule(root) -> str | None:
    """What is wrong with the picture, in one clause; None when it may be shown."""
    if root.tag != f"{SVG}svg":
        return "it is not an SVG drawing."
    for number, element in enumerate(root.iter()):
        if number > MAX_ELEMENTS:
            return "it has too many parts."
        if problem := _broken_element(element):
            return problem
    return None


def _broken_element(element) -> str | None:
    if not isinstance(element.tag, str):
        return None
    if not element.tag.startswith(SVG):
        known = any(part in element.tag for part in IGNORED_NAMESPACES)
        return None if known else "it holds elements of another language."
    name = element.tag.removeprefix(SVG)
    if name not in ELEMENTS:
        return f"the element <{name[:30]}> is not allowed."
    if name == "style" and LOADING.search(_plain(element.text or "")):
        return "its style loads something."
    for attribute, value in element.attrib.items():
        local = attribute.rpartition("}")[2].lower()
        if local.startswith("on"):
            return f"the attribute {local[:30]} is not allowed."
        if local in ("href", "src") and not value.strip().startswith("#"):
            if name == "image" and PICTURE_INSIDE.fullmatch(value.strip()):
                continue
            return "it refers to something outside itself."
        if LOADING.search(_plain(value)):
            return "it loads something from outside."
    return None


def _plain(css: str) -> str:
    """Style text without comments and escapes, which could hide a word."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return re.sub(
        r"\\([0-9a-fA-F]{1,6})\s?", lambda match: chr(min(int(match[1], 16), 0x10FFFF)), css
    ).replace("\\", "")


def written(root) -> bytes:
    """The drawing written anew: no document type, no processing instruction, no comment."""
    ElementTree.register_namespace("", SVG.strip("{}"))
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ElementTree.tostring(root, encoding="utf-8")


def size_of(root) -> tuple[int | None, int | None]:
    """Width and height in pixels by attributes or viewBox; None when neither tells."""
    found = [_length(root.get("width", "")), _length(root.get("height", ""))]
    if None in found:
        box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
        if len(box) == 4:
            found = [_length(box[2]), _length(box[3])]
    return (found[0], found[1]) if None not in found else (None, None)


def _length(text: str) -> int | None:
    match = re.fullmatch(r"\s*(\d{1,6})(?:\.\d+)?(?:px)?\s*", text)
    return int(match[1]) if match and int(match[1]) > 0 else None
