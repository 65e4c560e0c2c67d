"""What every route must declare: who may come, and how long the answer may take."""

import ast
import sys
import types

import pytest
from django.urls import path
from django.views import View
from django.views.decorators.http import require_safe
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from engineroom.budgets import budget, declared
from tests.contracts.house import hold, modules, plant, where
from tests.contracts.routes import own_routes

# Attributes of a DRF view that decide about access: a misspelling is silently ignored by DRF.
SPELLINGS = {
    "permission_class",
    "permissions_class",
    "permissions_classes",
    "permission_clases",
    "permisson_classes",
    "permission_classess",
    "authentication_class",
    "authentications_classes",
    "throttles_classes",
}


def without_permissions(urlconf=None) -> list[str]:
    """API views that do not say in their own class body who may come."""
    found = []
    for route in own_routes(urlconf):
        view = route.view
        if isinstance(view, type) and issubclass(view, APIView):
            if "permission_classes" not in vars(view):
                found.append(f"{route.pattern}: {view.__name__} declares no permission_classes")
            found += [
                f"{route.pattern}: {view.__name__} misspells {name}"
                for name in sorted(SPELLINGS & set(dir(view)))
            ]
    return sorted(set(found))


def misspelled(root=None) -> list[str]:
    """The same in the source, for views that no route reaches yet."""
    return [
        f"{where(module, node)} misspells {target.id}"
        for module in (modules(root) if root else modules())
        for node in module.nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in SPELLINGS
    ]


def without_budget(urlconf=None) -> list[str]:
    """Routes whose view declares no latency budget of its own."""
    return sorted(
        f"{route.pattern or '/'}: {getattr(route.view, '__name__', route.view)} declares no budget"
        for route in own_routes(urlconf)
        if not declared(route.callback)
    )


@pytest.fixture
def planted(monkeypatch):
    """An URLconf made of the given paths."""

    def make(*patterns):
        module = types.ModuleType("planted_urls")
        module.urlpatterns = list(patterns)
        monkeypatch.setitem(sys.modules, "planted_urls", module)
        return "planted_urls"

    return make


def test_every_api_view_says_who_may_come():
    hold(without_permissions())
    hold(misspelled())


def test_every_route_declares_its_budget():
    hold(without_budget())


def test_every_own_route_has_a_name():
    assert [route.pattern for route in own_routes() if not route.name.rpartition(":")[2]] == []


def test_a_misspelled_permission_classes_is_found(planted, tmp_path):
    class Good(GenericAPIView):
        permission_classes = [AllowAny]

    class Typo(GenericAPIView):
        permissions_classes = [AllowAny]

    class Inherits(Good):
        pass

    urlconf = planted(
        path("good", Good.as_view()), path("typo", Typo.as_view()), path("heir", Inherits.as_view())
    )
    plant(tmp_path, {"learning/api/views.py": "class A:\n    permissions_classes = []\n"})

    assert without_permissions(urlconf) == [
        "heir: Inherits declares no permission_classes",
        "typo: Typo declares no permission_classes",
        "typo: Typo misspells permissions_classes",
    ]
    assert misspelled(tmp_path) == ["learning.api.views:2 misspells permissions_classes"]


def test_a_view_without_a_declared_budget_is_found(planted):
    @budget(50)
    class Declares(View):
        pass

    class Inherits(Declares):
        pass

    @budget(10)
    @require_safe
    def quick(request):
        return None

    @require_safe
    def forgetful(request):
        return None

    urlconf = planted(
        path("class", Declares.as_view()),
        path("heir", Inherits.as_view()),
        path("quick", quick),
        path("forgetful", forgetful),
    )

    assert without_budget(urlconf) == [
        "forgetful: forgetful declares no budget",
        "heir: Inherits declares no budget",
    ]
