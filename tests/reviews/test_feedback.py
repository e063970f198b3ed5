"""What readers say: what is kept of it, who closes it, how it starts a review, and what the database refuses."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Letter, User
from accounts.refusals import NotAllowed, Refusal
from articles.text import TextRefused
from reviews.models import Feedback, ReviewRequest
from reviews.models.feedback import MOST_CHARACTERS
from reviews.refusals import Moved
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PEOPLE, together
from tests.database import refused_by, sql

pytestmark = pytest.mark.django_db

LIST = "admin:reviews_feedback_changelist"


def at_the_desk(person: User, settings: Settings) -> Client:
    """A browser of somebody who is signed in at the desk."""
    settings.ROUNDS_DEMO = True
    client = Client()
    client.force_login(person)
    return client


def one(feedback: Feedback) -> str:
    """Where one of it stands."""
    return reverse("admin:reviews_feedback_change", args=[feedback.pk])


class TestGiving:
    def test_what_was_said_is_kept_with_the_exact_version_and_nothing_about_the_sender(self) -> None:
        publication = make.publication()
        said = make.feedback(publication, words="  The dose\r\nis wrong. ", email="rosa@example.org")
        make.publication(make.review(make.revision(publication.article, body="Newer words.")))
        said.refresh_from_db()
        assert said.revision == publication.review.revision
        assert said.words == "The dose\nis wrong."
        kept = {field.name for field in Feedback._meta.fields}
        assert kept - {"handled_by", "handled_at", "outcome", "note", "request"} == {
            *("id", "revision", "kind", "words", "email", "key", "received_at")
        }

    @pytest.mark.parametrize("kind", ["yes", "no"])
    def test_an_answer_without_words_is_counted_and_waits_for_nobody(self, kind: str) -> None:
        said = make.feedback(kind=kind, words="")
        assert said.handled_at is None
        assert not Feedback.objects.waiting().exists()

    def test_a_no_with_words_waits_to_be_read(self) -> None:
        assert list(Feedback.objects.waiting()) == []
        said = make.feedback(kind="no", words="I did not understand the second part.")
        assert list(Feedback.objects.waiting()) == [said]

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"words": " \n "}, "Say what is wrong"),
            ({"kind": "yes", "words": "", "email": "rosa@example.org"}, "Write what you would like an answer to"),
            ({"words": "x" * (MOST_CHARACTERS + 1)}, "have 4,001 characters; at most 4,000 fit"),
            ({"words": "The dose is \u202e5 mg."}, r"line 1, column 13: U\+202E"),
            ({"words": "A zero\u200b width blank."}, "zero width space"),
            ({"words": "A null\x00."}, r"U\+0000"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_the_reason(self, said: dict[str, str], why: str) -> None:
        publication = make.publication()
        with pytest.raises(Refusal, match=why):
            make.feedback(publication, **said)  # type: ignore[arg-type]
        assert not Feedback.objects.exists()

    def test_the_longest_words_fit(self) -> None:
        assert len(make.feedback(words="x" * MOST_CHARACTERS).words) == MOST_CHARACTERS

    def test_a_version_that_never_was_public_takes_none(self) -> None:
        public = make.publication()
        draft = make.revision(public.article, body="A draft.")
        waiting = make.publication(make.review(draft), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))
        for revision in (draft, waiting.review.revision, make.revision(make.article("other"))):
            with pytest.raises(Refusal, match="never was public"):
                Feedback.objects.give(revision, kind="mistake", words="Wrong.", key="k")

    def test_a_version_that_was_taken_down_takes_some(self) -> None:
        publication = make.publication()
        publication.withdraw(by=people.publisher(), why="A figure was wrong.")
        assert make.feedback(publication).pk

    def test_the_same_form_twice_is_one_row_and_with_other_words_it_is_refused(self) -> None:
        publication = make.publication()
        first = make.feedback(publication, key="form")
        assert make.feedback(publication, key="form") == first
        with pytest.raises(Moved, match="sent already, with other words"):
            make.feedback(publication, key="form", words="Other words.")
        assert Feedback.objects.get().words == first.words


class TestHandling:
    @pytest.mark.parametrize("outcome", ["nothing", "written", "passed"])
    def test_authors_and_publishers_close_it_and_it_says_who_and_when(self, outcome: str) -> None:
        for person in (people.author(), people.publisher()):
            said = make.feedback(make.publication(make.review(make.revision(make.article(person.email[:3])))))
            said.close(by=person, outcome=outcome, note="Told the registrar.")
            assert (said.handled_by, said.outcome, said.note) == (person, outcome, "Told the registrar.")
            assert said.handled_at is not None
        assert not Feedback.objects.waiting().exists()

    def test_nobody_else_closes_it(self) -> None:
        said = make.feedback()
        for person in (people.reader(), people.clinician().user, people.registrar(), people.moderator()):
            with pytest.raises(NotAllowed):
                said.close(by=person, outcome="nothing")
            with pytest.raises(NotAllowed):
                said.ask_for_review(by=person)
            with pytest.raises(NotAllowed):
                said.erase(by=person)
        with pytest.raises(NotAllowed, match="may not ask for a review"):
            said.ask_for_review(by=people.publisher())
        with pytest.raises(NotAllowed, match="may not erase"):
            said.erase(by=people.author())
        assert Feedback.objects.waiting().get() == said

    def test_it_is_closed_once(self) -> None:
        said = make.feedback()
        said.close(by=people.author(), outcome="nothing")
        with pytest.raises(Moved, match=r"Ada handled this on .*: nothing to do"):
            said.close(by=people.publisher(), outcome="written")
        with pytest.raises(Moved, match="Ada handled this"):
            said.ask_for_review(by=people.author())
        assert not ReviewRequest.objects.open().exists()

    def test_what_needs_more_words_says_so(self) -> None:
        said = make.feedback()
        with pytest.raises(Refusal, match="Say to whom"):
            said.close(by=people.author(), outcome="passed", note=" ")
        with pytest.raises(Refusal, match="with the button that starts one"):
            said.close(by=people.author(), outcome="review")

    def test_it_starts_a_review_of_what_readers_see_now(self) -> None:
        old = make.publication()
        said = make.feedback(old)
        shown = make.publication(make.review(make.revision(old.article, body="Newer words.")))
        make.revision(old.article, body="A draft.")
        request = said.ask_for_review(by=people.author(), note="A reader doubts the dose.")
        assert (request.revision, request.kind) == (shown.review.revision, ReviewRequest.Kind.AGAIN)
        assert (request.asked_by, request.note) == (people.author(), "A reader doubts the dose.")
        assert (said.outcome, said.request) == (Feedback.Outcome.REVIEW, request)
        assert Letter.objects.filter(key__startswith=f"asked-{request.pk}-").exists()

    def test_where_nothing_can_be_reviewed_it_stays_open_and_says_why(self) -> None:
        publication = make.publication()
        said, another = make.feedback(publication), make.feedback(publication)
        another.ask_for_review(by=people.author())
        with pytest.raises(Moved, match="waiting for a review already"):
            said.ask_for_review(by=people.author())
        publication.withdraw(by=people.publisher(), why="A figure was wrong.")
        with pytest.raises(Refusal, match="nothing to review"):
            said.ask_for_review(by=people.author())
        said.refresh_from_db()
        assert said.handled_at is None

    def test_a_publisher_erases_it_and_what_was_done_because_of_it_stays(self) -> None:
        said = make.feedback()
        request = said.ask_for_review(by=people.author())
        said.erase(by=people.publisher())
        assert not Feedback.objects.exists()
        assert ReviewRequest.objects.open().get().pk == request.pk
        with pytest.raises(Moved, match="erased this meanwhile"):
            Feedback(pk=999, revision=request.revision).close(by=people.author(), outcome="nothing")

    def test_the_address_for_an_answer_is_erased_some_days_after_it_was_handled(
        self, moved_clock: Clock, settings: Settings
    ) -> None:
        settings.FEEDBACK_EMAIL_DAYS = 30
        publication = make.publication()
        handled, waits = (make.feedback(publication, email=f"{n}@example.org") for n in "ab")
        handled.close(by=people.author(), outcome="nothing")
        assert handled.handled_at is not None
        moved_clock.move(handled.handled_at + dt.timedelta(days=29, hours=23))
        assert Feedback.objects.erase_emails() == 0
        moved_clock.move(handled.handled_at + dt.timedelta(days=30, minutes=1))
        assert Feedback.objects.erase_emails() == 1
        assert Feedback.objects.erase_emails() == 0
        for row in (handled, waits):
            row.refresh_from_db()
        assert (handled.email, handled.words, waits.email) == ("", waits.words, "b@example.org")
        moved_clock.move(waits.received_at + dt.timedelta(days=365, minutes=1))
        assert Feedback.objects.erase_emails() == 1


class TestRaces:
    @pytest.mark.django_db(transaction=True)
    def test_many_who_start_a_review_at_once_start_one_and_the_others_are_told(self) -> None:
        said = make.feedback()
        authors = [people.person(f"author{number}@example.org", "Authors") for number in range(PEOPLE)]

        def ask(by: User) -> Callable[[], object]:
            return lambda: Feedback.objects.get(pk=said.pk).ask_for_review(by=by)

        results = together([ask(author) for author in authors])
        assert Counter(map(type, results)) == {ReviewRequest: 1, Moved: PEOPLE - 1}
        assert all("handled this on" in str(result) for result in results if isinstance(result, Moved))
        said.refresh_from_db()
        assert ReviewRequest.objects.open().get() == said.request

    @pytest.mark.django_db(transaction=True)
    def test_many_who_close_and_ask_at_once_do_one_thing(self) -> None:
        said = make.feedback()
        author = people.author()

        def close() -> None:
            Feedback.objects.get(pk=said.pk).close(by=author, outcome="nothing")

        def ask() -> None:
            Feedback.objects.get(pk=said.pk).ask_for_review(by=author)

        results = together([close, ask] * (PEOPLE // 2))
        assert Counter(map(type, results)) == {type(None): 1, Moved: PEOPLE // 2 * 2 - 1}
        said.refresh_from_db()
        assert ReviewRequest.objects.open().count() == (said.outcome == Feedback.Outcome.REVIEW)

    @pytest.mark.django_db(transaction=True)
    def test_one_form_sent_by_many_at_once_is_one_row(self) -> None:
        publication = make.publication()
        results = together([lambda: make.feedback(publication, key="form").pk] * PEOPLE)
        assert len(set(results)) == 1
        assert Feedback.objects.count() == 1


class TestDesk:
    def test_the_list_shows_what_waits_with_version_and_what_readers_see_now(self, settings: Settings) -> None:
        publication = make.publication()
        make.feedback(publication, words="The <b>dose</b> is wrong.", email="rosa@example.org")
        make.publication(make.review(make.revision(publication.article, body="Newer words.")))
        make.feedback(publication, kind="yes", words="")
        page = at_the_desk(people.author(), settings).get(reverse(LIST)).content.decode()
        assert (
            "1 message waits to be read, 1 of them about a mistake. So far 1 called a page useful, 0 did not." in page
        )
        assert "The &lt;b&gt;dose&lt;/b&gt; is wrong." in page
        assert "Version 1; readers now see version 2" in page
        assert "rosa@example.org" not in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"waiting", "unclear"}),
            ("?kind=mistake", {"waiting"}),
            ("?state=handled", {"handled"}),
            ("?state=counted", set()),
            ("?condition=wilson-disease", {"unclear"}),
            ("?kind=nonsense&page=99", {"waiting", "unclear"}),
        ],
    )
    def test_the_list_is_narrowed(self, settings: Settings, query: str, found: set[str]) -> None:
        publication = make.publication()
        wilson = make.article("diet", of=make.condition("wilson-disease", "Wilson disease"))
        make.feedback(publication, words="It is waiting.")
        make.feedback(publication, words="It is handled.").close(by=people.author(), outcome="nothing")
        make.feedback(make.publication(make.review(make.revision(wilson))), kind="no", words="It is unclear.")
        page = at_the_desk(people.author(), settings).get(reverse(LIST) + query).content.decode()
        assert {word for word in ("waiting", "handled", "unclear") if f"“It is {word}.”" in page} == found

    def test_the_list_needs_few_queries_however_long_it_is(
        self, settings: Settings, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            make.feedback(make.publication(make.review(make.revision(make.article(f"page-{number}")))))
        client = at_the_desk(people.superuser(), settings)
        with django_assert_max_num_queries(10):
            assert client.get(reverse(LIST)).status_code == 200

    def test_one_of_it_quotes_the_exact_version_and_closes(self, settings: Settings) -> None:
        said = make.feedback(words="First line.\nSecond <i>line</i>.", email="rosa@example.org")
        client = at_the_desk(people.author(), settings)
        page = client.get(one(said)).content.decode()
        assert "First line.<br>Second &lt;i&gt;line&lt;/i&gt;." in page
        assert "Nobody has checked them" in page
        assert reverse("admin:desk_preview", args=[said.revision.article_id, 1]) in page
        assert "This very version" in page
        assert "mailto:rosa@example.org" in page
        refused = client.post(one(said), {"act": "close", "outcome": "passed", "note": ""})
        assert "Say to whom you passed it on." in refused.content.decode()
        assert client.post(one(said), {"act": "close", "outcome": "nothing", "note": "It is right."}).status_code == 302
        page = client.get(one(said)).content.decode()
        assert "It is right." in page
        assert 'value="close"' not in page

    def test_an_address_adds_nobody_and_no_words_to_the_answer(self, settings: Settings) -> None:
        # A valid address, and as a link a letter to somebody else, with a copy for whoever gave it.
        said = make.feedback(email="rosa?bcc=spy%example.net&body=hello@example.org")
        page = at_the_desk(people.author(), settings).get(one(said)).content.decode()
        assert 'href="mailto:rosa%3Fbcc%3Dspy%25example.net%26body%3Dhello@example.org"' in page

    def test_the_second_of_two_editors_is_told_who_was_faster(self, settings: Settings) -> None:
        said = make.feedback()
        client = at_the_desk(people.author(), settings)
        said.close(by=people.publisher(), outcome="nothing")
        page = client.post(one(said), {"act": "ask", "why": "Look at the dose."}).content.decode()
        assert "Petra handled this on" in page
        assert not ReviewRequest.objects.open().exists()

    def test_a_clinician_reads_it_without_the_address_and_without_a_button(self, settings: Settings) -> None:
        said = make.feedback(email="rosa@example.org")
        page = at_the_desk(people.clinician().user, settings).get(one(said)).content.decode()
        assert said.words in page
        assert "rosa@example.org" not in page
        assert 'name="act"' not in page

    def test_a_review_that_it_started_shows_the_clinician_the_words_until_they_are_erased(
        self, settings: Settings
    ) -> None:
        said = make.feedback(words="The second figure belongs to another study.")
        author = at_the_desk(people.author(), settings)
        form = author.get(one(said)).content.decode()
        assert f"Started from a reader’s message of {said.received_at:%-d %B %Y}." in form
        author.post(one(said), {"act": "ask", "why": "Started from a reader’s message."})
        request = ReviewRequest.objects.open().get()
        assert said.words not in request.note
        desk = reverse("admin:reviews_reviewrequest_change", args=[request.pk])
        clinician = at_the_desk(people.clinician().user, settings)
        page = clinician.get(desk).content.decode()
        assert "Started from a reader’s message." in page
        assert said.words in page
        said.refresh_from_db()
        said.erase(by=people.publisher())
        assert said.words not in clinician.get(desk).content.decode()

    def test_erasing_leaves_no_word_of_it_in_the_admins_own_log(self, settings: Settings) -> None:
        said = make.feedback(words="Canary words.", email="canary@example.org")
        client = at_the_desk(people.publisher(), settings)
        assert client.post(reverse("admin:reviews_feedback_delete", args=[said.pk]), {"post": "yes"}).status_code == 302
        assert not Feedback.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT object_repr, change_message FROM django_admin_log")
            assert "anary" not in str(cursor.fetchall())

    def test_the_first_page_says_how_much_waits_to_those_who_may_close_it(self, settings: Settings) -> None:
        publication = make.publication()
        make.feedback(publication)
        make.feedback(publication, kind="no", words="Too long.")
        make.feedback(publication, kind="yes", words="")
        for person, told in ((people.author(), True), (people.publisher(), True), (people.clinician().user, False)):
            page = at_the_desk(person, settings).get(reverse("admin:index")).content.decode()
            assert ("1 mistake reported" in page) == told
            assert ("1 other message" in page) == told


@pytest.mark.owner
class TestGuards:
    @pytest.mark.parametrize(
        "change",
        [
            {"words": "Other words."},
            {"kind": "no"},
            {"key": "another"},
            {"received_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
            {"email": "another@example.org"},
        ],
    )
    def test_what_was_said_is_not_changed(self, change: dict[str, Any]) -> None:
        said = make.feedback(email="rosa@example.org")
        with refused_by("feedback_keeps_what_was_said"):
            Feedback.objects.filter(pk=said.pk).update(**change)

    def test_it_is_not_moved_to_another_version(self) -> None:
        said = make.feedback()
        newer = make.publication(make.review(make.revision(said.revision.article, body="Newer words.")))
        with refused_by("feedback_keeps_what_was_said"):
            sql("UPDATE reviews_feedback SET revision_id = %s WHERE id = %s", newer.review.revision_id, said.pk)

    def test_its_address_can_be_erased_and_it_can_be_deleted(self) -> None:
        said = make.feedback(email="rosa@example.org")
        assert Feedback.objects.filter(pk=said.pk).update(email="") == 1
        Feedback.objects.filter(pk=said.pk).delete()
        assert not Feedback.objects.exists()

    @pytest.mark.parametrize(
        "change", [{"handled_at": None, "handled_by": None, "outcome": ""}, {"outcome": "written"}, {"note": "Other."}]
    )
    def test_what_was_handled_stays_so(self, change: dict[str, Any]) -> None:
        said = make.feedback()
        said.close(by=people.author(), outcome="nothing")
        with refused_by("handled_feedback_stays_handled"):
            Feedback.objects.filter(pk=said.pk).update(**change)

    def test_it_does_not_arrive_handled(self) -> None:
        publication = make.publication()
        handled = {"handled_by": people.author(), "handled_at": dt.datetime.now(dt.UTC), "outcome": "nothing"}
        with refused_by("feedback_arrives_unhandled"):
            Feedback.objects.create(revision=publication.review.revision, kind="yes", key="k", **handled)

    def test_it_is_about_a_published_text(self) -> None:
        with refused_by("feedback_is_about_a_public_text"):
            Feedback.objects.create(revision=make.revision(), kind="yes", key="k")

    def test_it_is_dated_by_the_database(self) -> None:
        revision, early = make.publication().review.revision, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        with refused_by("reviews_feedback_received_at_is_now"):
            Feedback.objects.create(revision=revision, kind="yes", key="k", received_at=early)

    def test_it_starts_a_review_of_its_own_page(self) -> None:
        said = make.feedback()
        other = make.request(make.revision(make.article("other")))
        handled = {"handled_by": people.author(), "handled_at": dt.datetime.now(dt.UTC), "outcome": "review"}
        with refused_by("feedback_starts_a_review_of_its_page"):
            Feedback.objects.filter(pk=said.pk).update(request=other, **handled)

    def test_it_is_never_replaced(self) -> None:
        said = make.feedback()
        with refused_by("reviews_feedback_refuses_replace"):
            Feedback.objects.create(revision=said.revision, kind="yes", key=said.key)

    @pytest.mark.parametrize(
        ("row", "constraint"),
        [
            ({"kind": "mistake"}, "a_mistake_is_told_in_words"),
            ({"kind": "other", "words": "Words."}, "a_mistake_is_told_in_words"),
            ({"kind": "yes", "email": "rosa@example.org"}, "an_answer_is_to_some_words"),
            ({"kind": "no", "words": "x" * 4001}, "readers_words_are_not_too_many"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, row: dict[str, str], constraint: str) -> None:
        revision = make.publication().review.revision
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Feedback.objects.create(revision=revision, key="k", **row)

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            ({"handled_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "handling_has_who_when_and_outcome"),
            ({"outcome": "nothing"}, "handling_has_who_when_and_outcome"),
            ({"note": "A note."}, "handling_has_who_when_and_outcome"),
        ],
    )
    def test_who_when_and_outcome_stand_together(self, change: dict[str, Any], constraint: str) -> None:
        said = make.feedback()
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Feedback.objects.filter(pk=said.pk).update(**change)

    def test_a_review_that_was_asked_for_is_named(self) -> None:
        said = make.feedback()
        handled = {"handled_by": people.author(), "handled_at": dt.datetime.now(dt.UTC), "outcome": "review"}
        with pytest.raises(IntegrityError, match="a_review_asked_for_is_named"), transaction.atomic():
            Feedback.objects.filter(pk=said.pk).update(**handled)


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5000, "\u0661", "-1", "x"])
def test_a_number_that_nothing_has_is_not_found(settings: Settings, number: str) -> None:
    make.feedback()
    desk = at_the_desk(people.publisher(), settings)
    assert desk.get(f"{reverse(LIST)}{number}/change/").status_code == 404


def test_a_refusal_of_characters_is_one_of_the_texts_own() -> None:
    with pytest.raises(TextRefused):
        make.feedback(words="\u200eHidden.")
