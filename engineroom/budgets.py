"""Latency budgets: what each route promises at the 99th percentile, in milliseconds."""

DEFAULT_MS = 100


def budget(milliseconds: int = DEFAULT_MS):
    """Declare the budget of a view function or class. A route without one fails the contracts."""

    def declare(view):
        view.budget_ms = milliseconds
        return view

    return declare


def declared(view) -> int | None:
    """The budget that the view itself declares; an inherited one does not count."""
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return vars(owner).get("budget_ms", vars(view).get("budget_ms"))
