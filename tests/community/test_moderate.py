"""A moderator decides on links: through one verb, told to whom it concerns, once, and by nobody else."""

import datetime as dt
import re
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode
from pytest_django import Settings

from accounts.models import Letter, User
from accounts.refusals import NotAllowed, Refusal
from community.criteria import CRITERIA, REASONS
from community.link_forms import BulkForm
from community.models import Link, LinkDecision
from community.models.links import Decided
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PATIENCE, PEOPLE, together
from tests.database import wait_for_a_lock
from tests.pages import dom, site
from tests.test_architecture import ROOT

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:community_link_changelist")
WORDS = {"title": "Sample foundation", "kind": "organisation"}


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Settings) -> None:
    settings.ROUNDS_DEMO = True


@pytest.fixture
def desk(client: Client) -> Client:
    """The browser of a moderator."""
    client.force_login(people.moderator())
    return client


def address(link: Link) -> str:
    """The link at the desk."""
    return reverse("admin:community_link_change", args=[link.pk])


def said(answer: HttpResponse) -> str:
    """All words of an answer."""
    return dom.words(dom.tree(answer.content))


def letters() -> list[tuple[str, str]]:
    """To whom letters went, and what they say."""
    return list(Letter.objects.order_by("pk").values_list("to", "body"))


