"""The admin's first page: what the person who signed in should do now, and only what they may do."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Letter, User
from accounts.today import Line, Panel
from reviews.desk import today
from reviews.models import Credential, Reviewer
from tests import make, people

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def panels(person: User) -> dict[str, Panel]:
    """The panels this person finds on the first page, by their titles."""
    request: Any = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=person.pk)
    found = [panel for read in admin.site.panels for panel in read(request)]  # type: ignore[attr-defined]
    return {panel.title: panel for panel in found}


def first_page(person: User, settings: Any) -> str:
    """The first page as this person gets it."""
    settings.ROUNDS_DEMO = True
    client = Client()
    client.force_login(person)
    return client.get(reverse("admin:index")).content.decode()


def only(panel: Panel) -> Line:
    """The one line of a panel."""
    (line,) = panel.lines
    return line


def test_a_clinician_finds_what_they_claimed_and_how_much_they_could_take() -> None:
    clara, carl = people.clinician("Clara", "Authors"), people.clinician("Carl")
    own = make.request(make.revision(make.article("own"), by=clara.user))
    claimed, taken, free = (make.request(make.revision(make.article(slug))) for slug in ("claimed", "taken", "free"))
    claimed.claim(by=clara.user)
    taken.claim(by=carl.user)
    mine, others = panels(clara.user)["Your reviews"].lines
    assert mine.address == reverse("admin:reviews_reviewrequest_change", args=[claimed.pk])
    assert mine.words == claimed.revision.question
    assert mine.detail == f"POEMS syndrome. New page, due {claimed.due_on:%-d %B %Y}"
    assert others.words == "1 review to take from the queue"
    assert others.detail == f"The next due {free.due_on:%-d %B %Y}"
    assert own.revision.author == clara.user
    assert panels(carl.user)["Your reviews"].lines[1].words == "2 reviews to take from the queue"


def test_words_that_were_approved_since_no_longer_keep_their_author_from_the_queue() -> None:
    clara, carl = people.clinician("Clara", "Authors"), people.clinician("Carl")
    make.review(make.revision(by=clara.user), by=carl)
    article = make.article("other")
    make.review(make.revision(article, by=clara.user), by=carl, scope="whole")
    make.request(make.revision(article, body="Somebody else's words."))
    assert only(panels(clara.user)["Your reviews"]).words == "1 review to take from the queue"


def test_a_clinician_who_cannot_sign_is_told_before_the_work(settings: Any) -> None:
    make.request()
    newcomer = people.person("nora@example.org", "Clinicians")
    assert panels(newcomer)["Your reviews"].nothing.startswith("Nobody has checked a credential of yours")
    clara = people.clinician()
    clara.credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Struck off.")
    told = panels(clara.user)["Your reviews"]
    assert (told.lines, told.nothing[:26]) == ([], "Your credential is revoked")
    assert "Ask a registrar" in first_page(clara.user, settings)


def test_an_author_finds_what_was_sent_back_with_the_reason_and_what_was_not_asked_yet() -> None:
    sent_back = make.request(make.revision(make.article("back")))
    reason = "Name the dose. " + "And the source of it. " * 9
    sent_back.ask_for_changes(by=people.clinician().user, digest=sent_back.revision.digest, reason=reason)
    make.revision(make.article("new"))
    make.request(make.revision(make.article("waits")))
    make.review(make.revision(make.article("approved")))
    make.revision(make.revision(make.article("theirs")).article, by=people.second_author(), body="Other words.")
    back, new = panels(people.author())["Your drafts"].lines
    assert back.address == reverse("admin:articles_article_change", args=[sent_back.revision.article_id])
    assert "Clara Test, MD asks for changes: “Name the dose. And the source" in back.detail
    assert back.detail.endswith("…”")
    assert back.late
    assert new.detail == "poems-syndrome/new, version 1. Not asked yet"
    assert only(panels(people.second_author())["Your drafts"]).detail.startswith("poems-syndrome/theirs, version 2")


def test_a_publisher_finds_what_is_approved_and_was_never_public() -> None:
    title, publisher = "Approved, not published", people.publisher()
    review = make.review()
    assert only(panels(publisher)[title]).address == reverse(
        "admin:desk_publish", args=[review.revision.article_id, review.pk]
    )
    waiting = make.publication(review, live_from=dt.datetime.now(dt.UTC) + DAY)
    assert panels(publisher)[title].lines == []
    waiting.withdraw(by=publisher, why="Not yet.")
    assert len(panels(publisher)[title].lines) == 1
    make.publication(review)
    assert panels(publisher)[title].lines == []
    newer = make.review(make.revision(review.revision.article, body="Newer words."))
    make.revision(review.revision.article, body="A draft.")
    assert only(panels(publisher)[title]).address.endswith(f"/publish/{newer.pk}/")


def test_an_approval_that_publishing_would_refuse_comes_last_with_the_reason() -> None:
    publisher, carl = people.publisher(), people.clinician("Carl")
    refused = make.review(make.revision(make.article("refused")), by=carl)
    later = make.today() + 9 * DAY
    carl.credentials.get().revoke(by=people.registrar(), from_day=later, why="Retires.")
    shown = make.publication(make.review(make.revision(make.article("shown"))))
    old = make.review(make.revision(shown.article, body="Newer words."), signed_on=make.today() - 400 * DAY, months=1)
    # Done on paper long ago, and never public: it may be published once.
    paper = make.review(make.revision(make.article("paper")), signed_on=make.today() - 400 * DAY, months=1)
    fresh = make.review(make.revision(make.article("fresh")))
    page = "admin:articles_article_change"
    found = [(line.address, line.late) for line in panels(publisher)["Approved, not published"].lines]
    assert found == [
        (reverse("admin:desk_publish", args=[fresh.revision.article_id, fresh.pk]), False),
        (reverse(page, args=[refused.revision.article_id]), True),
        (reverse(page, args=[old.revision.article_id]), True),
        (reverse("admin:desk_publish", args=[paper.revision.article_id, paper.pk]), False),
    ]
    _, first, second, _ = panels(publisher)["Approved, not published"].lines
    assert first.detail.endswith("The credential of Carl Test, MD was revoked. Ask for a new review.")
    assert "This approval lapsed on" in second.detail


def test_of_many_approvals_it_says_how_many_more_there_are_and_leads_to_no_wrong_list(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(today, "LINES", 1)
    public = make.publication().article
    for words in ("Newer words.", "Newest words."):
        make.review(make.revision(public, body=words))  # one page: its newest approval only
    for slug in ("second", "third"):
        make.review(make.revision(make.article(slug)))
    _, more = panels(people.publisher())["Approved, not published"].lines
    assert (more.words, more.address) == ("and 2 more", "")
    assert "<li>and 2 more</li>" in first_page(people.publisher(), settings)


def test_whoever_can_do_something_about_it_sees_how_many_reviews_have_lapsed_or_will_soon() -> None:
    for slug, days in (("lapsed", 400), ("soon", 330), ("fresh", 10)):
        make.publication(make.review(make.revision(make.article(slug)), signed_on=make.today() - days * DAY))
    for person in (people.author(), people.clinician().user, people.publisher()):
        lapsed, soon = panels(person)["Due soon"].lines
        assert (lapsed.words, lapsed.late) == ("1 page whose review has lapsed", True)
        assert (soon.words, soon.late) == ("1 page whose review lapses within 60 days", False)
    assert "Due soon" not in panels(people.registrar())


def licensed(name: str, until: int | None) -> Credential:
    """A reviewer whose check ends so many days from now, or who has none."""
    person = people.person(f"{name.lower()}@example.org", "Clinicians")
    reviewer = Reviewer.objects.create(
        user=person, name=name, slug=name.lower(), specialty="Haematologist", since=make.today()
    )
    credential = reviewer.credentials.create(profession="Physician", register="Test Register", number=name.upper())
    if until is not None:
        end = make.today() + until * DAY
        credential.record_check(by=people.registrar(), valid_from=make.today() - 99 * DAY, valid_until=end)
    return credential


def test_a_registrar_finds_who_cannot_sign_or_soon_cannot_as_the_list_behind_it_says(settings: Any) -> None:
    people.clinician()
    registrar = people.registrar()
    assert panels(registrar)["Credentials"].lines == []
    licensed("Nora", None)
    licensed("Olga", -1)
    licensed("Sam", 80)
    licensed("Rex", 20).revoke(by=registrar, from_day=make.today(), why="Struck off.")
    again = licensed("Ines", -50)
    again.revoke(by=registrar, from_day=make.today() - 9 * DAY, why="Another person.")
    again.record_check(by=registrar, valid_from=make.today(), valid_until=make.today() + 10 * DAY)
    bare = people.person("bare@example.org", "Clinicians")
    Reviewer.objects.create(user=bare, name="Bare", slug="bare", since=make.today())
    lines = panels(registrar)["Credentials"].lines
    assert [(line.words, line.detail, line.late) for line in lines] == [
        ("Nora", "Never checked", True),
        ("Bare", "Never checked", True),
        ("Olga", f"Ran out on {make.today() - DAY:%-d %B %Y}", True),
        ("Rex", f"Revoked from {make.today():%-d %B %Y}", True),
        ("Ines", f"Valid to {make.today() + 10 * DAY:%-d %B %Y}", False),
        ("Sam", f"Valid to {make.today() + 80 * DAY:%-d %B %Y}", False),
    ]
    settings.ROUNDS_DEMO = True
    client = Client()
    client.force_login(registrar)
    (address,) = {line.address for line in lines}
    behind = client.get(address).content.decode()
    assert re.findall(r'class="line-title" href="[^"]+">(.*?)</a>', behind) == [line.words for line in lines]


def test_an_administrator_finds_letters_that_were_refused() -> None:
    for number in range(3):
        Letter.objects.create(to="a@example.org", subject="x", body="x", problem="Refused." if number else "")
    assert only(panels(people.superuser())["Letters"]).words == "2 letters were not sent"
    assert set(panels(people.superuser())) >= {"Your drafts", "Credentials"}
    assert "Your reviews" not in panels(people.superuser())
    assert "Letters" not in panels(people.publisher())


def test_a_long_list_is_cut_and_says_where_the_others_are() -> None:
    for number in range(today.LINES + 2):
        make.revision(make.article(f"page-{number}"))
    lines = panels(people.author())["Your drafts"].lines
    assert len(lines) == today.LINES + 1
    assert (lines[-1].words, lines[-1].address) == ("All of them", reverse("admin:articles_article_changelist"))


def test_below_it_stands_what_one_may_look_at_by_what_people_do(settings: Any) -> None:
    html = first_page(people.superuser(), settings)
    for title in ("Write", "Review", "Publish", "People", "Record"):
        assert f">{title}</h2>" in html
    assert ">More</h2>" not in html, "A model of the admin stands in no group of accounts/today.py."
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert f'href="{reverse(f"admin:{name}_changelist")}"' in html
    html = first_page(people.registrar(), settings)
    assert ">People</h2>" in html
    assert ">Write</h2>" not in html
    assert reverse("admin:accounts_user_changelist") not in html


def test_whoever_may_do_nothing_is_told_whom_to_ask(settings: Any) -> None:
    html = first_page(people.person("paula@example.org", is_staff=True), settings)
    assert "Ask an administrator to add you to a group" in html


def test_the_first_page_takes_at_most_eighteen_queries_for_somebody_who_may_do_everything(settings: Any) -> None:
    settings.ROUNDS_DEMO = True
    everything = [group.name for group in Group.objects.all()]
    clara = people.clinician("Clara", *everything)
    for number in range(3):
        make.publication(make.review(make.revision(make.article(f"old-{number}")), by=people.clinician("Carl")))
        make.revision(make.article(f"mine-{number}"), by=clara.user)
        make.request(make.revision(make.article(f"waits-{number}"))).claim(by=clara.user)
    for person in (clara.user, people.superuser()):
        client = Client()
        client.force_login(person)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("admin:index")).status_code == 200
        assert len(queries) <= 18, [query["sql"][:90] for query in queries]
