"""A question page, its history, and what stands at its address once it was taken down."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse

from articles import rendering
from reviews.models import Withdrawal

from . import catalogue, errors, jsonld, reading
from . import history as record
from .views import reader_page

# So many other questions stand below a page; the hub has them all.
RELATED = 6


@reader_page
def question(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """One question page; 301 from an old address, 410 with the reason when withdrawn, 503 for a bad digest."""
    publication = reading.live_at(condition, article)
    if publication is None:
        return withdrawn(request, condition, article)
    here = publication.article
    if (here.condition.slug, here.slug) != (condition, article):
        return HttpResponsePermanentRedirect(here.get_absolute_url())
    try:
        page = reading.question_page(publication)
    except reading.Tampered as tampered:
        return errors.tampered(request, tampered)
    contents = rendering.contents(page.revision.html)
    codes = catalogue.codes_of(publication.other_codes)
    return render(
        request,
        "pages/question.html",
        {
            "article": here,
            "condition_name": publication.condition_name,
            "revision": page.revision,
            "citations": page.citations,
            "contents": contents,
            "stamp": page.stamp,
            "lapsed": not page.stamp.in_date,
            "last_updated": reading.last_updated(publication),
            "history_url": reverse("history", args=[condition, article]),
            "review_asked_at": publication.review_asked_at,
            "related": page.related[:RELATED],
            "questions": len(page.related) + 1,
            "members": page.members,
            "community_url": f"{here.condition.get_absolute_url()}community/",
            "today": page.stamp.today,
            "section": "conditions",
            "codes": [code for code in codes if code.stated],
            "unstated_codes": [code for code in codes if not code.stated],
            "machine": jsonld.question(page, contents),
        },
    )


@reader_page
def history(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """What readers saw of a page, on whose word, and what changed; also of a page that was withdrawn."""
    found = record.history_at(condition, article)
    if found is None:
        raise Http404("No page ever was public at this address.")
    number = request.GET.get("version")
    entry = found.newest if number is None else found.of_version(number)
    if entry is None:
        raise Http404("No such version ever was public.")
    here = found.article
    if (here.condition.slug, here.slug) != (condition, article):
        query = f"?version={entry.number}" if number is not None else ""
        return HttpResponsePermanentRedirect(reverse("history", args=[here.condition.slug, here.slug]) + query)
    try:
        changes = record.changes(found, entry)
    except reading.Tampered as tampered:
        return errors.tampered(request, tampered)
    context = {"history": found, "chosen": entry, "changes": changes, "article": here, "section": "conditions"}
    return render(request, "pages/history.html", context)


def withdrawn(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """410 with the reason for a page that was public; 404 for one that never was, drafts included."""
    publication = reading.current_at(condition, article)
    if publication is None:
        raise Http404("No page is public at this address.")
    withdrawal = Withdrawal.objects.filter(publication=publication).first()
    instead = None
    if withdrawal is not None and withdrawal.instead_id is not None:
        instead = reading.line_of(withdrawal.instead_id)
    approved = publication.stamp_facts is not None
    if withdrawal is None and approved:  # it came back in this moment
        return question(request, condition=condition, article=article)
    return render(
        request,
        "pages/withdrawn.html",
        {
            "article": publication.article,
            "condition_name": publication.condition_name,
            "question": publication.review.revision.question if approved else reading.TITLE_OF_VOID,
            "publication": publication,
            "withdrawal": withdrawal,
            "instead": instead,
        },
        status=410,
    )
