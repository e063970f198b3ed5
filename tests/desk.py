"""Forms of the desk as a browser sends them. Each function makes a page of its own and returns the act on it."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles import rendering

from . import make, people

# Sends the form and says the status of the answer: 302 when it was done, 200 when the form says why not.
Sending = Callable[[], int]


def sending(by: User, address: str, form: dict[str, object]) -> Sending:
    """A form sent from the browser of this person, as often as wanted."""
    signed_in = Client()
    signed_in.force_login(by)
    session = signed_in.cookies[settings.SESSION_COOKIE_NAME].value

    def send() -> int:
        client = Client(raise_request_exception=False)
        client.cookies[settings.SESSION_COOKIE_NAME] = session
        return client.post(address, form).status_code

    return send


def asking(slug: str = "prognosis") -> Sending:
    """An author asks for a review."""
    people.clinician()
    revision = make.revision(make.article(slug))
    return sending(people.author(), reverse("admin:desk_ask", args=[revision.article_id, revision.number]), {})


def claiming(slug: str = "prognosis") -> Sending:
    """A clinician takes a request from the queue; the answer is 302 in any case."""
    request = make.request(make.revision(make.article(slug)))
    return sending(people.clinician().user, _queue(request.pk), {"act": "claim"})


def approving(slug: str = "prognosis") -> Sending:
    """A clinician signs."""
    request = make.request(make.revision(make.article(slug)))
    form = {"act": "approve", "digest": request.revision.digest, "scope": "whole", "months": 12, "conflicts": "None"}
    return sending(people.clinician().user, _queue(request.pk), form)


def publishing(slug: str = "prognosis") -> Sending:
    """A publisher publishes now what waits for tomorrow."""
    review = make.review(make.revision(make.article(slug)))
    make.publication(review, live_from=_tomorrow())
    address = reverse("admin:desk_publish", args=[review.revision.article_id, review.pk])
    return sending(people.publisher(), address, {"live_from_0": "", "live_from_1": ""})


def withdrawing(slug: str = "prognosis") -> Sending:
    """A publisher withdraws a page, of which a newer version waits for tomorrow."""
    publication = make.publication(make.review(make.revision(make.article(slug))))
    make.publication(make.review(make.revision(publication.article, body="Newer words.")), live_from=_tomorrow())
    address = reverse("admin:desk_withdraw", args=[publication.article_id, publication.pk])
    return sending(people.publisher(), address, {"why": "A new study."})


def saving(slug: str = "prognosis") -> Sending:
    """An author saves a text; one that is saved already is not refused."""
    article = make.article(slug)
    rendering.render("Words.")  # kept, so that a crowd needs one renderer
    form = {
        "topic": article.topic,
        "slug": slug,
        "question": "Why?",
        "body": "Words.",
        "origin": "human",
        "based_on": 0,
    }
    return sending(people.author(), reverse("admin:articles_article_change", args=[article.pk]), form)


def _queue(request: int) -> str:
    return reverse("admin:reviews_reviewrequest_change", args=[request])


def _tomorrow() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