class TestTheVerbs:
    def test_accepting_shows_the_link_in_the_moderators_words_and_tells_the_suggester(self) -> None:
        link = make.link(email="rosa@example.org", title="their words")
        decision = link.accept(by=people.moderator(), **WORDS, description="A  sample.", language="es", country="ES")
        assert list(Link.objects.shown()) == [link]
        assert link.words == {**WORDS, "description": "A sample.", "language": "es", "country": "ES"}
        assert (link.decided_by, link.decided_at) == (people.moderator(), decision.at)
        assert (decision.act, decision.by, decision.title) == ("accept", people.moderator(), "Sample foundation")
        ((to, body),) = letters()
        assert to == "rosa@example.org"
        assert "accepted it" in body
        assert "https://example.org/" in body

    def test_refusing_tells_the_reason_and_no_letter_names_the_condition(self) -> None:
        link = make.link(email="rosa@example.org")
        link.refuse(by=people.moderator(), why="It is a shop.")
        assert not Link.objects.shown().exists()
        assert link.reason == "It is a shop."
        assert "It is a shop." in letters()[0][1]
        assert "write to us" in letters()[0][1]
        letter = Letter.objects.get()
        assert not re.search("poems", f"{letter.subject} {letter.body}", re.IGNORECASE)

    def test_who_left_no_address_gets_no_letter_and_a_changed_word_is_told_to_nobody(self) -> None:
        make.link().refuse(by=people.moderator(), why="It is a shop.")
        link = make.link(url="https://other.example.org/", email="rosa@example.org")
        link.accept(by=people.moderator(), **WORDS)
        link.edit_words(by=people.moderator(), title="Better", kind="peers")
        assert len(letters()) == 1
        assert link.title == "Better"

    def test_taking_down_and_showing_again_are_told_and_kept_in_order(self) -> None:
        link = make.link(email="rosa@example.org")
        link.accept(by=people.moderator(), **WORDS)
        link.take_down(by=people.moderator(), why="It is a shop now.")
        assert not Link.objects.shown().exists()
        link.restore(by=people.moderator(), **WORDS)
        assert list(Link.objects.shown()) == [link]
        assert [decision.act for decision in link.decisions.order_by("pk")] == ["accept", "down", "restore"]
        assert ["It is a shop now." in body for _, body in letters()] == [False, True, False]

    def test_a_stranger_whose_address_was_left_reads_no_word_of_the_suggester_and_few_letters(
        self, moved_clock: Clock
    ) -> None:
        now = dt.datetime.now(dt.UTC)
        rude = {"why": "You fool.", "title": "Fool", "email": "victim@example.org"}
        for number in range(12):
            moved_clock.move(now + dt.timedelta(days=number == 11, minutes=1))
            make.link(url=f"https://you-fool.example.org/{number}", **rude).refuse(by=people.moderator(), why="A shop.")
        assert {to for to, _ in letters()} == {"victim@example.org"}
        assert not [body for _, body in letters() if "fool" in body.lower()]
        assert len(letters()) == 10 + 1

    @pytest.mark.parametrize("role", ["reader", "author", "publisher", "registrar", "second_author"])
    def test_nobody_but_a_moderator_decides(self, role: str) -> None:
        by: User = getattr(people, role)()
        link = make.link()
        with pytest.raises(NotAllowed, match="Moderators do"):
            link.accept(by=by, **WORDS)
        with pytest.raises(NotAllowed, match="Moderators do"):
            link.refuse(by=by, why="Why not?")
        assert not LinkDecision.objects.exists()

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ({"title": " "}, "Give it a title"),
            ({"title": "t" * 121}, "121 characters are too many"),
            ({"title": "Sam\u202eple"}, "changes the order"),
            ({"description": "d" * 301}, "301 characters are too many"),
            ({"kind": ""}, "Say what kind of place"),
            ({"kind": "shop"}, "no such kind"),
            ({"country": "XX"}, "No country has this code"),
            ({"language": "xx"}, "No language has this code"),
        ],
    )
    def test_words_that_readers_could_not_use_are_refused(self, words: dict[str, str], why: str) -> None:
        link = make.link()
        with pytest.raises(Refusal, match=why):
            link.accept(by=people.moderator(), **{**WORDS, **words})
        link.refresh_from_db()
        assert link.decision == "pending"

    @pytest.mark.parametrize("why", ["", " \n", "w" * 1001, "Hid\u200bden."])
    def test_a_decision_against_a_link_needs_a_reason(self, why: str) -> None:
        for verb in (make.link().refuse, make.shown_link(url="https://other.example.org/").take_down):
            with pytest.raises(Refusal):
                verb(by=people.moderator(), why=why)

    def test_who_comes_second_is_told_who_was_faster(self) -> None:
        link = make.link()
        stale = Link.objects.get(pk=link.pk)
        link.accept(by=people.moderator(), **WORDS)
        with pytest.raises(Decided, match=r"Mona decided on this link on \d+ \w+ \d{4} at .* UTC: accepted\."):
            stale.refuse(by=people.moderator(), why="It is a shop.")
        with pytest.raises(Decided):
            stale.accept(by=people.moderator(), **WORDS)
        with pytest.raises(Decided, match="still waits"):
            make.link(url="https://other.example.org/").take_down(by=people.moderator(), why="Why not?")

    @pytest.mark.django_db(transaction=True)
    def test_many_moderators_at_once_decide_once(self) -> None:
        link = make.link(email="rosa@example.org")
        moderators = [people.person(f"mod{number}@example.org", "Moderators") for number in range(PEOPLE)]

        def deciding(number: int) -> Any:
            mine, by = Link.objects.get(pk=link.pk), moderators[number]
            if number % 2:
                return lambda: str(mine.accept(by=by, **WORDS).act)
            return lambda: str(mine.refuse(by=by, why="It is a shop.").act)

        results = together([deciding(number) for number in range(PEOPLE)])
        (won,) = [result for result in results if isinstance(result, str)]
        assert Counter(map(type, results)) == {str: 1, Decided: PEOPLE - 1}
        link.refresh_from_db()
        assert LinkDecision.objects.get().act == won
        assert link.decision == {"accept": "accepted", "refuse": "refused"}[won]
        assert Letter.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_decisions_on_one_condition_wait_for_one_another_so_that_the_newest_moment_is_the_last() -> None:
    one, two = make.link(), make.link(url="https://other.example.org/")
    by, held = people.moderator(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            one.accept(by=by, **WORDS)
            held.set()
            wait_for_a_lock()

    def second() -> None:
        held.wait(PATIENCE)
        two.accept(by=by, **WORDS)

    assert together([first, second]) == [None, None]
    moments = dict(Link.objects.values_list("pk", "decided_at"))
    assert moments[one.pk] < moments[two.pk]


class TestTheQueue:
    def test_it_counts_what_waits_and_names_no_member(self, desk: Client) -> None:
        poems = make.community(members=12).condition
        make.link(poems, title="Sample forum", email="rosa@example.org")
        make.link_report(make.shown_link(poems, url="https://a.example.org/"))
        answer = desk.get(QUEUE)
        assert "1 suggestion waits, 1 report waits, 1 link is accepted." in said(answer)
        assert "They know the condition." in said(answer)
        assert "Sample forum" in said(answer)
        assert not re.search(r"member\d@|rosa@", answer.content.decode())

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", {"waits", "wilson"}),
            ("state=accepted", {"accepted", "broken"}),
            ("state=broken", {"broken"}),
            ("state=reported", {"accepted"}),
            ("state=refused", {"refused"}),
            ("state=down", {"down"}),
            ("condition=wilson-disease", {"wilson"}),
            ("host=waits.example.org", {"waits"}),
            ("state=refused&host=waits.example.org", set()),
            ("state=nonsense&condition=nonsense", {"waits", "wilson"}),
            ("page=99", {"waits", "wilson"}),
        ],
    )
    def test_it_is_narrowed(self, desk: Client, query: str, shown: set[str]) -> None:
        wilson = make.condition("wilson-disease", "Wilson disease")
        make.link(url="https://waits.example.org/", title="waits")
        make.link(wilson, url="https://wilson.example.org/", title="wilson")
        make.link_report(make.shown_link(url="https://accepted.example.org/", title="accepted"))
        make.shown_link(url="https://broken.example.org/", title="broken").checked(outcome="broken")
        make.link(url="https://refused.example.org/", title="refused").refuse(by=people.moderator(), why="A shop.")
        make.shown_link(url="https://down.example.org/", title="down").take_down(by=people.moderator(), why="A shop.")
        titles = [dom.words(link) for link in dom.having(dom.tree(desk.get(f"{QUEUE}?{query}").content), "line-title")]
        assert set(titles) == shown
        assert len(titles) == len(shown)

    def test_an_act_on_many_judges_each_by_itself_and_lists_what_was_not_done(self, desk: Client) -> None:
        whole = make.link(title="Sample forum", kind="peers", email="rosa@example.org")
        bare = make.link(url="https://bare.example.org/")
        gone = make.link(url="https://gone.example.org/", title="Gone", kind="peers")
        gone.refuse(by=people.moderator(), why="It is a shop.")
        answer = desk.post(QUEUE, {"act": "accept", "links": [whole.pk, bare.pk, gone.pk]}, follow=True)
        assert "1 link was decided on." in said(answer)
        assert "Not done. https://bare.example.org/: Give it a title" in said(answer)
        assert "Not done. Gone: Mona decided on this link" in said(answer)
        assert list(Link.objects.shown()) == [whole]
        assert len(letters()) == 1

    def test_many_are_refused_or_taken_down_with_one_reason_and_none_without(self, desk: Client) -> None:
        links = [make.link(url=f"https://{number}.example.org/") for number in range(3)]
        pks = [link.pk for link in links]
        answer = desk.post(QUEUE, {"act": "refuse", "links": pks}, follow=True)
        assert said(answer).count("Say why") == 3
        desk.post(QUEUE, {"act": "refuse", "links": pks, "ready": "sells"})
        assert set(Link.objects.values_list("decision", "reason")) == {("refused", REASONS["sells"])}
        shown = make.shown_link()
        desk.post(f"{QUEUE}?state=accepted", {"act": "down", "links": [shown.pk], "ready": "gone"})
        assert not Link.objects.shown().exists()

    @pytest.mark.django_db(transaction=True)
    def test_many_who_act_on_the_same_many_at_once_decide_on_each_once(self) -> None:
        conditions = [make.condition(f"condition-{number}", f"Condition {number}") for number in range(4)]
        links = [make.link(of, title="Sample", kind="peers") for of in conditions]
        moderators = [people.person(f"mod{number}@example.org", "Moderators") for number in range(4)]

        def deciding(number: int) -> Any:
            pks = [link.pk for link in (links if number % 2 else reversed(links))]
            act = {"act": "accept"} if number % 2 else {"act": "refuse", "ready": "sells"}
            form = BulkForm(QueryDict(urlencode({**act, "links": pks}, doseq=True)))
            form.by = moderators[number]
            return lambda: form.result[0] if form.is_valid() else str(form.errors)

        results = together([deciding(number) for number in range(4)])
        assert sum(result for result in results if isinstance(result, int)) == len(links), results
        assert LinkDecision.objects.count() == len(links)

    @pytest.mark.parametrize(
        "form",
        [
            {"act": "accept"},
            {"act": "restore", "links": "1"},
            {"links": "1"},
            {"act": "accept", "links": "999999"},
            {"act": "accept", "links": "x"},
            {"act": "accept", "links": "9" * 30},
            {"act": "refuse", "links": "1", "ready": "nonsense"},
        ],
    )
    def test_a_forged_act_on_many_does_nothing(self, desk: Client, form: dict[str, str]) -> None:
        make.link(title="Sample", kind="peers")
        assert desk.post(QUEUE, form).status_code in {200, 400}
        assert not LinkDecision.objects.exists()

    def test_it_costs_the_same_for_one_link_and_for_many(
        self, desk: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(60):
            make.link(url=f"https://{number}.example.org/", title=f"Sample {number}")
        with django_assert_max_num_queries(12):
            answer = desk.get(QUEUE)
        assert "Page 1 of 2" in said(answer)


class TestTheDesk:
    def test_it_shows_the_criteria_what_was_found_and_what_was_decided_on_the_same_site(self, desk: Client) -> None:
        before = make.link(url="https://example.org/shop/", title="The shop", kind="peers")
        before.refuse(by=people.moderator(), why="It sells cures.")
        link = make.link(url="https://example.org/forum/", title="Sample forum", kind="peers")
        link.checked(
            outcome="works",
            words="Answered with 200.",
            final_url="https://www.example.org/forum/",
            tls=True,
            found_language="es",
        )
        make.link(url="https://example.org.evil.example.net/", title="Elsewhere").refuse(
            by=people.moderator(), why="Another site."
        )
        page = desk.get(address(link))
        words = said(page)
        for criterion in CRITERIA:
            assert criterion in words
        facts = {dom.words(fact) for fact in dom.tree(page.content).iter("dd")}
        assert {"Works: Answered with 200.", "https://www.example.org/forum/", "Yes", "es"} <= facts
        assert "Refused: The shop" in words
        assert "It sells cures." in words
        assert "Another site." not in words
        assert "Nothing was decided yet." in words

    @pytest.mark.parametrize(
        ("form", "decision"),
        [
            ({"act": "accept", "title": "Sample", "kind": "peers", "language": "es"}, "accepted"),
            ({"act": "refuse", "ready": "sells"}, "refused"),
            ({"act": "refuse", "own": "Nobody answers there."}, "refused"),
        ],
    )
    def test_a_button_decides(self, desk: Client, form: dict[str, str], decision: str) -> None:
        link = make.link()
        answer = desk.post(address(link), form)
        assert (answer.status_code, answer.headers["Location"]) == (302, address(link))
        link.refresh_from_db()
        assert link.decision == decision
        assert "Mona" in said(desk.get(address(link)))

    def test_a_ready_reason_and_own_words_stand_one_after_the_other(self, desk: Client) -> None:
        link = make.shown_link()
        desk.post(address(link), {"act": "down", "ready": "sells", "own": " See its last page. "})
        link.refresh_from_db()
        assert (link.decision, link.reason) == ("down", f"{REASONS['sells']}\n\nSee its last page.")

    def test_words_are_changed_and_a_link_is_shown_again(self, desk: Client) -> None:
        link = make.shown_link()
        desk.post(address(link), {"act": "edit", "title": "Better", "kind": "peers", "country": "ES"})
        link.refresh_from_db()
        assert (link.title, link.kind, link.country) == ("Better", "peers", "ES")
        link.take_down(by=people.moderator(), why="A shop.")
        desk.post(address(link), {"act": "restore", **link.words})
        link.refresh_from_db()
        assert link.decision == "accepted"

    def test_what_is_refused_says_why_and_keeps_what_was_typed(self, desk: Client) -> None:
        link = make.link()
        answer = desk.post(address(link), {"act": "accept", "title": "Kept", "kind": ""})
        assert "This field is required." in said(answer)
        assert b'value="Kept"' in answer.content
        answer = desk.post(address(link), {"act": "refuse", "own": " "})
        assert "Say why: whoever suggested it is told" in said(answer)
        link.refuse(by=people.moderator(), why="A shop.")
        late = desk.post(address(link), {"act": "accept", **WORDS})
        assert late.status_code == 200
        assert "Mona decided on this link" in said(late)
        assert not Link.objects.shown().exists()

    @pytest.mark.parametrize("act", ["", "publish", "close-1", "erase-1", "close-x", "decide"])
    def test_a_button_that_is_not_there_does_nothing(self, desk: Client, act: str) -> None:
        link = make.link()
        assert desk.post(address(link), {"act": act, **WORDS, "outcome": "kept"}).status_code == 404
        assert not LinkDecision.objects.exists()

    def test_a_form_of_another_site_is_refused(self) -> None:
        link = make.link()
        client = Client(enforce_csrf_checks=True)
        client.force_login(people.moderator())
        assert client.post(address(link), {"act": "accept", **WORDS}).status_code == 403
        assert client.post(QUEUE, {"act": "refuse", "links": [link.pk], "ready": "sells"}).status_code == 403
        assert not LinkDecision.objects.exists()

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "x", "-1", "1.5"])
    def test_a_link_that_is_not_there_is_not_found(self, desk: Client, number: str) -> None:
        assert desk.get(f"{QUEUE}{number}/change/").status_code == 404

    def test_nobody_else_sees_any_of_it(self) -> None:
        link = make.link()
        for person in site.everybody():
            if person in {people.moderator(), people.superuser()}:
                continue
            client = Client()
            client.force_login(person)
            for where in (QUEUE, address(link)):
                assert client.get(where).status_code in {302, 403}
                assert client.post(where, {"act": "accept", "links": [link.pk], **WORDS}).status_code in {302, 403}
            assert "Links" not in said(client.get("/admin/", follow=True))
        assert not LinkDecision.objects.exists()

    def test_it_never_shows_the_address_of_whoever_suggested(self, desk: Client) -> None:
        link = make.link(email="rosa@example.org")
        answer = desk.get(address(link))
        assert "They left an address and are told what you decide." in said(answer)
        assert "rosa@" not in answer.content.decode()

    def test_the_suggesters_words_are_erased_with_a_button(self, desk: Client) -> None:
        link = make.link(email="rosa@example.org", why="My sister Rosa Muster has it.")
        desk.post(address(link), {"act": "erase"})
        assert "Muster" not in desk.get(address(link)).content.decode()
        link.refresh_from_db()
        assert (link.why, link.suggested_email) == ("", "")

    def test_what_readers_wrote_is_no_markup(self, desk: Client) -> None:
        link = make.link(why="<script>alert(1)</script>", title="<b>Bold</b>")
        for where in (QUEUE, address(link)):
            page = desk.get(where).content.decode()
            assert "<script>alert" not in page
            assert "<b>Bold" not in page

    def test_the_first_page_of_the_desk_says_what_waits(self, desk: Client) -> None:
        assert "No link waits for you." in said(desk.get("/admin/"))
        make.link()
        make.link_report(make.shown_link(url="https://a.example.org/"))
        make.shown_link(url="https://b.example.org/").checked(outcome="broken")
        words = said(desk.get("/admin/"))
        for line in ("1 report of a link", "1 link suggested", "1 link does not answer"):
            assert line in words


def test_the_criteria_and_reasons_stand_in_the_guide_for_moderators() -> None:
    guide = (ROOT / "docs/moderators.md").read_text(encoding="utf-8")
    assert [words for words in (*CRITERIA, *REASONS.values()) if words not in guide] == []
