"""My learning."""

from django.http import Http404
from django.shortcuts import render

from engineroom import clock
from engineroom.pages import private_page
from engineroom.pagination import BadCursor
from learning.queries.shelf import shelf


@private_page(methods=("GET", "HEAD"))
def my_learning(request):
    """Next step, courses with progress, results, history."""
    try:
        found = shelf(request.user, after=request.GET.get("after", ""))
    except BadCursor as error:
        raise Http404 from error
    is_first = "after" not in request.GET
    context = {"shelf": found, "is_first": is_first, "today": clock.now()}
    return render(request, "learning/shelf.html", context)
