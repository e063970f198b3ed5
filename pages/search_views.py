"""The addresses of search: the page of results and what is suggested while typing."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from articles.models import Condition

from . import results, search
from .views import reader_page


@reader_page
def search_page(request: HttpRequest) -> HttpResponse:
    """What is found for a query; without one a form to type it in."""
    typed = search.tidy(request.GET.get("q", ""))
    asked = {name: request.GET.getlist(name) for name in ("filter", "kind", "in_date", "page") if name in request.GET}
    found = results.find(typed, asked) if typed else None
    return render(
        request,
        "pages/search.html",
        {
            "typed": typed,
            "results": found,
            "conditions": Condition.objects.count() if found is None or not found.found else None,
            "section": "search",
        },
    )


@reader_page
def suggestions(request: HttpRequest) -> JsonResponse:
    """Conditions and questions for what is being typed, as pieces of (words, whether they match)."""
    typed = search.tidy(request.GET.get("q", ""))
    found = results.suggestions(typed) if typed else []
    return JsonResponse({"suggestions": [{"url": one.url, "text": one.text, "detail": one.detail} for one in found]})
