"""The desk inside the admin: question pages for authors and publishers, the queue for clinicians.

Nothing here decides who may do what: each act is a form that ends in a verb, and the verb refuses.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts import clock
from accounts.admin import ReadOnlyAdmin, VerbAdmin
from accounts.refusals import Refusal
from articles import rendering
from articles.models import Article, Revision

from . import difference, readiness
from .forms import ArticleForm, AskForm, DecisionForm, PublishForm, WithdrawForm
from .models import Publication, Review, Reviewer, ReviewRequest
from .models.requests import Moved
from .models.reviews import baseline
from .standing import Standing, standing_of, with_facts

# A button of the queue, and the verb behind it.
CLAIMS = {"claim": "claim", "hand_back": "hand_back", "take_back": "take_back"}


class StandingFilter(admin.SimpleListFilter):
    """Question pages by standing, which is computed, so the ids are."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every standing."""
        return [(standing.value, str(standing.label)) for standing in Standing]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        """Those with the standing chosen."""
        if self.value() is None:
            return queryset
        today = clock.today()
        return queryset.filter(pk__in=[row.pk for row in queryset if standing_of(row, today) == self.value()])


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
        return with_facts(super().get_queryset(request).select_related("condition"))

    @admin.display(description="Page", ordering="slug")
    def address(self, article: Article) -> str:
        """Condition and slug."""
        return str(article)

    @admin.display(description="Question")
    def question(self, article: Article) -> str:
        """The question of the newest version."""
        return article.newest_question or "No text yet"  # type: ignore[attr-defined]

    @admin.display(description="Standing")
    def standing(self, article: Article) -> str:
        """Where the page stands today."""
        return str(standing_of(article, clock.today()).label)

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
    return {
        "standing": standing_of(row, clock.today()),
        "versions": versions,
        "shown": live,
        "pending": Publication.objects.pending().filter(article=article).select_related("review__revision"),
    }


def _article(request: HttpRequest, pk: int) -> Article:
    """The article, for whoever may look at articles at all."""
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    return get_object_or_404(Article.objects.select_related("condition"), pk=pk)


def preview(request: HttpRequest, article: int, number: int) -> HttpResponse:
    """A version exactly as readers would get it, for colleagues only."""
    page = _article(request, article)
    revision = get_object_or_404(Revision.objects.select_related("article"), article=page, number=number)
    response = render(request, "desk/preview.html", _as_read(revision))
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _as_read(revision: Revision) -> dict[str, Any]:
    """What the reader's page needs of a version that is not public."""
    article = revision.article
    return {
        "article": article,
        "condition_name": article.condition.name,
        "revision": revision,
        "citations": list(revision.citations.order_by("number")),
        "contents": rendering.contents(revision.html),
        "members": None,
        "community_url": "",
        "today": clock.today(),
    }


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
    """Let readers see an approved version."""
    page = _article(request, article)
    approval = get_object_or_404(Review.objects.select_related("revision"), pk=review, revision__article=page)
    form = PublishForm(request.POST if request.method == "POST" else None)
    form.review = approval
    return _act(
        request,
        form,
        page,
        title=f"Publish version {approval.revision.number}",
        button="Publish",
        done=f"Version {approval.revision.number} is published.",
        extra={"lead": str(approval)},
    )


def withdraw(request: HttpRequest, article: int, publication: int) -> HttpResponse:
    """Take a public page down at once, or cancel one that waits for its hour."""
    page = _article(request, article)
    shown = get_object_or_404(Publication.objects.select_related("review__revision"), pk=publication, article=page)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    form.publication = shown
    others = Publication.objects.live().exclude(article=page).values("article")
    form.fields["instead"].queryset = Article.objects.filter(pk__in=others).select_related("condition")  # type: ignore[attr-defined]
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
    form.by = request.user
    if request.method == "POST" and form.is_valid():
        messages.success(request, done)
        return _back(article)
    context = {"form": form, "article": article, "title": title, "button": button, **extra}
    return render(request, "desk/act.html", {**admin.site.each_context(request), **context})


def _back(article: Article) -> HttpResponse:
    return redirect("admin:articles_article_change", article.pk)


class OpenFilter(admin.SimpleListFilter):
    """The queue shows what waits, unless asked for more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What else there is."""
        return [("mine", "Claimed by me"), ("closed", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The stock choices, the first one called by its name."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Waiting"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReviewRequest]) -> QuerySet[ReviewRequest]:
        """Those chosen."""
        match self.value():
            case "all":
                return queryset
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case "mine":
                return queryset.filter(closed_at__isnull=True, claimed_by__user=request.user.pk)
        return queryset.filter(closed_at__isnull=True)


@admin.register(ReviewRequest)
class ReviewRequestAdmin(ReadOnlyAdmin):
    """The queue, and the desk for one request."""

    list_display = ["page", "kind", "due_on", "asked_by", "asked_at", "claimed_by", "outcome"]
    list_filter = [OpenFilter, "kind"]
    list_select_related = ["revision__article__condition", "asked_by", "claimed_by"]
    ordering = ["closed_at", "due_on", "pk"]

    @admin.display(description="Page")
    def page(self, row: ReviewRequest) -> str:
        """Question, address and version."""
        return format_html("{}<br>{}, version {}", row.revision.question, row.revision.article, row.revision.number)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The desk: what changed, the page as readers will get it, and the decision."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Only people who work on question pages may look here.")
        row = get_object_or_404(
            ReviewRequest.objects.select_related(
                "revision__article__condition", "revision__author", "asked_by", "claimed_by", "closed_by"
            ),
            pk=int(object_id) if object_id.isdecimal() else None,
        )
        form = DecisionForm(initial={"digest": row.revision.digest})
        if request.method == "POST":
            name = request.POST.get("act", "")
            if name in CLAIMS:
                return self._claim(request, row, CLAIMS[name])
            form = DecisionForm(request.POST)
            form.by, form.review_request, form.approves = request.user, row, name == "approve"  # type: ignore[assignment]
            if form.is_valid():
                messages.success(request, f"Recorded: {form.result}.")
                return redirect("admin:reviews_reviewrequest_changelist")
        context = {"row": row, "form": form, **self._reading(request, row), **_as_read(row.revision)}
        return render(request, "desk/review.html", {**self.admin_site.each_context(request), **context})

    def _claim(self, request: HttpRequest, row: ReviewRequest, verb: str) -> HttpResponse:
        try:
            getattr(row, verb)(by=request.user)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(reverse("admin:reviews_reviewrequest_change", args=[row.pk]))

    def _reading(self, request: HttpRequest, row: ReviewRequest) -> dict[str, Any]:
        """What a clinician needs to decide, and why they may not."""
        approved = Review.objects.valid().filter(revision=row.revision).select_related("revision").first()
        base = approved or baseline(row.revision)
        refusal = ""
        try:
            if row.closed_at is not None:
                raise Moved(f"Closed on {row.closed_at:%-d %B %Y} by {row.closed_by}: {row.get_outcome_display()}.")
            Reviewer.of(request.user).may_review(row.revision, on=clock.today())  # type: ignore[arg-type]
        except Refusal as why:
            refusal = str(why)
        return {
            "refusal": refusal,
            "base": base,
            "blocks": difference.blocks(base.revision, row.revision) if base is not None else [],
            "warnings": readiness.warnings(row.revision),
            "mine": row.claimed_by is not None and row.claimed_by.user_id == request.user.pk,
        }
