"""Question pages in the admin, for authors and publishers: the text, where it stands, and the acts on it."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, ExpressionWrapper, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from accounts import clock
from accounts.admin import VerbAdmin
from accounts.second_factor import Confirmation
from accounts.signed_in import person
from articles.models import Article, Revision

from .. import readiness, survey
from ..forms import ArticleForm, AskForm, PublishForm, WithdrawForm
from ..models import Publication, Review, ReviewRequest
from ..standing import Facts, Standing, standing_of, with_facts
from .reading import as_read

if TYPE_CHECKING:
    from django.forms import ModelChoiceField
    from django_stubs_ext import WithAnnotations


class Listed(Facts):
    """What the list adds to an article."""

    read_at: dt.datetime


if TYPE_CHECKING:
    Row = WithAnnotations[Article, Listed]


class StandingFilter(admin.SimpleListFilter):
    """Question pages by standing, which is computed."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every standing."""
        return [(standing.value, str(standing.label)) for standing in Standing]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        """Those with the standing chosen."""
        if self.value() is None:
            return queryset
        return queryset.filter(pk__in=survey.having(self.value() or "", clock.today()).values("pk"))


@admin.register(Article)
class ArticleAdmin(VerbAdmin):
    """Question pages: what is written, where it stands, and what may be done with it."""

    form = ArticleForm
    list_display = ["address", "question", "topic", "standing"]
    list_filter = [StandingFilter, "topic"]
    search_fields = ["slug", "condition__slug", "condition__names__text"]
    autocomplete_fields = ["condition"]
    actions = None
    change_form_template = "admin/articles/article/change_form.html"
    fieldsets = [
        (None, {"fields": ["condition", "topic", "slug", "language"]}),
        ("The text", {"fields": ["question", "short_answer", "body", "sources", "origin", "change_note", "based_on"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Articles with what their standing is computed from."""
        rows = super().get_queryset(request).select_related("condition")
        return with_facts(rows.annotate(read_at=ExpressionWrapper(clock.now(), output_field=DateTimeField())))

    @admin.display(description="Page", ordering="slug")
    def address(self, article: Article) -> str:
        """Condition and slug."""
        return str(article)

    @admin.display(description="Question")
    def question(self, article: Article) -> str:
        """The question of the newest version."""
        return cast("Row", article).newest_question or "No text yet"

    @admin.display(description="Standing")
    def standing(self, article: Article) -> str:
        """Where the page stands today."""
        return str(standing_of(article, cast("Row", article).read_at.date()).label)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An address never dies."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        """Who may only look sees the address here, and the text as readers get it in the preview."""
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return self.fieldsets
        return self.fieldsets[:1]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The form, with where the page stands and what became of each version."""
        article = kwargs.get("obj") or (args[3] if len(args) > 3 else None)
        if article is not None:
            context.update(_state(article))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """The acts on a page, each with an address of its own."""
        acts: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("<int:article>/preview/<int:number>/", "preview", preview),
            ("<int:article>/ask/<int:number>/", "ask", ask),
            ("<int:article>/publish/<int:review>/", "publish", publish),
            ("<int:article>/withdraw/<int:publication>/", "withdraw", withdraw),
        ]
        return [
            *(path(route, self.admin_site.admin_view(view), name=f"desk_{name}") for route, name, view in acts),
            *super().get_urls(),
        ]


def _state(article: Article) -> dict[str, Any]:
    """Where an article stands, version by version, and what is public or waits for its hour."""
    row = with_facts(Article.objects.filter(pk=article.pk)).select_related("condition").get()
    reviews: dict[int, list[Review]] = {}
    for review in Review.objects.filter(revision__article=article).select_related("reviewer"):
        reviews.setdefault(review.revision_id, []).append(review)
    waiting = {
        request.revision_id: request for request in ReviewRequest.objects.open().filter(revision__article=article)
    }
    versions = [
        {"revision": revision, "reviews": reviews.get(revision.pk, []), "waiting": waiting.get(revision.pk)}
        for revision in article.revisions.select_related("author").order_by("-number")
    ]
    live = Publication.objects.live().filter(article=article).select_related("review__revision").first()
    today = clock.today()
    return {
        "standing": standing_of(row, today),
        "versions": versions,
        "shown": live,
        "pending": Publication.objects.pending().filter(article=article).select_related("review__revision"),
        **(_gone(article, today) if live is None else {}),
    }


def _gone(article: Article, today: dt.date) -> dict[str, Any]:
    """What readers saw last of a page that is down, and the approval that may bring it back, or why none does."""
    gone = Publication.objects.current().filter(article=article).select_related("review", "withdrawal").first()
    if gone is None:
        return {}
    approvals = Review.objects.filter(revision=gone.review.revision_id, decision=Review.Decision.APPROVED)
    why_not = {
        review: Publication.objects.why_not(review, today=today)
        for review in approvals.select_related("revision__article", "credential_check", "base__credential_check")
    }
    restorable = next((review for review, why in why_not.items() if not why), None)
    return {"gone": gone, "restorable": restorable, "why_not": next(iter(why_not.values()))}


def _article(request: HttpRequest, pk: int) -> Article:
    """The article, for whoever may look at articles at all."""
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    return get_object_or_404(Article.objects.select_related("condition"), pk=pk)


def preview(request: HttpRequest, article: int, number: int) -> HttpResponse:
    """A version exactly as readers would get it, for colleagues only."""
    page = _article(request, article)
    revision = get_object_or_404(Revision.objects.select_related("article"), article=page, number=number)
    response = render(request, "desk/preview.html", as_read(revision))
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def ask(request: HttpRequest, article: int, number: int) -> HttpResponse:
    """Ask for a review of a version; everything that is missing in one list."""
    page = _article(request, article)
    revision = get_object_or_404(Revision.objects.select_related("article"), article=page, number=number)
    form = AskForm(request.POST if request.method == "POST" else None)
    form.revision = revision
    return _act(
        request,
        form,
        page,
        title=f"Ask for a review of version {revision.number}",
        button="Ask for a review",
        done=f"Version {revision.number} waits for a clinician.",
        extra={"problems": readiness.problems(revision), "warnings": readiness.warnings(revision)},
    )


def publish(request: HttpRequest, article: int, review: int) -> HttpResponse:
    """Let readers see an approved version, or see it again; what stands against it is said before it is tried."""
    page = _article(request, article)
    approval = get_object_or_404(Review.objects.select_related("revision__article"), pk=review, revision__article=page)
    again = Publication.objects.counted().filter(review__revision=approval.revision_id).exists()
    why_not = Publication.objects.why_not(approval, today=clock.today()) if request.method == "GET" else ""
    form = PublishForm(request.POST if request.method == "POST" else None)
    form.review = approval
    return _act(
        request,
        form,
        page,
        title=f"{'Restore' if again else 'Publish'} version {approval.revision.number}",
        button="Restore" if again else "Publish",
        done=f"Version {approval.revision.number} is published.",
        extra={"lead": str(approval), "problems": [why_not] if why_not else []},
    )


def withdraw(request: HttpRequest, article: int, publication: int) -> HttpResponse:
    """Take a public page down at once, or cancel one that waits for its hour."""
    page = _article(request, article)
    shown = get_object_or_404(Publication.objects.select_related("review__revision"), pk=publication, article=page)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    form.publication = shown
    others = Publication.objects.live().exclude(article=page).values("article")
    instead = cast("ModelChoiceField[Article]", form.fields["instead"])
    instead.queryset = Article.objects.filter(pk__in=others).select_related("condition")
    return _act(
        request,
        form,
        page,
        title=f"Withdraw version {shown.review.revision.number}",
        button="Withdraw now",
        done="The page is withdrawn. Its address now says why.",
        extra={"lead": str(shown)},
    )


def _act(
    request: HttpRequest,
    form: Any,
    article: Article,
    *,
    title: str,
    button: str,
    done: str,
    extra: dict[str, Any],
) -> HttpResponse:
    """One act on one screen: the form, its refusals above it, and back to the page when it is done."""
    form.by = person(request)
    form.confirmation = Confirmation(request) if form.signs else None
    if request.method == "POST" and form.is_valid():
        messages.success(request, done)
        return _back(article)
    context = {"form": form, "article": article, "title": title, "button": button, **extra}
    return render(request, "desk/act.html", {**admin.site.each_context(request), **context})


def _back(article: Article) -> HttpResponse:
    return redirect("admin:articles_article_change", article.pk)
