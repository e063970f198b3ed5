"""What makes a view a reader page: open to everybody, the same for everybody, without cookie or session."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.prepared import Prepared
from articles.models import Condition

from . import kept


def reader_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page open to everybody and the same for everybody; pages/kept.py says how long it may be kept."""

    @login_not_required
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, **kwargs: str) -> HttpResponse:
        kept.before_making(request, kwargs.get("condition", ""))
        response = view(request, **kwargs)
        response.headers.setdefault("Cache-Control", kept.ASK_AGAIN)
        return response

    return opened


def find_condition(slug: str) -> Condition:
    """The condition that has, or had, this address."""
    found = _condition_at.first(slug=slug)
    if found is None:
        raise Http404("No condition has this address.")
    return found


_condition_at = Prepared(lambda slug: Condition.objects.filter(slugs__slug=slug).order_by("pk"))
