"""Templates: nothing inline, alternatives for pictures, one base, one document type."""

import ast
import re

from tests.contracts.house import ROOT, hold, modules, plant

COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.S)
TAG = re.compile(r"<([a-zA-Z][\w-]*)((?:\"[^\"]*\"|'[^']*'|\{\{.*?\}\}|\{%.*?%\}|[^>\"'])*)>", re.S)
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)
# Whole documents of their own: the base itself, its twin without a database, and mails.
DOCUMENTS = {"base.html", "errors/bare.html"}
# Packages' pages extend the packages' own bases, which are ours by override.
PACKAGED = ("admin/", "account/", "allauth/", "emails/", "mfa/", "socialaccount/", "usersessions/")
EXTENDS = re.compile(r"\s*(?:\{% load [^%]*%\}\s*)*\{% extends ")
QUOTED = re.compile(r"[\"']([\w/.-]+\.(?:html|txt|xml|json))[\"']")


def _strip(text: str) -> str:
    return COMMENT.sub("", text)


def pages(root=ROOT) -> set[str]:
    """The templates that views render as whole pages: `render(request, "<name>", …)`."""
    found = set()
    for module in modules(root):
        for node in module.nodes:
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            name = node.args[1]
            if called in {"render", "TemplateResponse"} and isinstance(name, ast.Constant):
                found.add(name.value)
    return found


def complaints(root=ROOT) -> list[str]:
    found, whole = [], pages(root)
    folder = root / "templates"
    for path in sorted(folder.rglob("*.html")):
        name = str(path.relative_to(folder))
        text = _strip(path.read_text())
        found += _inline(name, text)
        found += [
            f"{name}: an image without alt"
            for tag, attributes in TAG.findall(text)
            if tag.lower() == "img" and not re.search(r"\balt=", attributes)
        ]
        if not name.startswith("emails/") and name not in DOCUMENTS:
            if "<!doctype" in text.lower():
                found.append(f"{name}: a document type outside the base")
            if name in whole and not EXTENDS.match(text):
                found.append(f"{name}: extends no base")
    return found


def _inline(name: str, text: str) -> list[str]:
    """Mails alone may carry inline style; nothing may carry script or handlers."""
    found = []
    for match in SCRIPT.finditer(text):
        if "src=" not in match["attributes"] and "application/ld+json" not in match["attributes"]:
            found.append(f"{name}: inline script")
    for tag, attributes in TAG.findall(text):
        if re.search(r"(?:^|\s)on[a-z]+=", attributes):
            found.append(f"{name}: a handler on <{tag}>")
        if name.startswith("emails/"):
            continue
        if re.search(r"(?:^|\s)style=", attributes) or tag.lower() == "style":
            found.append(f"{name}: inline style on <{tag}>")
        if re.search(r"(?:href|action|src)=[\"']?\s*javascript:", attributes, re.I):
            found.append(f"{name}: a script address on <{tag}>")
    return found


def orphans(root=ROOT) -> list[str]:
    """Templates that no module and no template names."""
    folder = root / "templates"
    named = set()
    for path in [*folder.rglob("*.*"), *(module.path for module in modules(root))]:
        named |= set(QUOTED.findall(path.read_text()))
    return [
        f"{name}: nothing renders it"
        for path in sorted(folder.rglob("*.html"))
        if (name := str(path.relative_to(folder))) not in named
        and not name.startswith((*PACKAGED, "errors/"))
    ]


def test_every_template_is_rendered_somewhere():
    hold(orphans())


def test_templates_keep_the_rules():
    hold(complaints())


def test_broken_templates_are_found(tmp_path):
    plant(
        tmp_path,
        {
            "catalog/views.py": (
                "def a(request):\n    return render(request, 'shop/bare.html')\n"
                "def b(request):\n    return render(request, 'shop/page.html')\n"
            ),
            "templates/base.html": "<!doctype html><html></html>",
            "templates/shop/page.html": (
                '{% extends "base.html" %}<p style="color:red" onclick="go()">'
                '<img src="a.png"><script>alert(1)</script><a href="javascript:x()">x</a>'
                '{# <p style="a"> #}<img src="b.png" alt="">'
                '<script src="a.js"></script><style>p{}</style>'
            ),
            "templates/shop/bare.html": "<!doctype html><p>Hello</p>",
            "templates/components/part.html": "<p>Part</p>",
            "templates/emails/a.html": '<!doctype html><p style="color:red">Mail</p>',
        },
    )

    assert orphans(tmp_path) == ["components/part.html: nothing renders it"]
    assert complaints(tmp_path) == [
        "shop/bare.html: a document type outside the base",
        "shop/bare.html: extends no base",
        "shop/page.html: inline script",
        "shop/page.html: a handler on <p>",
        "shop/page.html: inline style on <p>",
        "shop/page.html: a script address on <a>",
        "shop/page.html: inline style on <style>",
        "shop/page.html: an image without alt",
    ]
