"""Doors never save, create, update or delete: they call an action."""

import ast

from tests.contracts.house import DOORS, floor_of, hold, modules, plant, where

CHANGES = {
    "save",
    "create",
    "get_or_create",
    "update_or_create",
    "bulk_create",
    "bulk_update",
    "delete",
    "aget_or_create",
    "acreate",
    "asave",
    "adelete",
}
# `update` is also a method of dicts and sets: it counts on a queryset only.
QUERYSET_MAKERS = {
    "filter",
    "exclude",
    "all",
    "objects",
    "order_by",
    "get_queryset",
    "select_for_update",
}
# Doors that run the house itself and whose rows nobody else touches.
EXEMPT = {"engineroom.management.commands.worker"}
# Calls that change no row of a model although they are named so.
HARMLESS_OWNERS = {
    "session",
    "sociallogin",
    "Response",
    "response",
    "cache",
    "serializer",
    "default_storage",
}


def _names(node) -> list[str]:
    """The dotted chain a call hangs on, calls passed through: a.b(c).d → [a, b, d]."""
    names = []
    while True:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Name):
            names.append(node.id)
            break
        else:
            break
    return names[::-1]


def _is_change(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    *owners, verb = _names(call.func)
    if verb in ("update", "aupdate"):
        return bool(QUERYSET_MAKERS & set(owners))
    if verb not in CHANGES or "super" in owners:
        return False
    return not (owners and owners[-1] in HARMLESS_OWNERS) and "actions" not in owners


def complaints(root=None) -> list[str]:
    return [
        f"{where(module, node)} calls .{node.func.attr}()"
        for module in (modules(root) if root else modules())
        if floor_of(module.name) == DOORS and module.name not in EXEMPT
        for node in module.nodes
        if isinstance(node, ast.Call) and _is_change(node)
    ]


def test_doors_change_nothing_themselves():
    hold(complaints())


def test_a_door_that_saves_is_found(tmp_path):
    plant(
        tmp_path,
        {
            "learning/views.py": (
                "def enroll_button(request, slug):\n"
                "    Enrollment.objects.create(person=request.user)\n"
                "    Enrollment.objects.filter(pk=1).update(done=True)\n"
                "    form.save()\n"
                "    request.session.save()\n"
                "    context.update(a=1)\n"
                "    actions.create(person=1)\n"
            ),
            "learning/actions.py": "def enroll():\n    Enrollment.objects.create()\n",
        },
    )

    assert complaints(tmp_path) == [
        "learning.views:2 calls .create()",
        "learning.views:3 calls .update()",
        "learning.views:4 calls .save()",
    ]
