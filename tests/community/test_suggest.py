"""A reader suggests a link: what is taken, what is refused and how, and what is kept of whoever sent it."""

import datetime as dt
import re
from collections import Counter
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Letter, Tally
from accounts.open_forms import HOURS_A_DAY
from accounts.refusals import Refusal
from community import addresses
from community.models import Link
from community.models.links import AlreadySuggested, Decided
from pages.suggestions import AN_HOUR
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PEOPLE, together
from tests.pages import dom, site
from tests.suggestions import URL, WHY, suggest, suggesting, token

pytestmark = pytest.mark.django_db


def said(answer: HttpResponse) -> str:
    """All words of an answer."""
    return dom.words(dom.tree(answer.content))


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("HTTPS://Example.ORG", "https://example.org/"),
            ("  https://example.org:443/A?b=C#d ", "https://example.org/A?b=C#d"),
            ("http://example.org:80", "http://example.org/"),
            ("https://example.org:80/", "https://example.org:80/"),
            ("https://example.org./", "https://example.org/"),
            ("https://bücher.example.com/straße", "https://xn--bcher-kva.example.com/stra%C3%9Fe"),
            ("https://example.org/a%20b", "https://example.org/a%20b"),
        ],
    )
    def test_an_address_has_one_written_form(self, typed: str, kept: str) -> None:
        assert addresses.normalise(typed) == kept
        assert addresses.normalise(kept) == kept

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "example.org",
            "ftp://example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.org/",
            "https://",
            "https:///path",
            "https://user@example.org/",
            "https://user:word@example.org/",
            "https://example.org@evil.example.net/",
            "https://example.org:8443/",
            "https://example.org:22/",
            "https://example.org:99999/",
            "https://example.org:x/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://8.8.8.8/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0x7f000001/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://１２７.0.0.1/",
            "https://localhost/",
            "https://intranet/",
            "https://printer.local/",
            "https://db.internal/",
            "https://a.test/",
            "https://hidden.onion/",
            "https://exa mple.org/",
            "https://example.org/a b",
            "https://example.org\\@evil.example.net/",
            "https://example.org/\u202egpj.exe",
            "https://exam\u200bple.org/",
            "https://example.org/\x00",
            "https://example.org/\r\nSet-Cookie: a=b",
            "https://-example.org/",
            "https://example..org/",
            f"https://{'a' * 64}.org/",
            f"https://example.org/{'a' * 500}",
            f"https://example.org/{'ü' * 100}",
            f"https://{'a.' * 130}org/",
        ],
    )
    def test_what_no_reader_should_be_led_to_is_refused_in_words(self, typed: str) -> None:
        with pytest.raises(addresses.AddressRefused) as refused:
            addresses.normalise(typed)
        assert len(str(refused.value)) > 20


class TestTheForm:
    def test_the_communitys_page_leads_to_it_and_holds_no_form_of_its_own(self, client: Client) -> None:
        poems = make.community().condition
        page = dom.read(client, poems.get_absolute_url() + "community/")
        assert suggesting(poems) in dom.links(page)
        assert [form.get("role") for form in page.iter("form")] == ["search"]

    def test_it_asks_for_no_account_and_nobody_keeps_it(self, client: Client) -> None:
        poems = make.community().condition
        answer = client.get(suggesting(poems))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert b'content="noindex"' in answer.content
        assert "Leave out names and health details, yours included." in said(answer)
        assert [script.get("src") for script in dom.tree(answer.content).iter("script")] == ["/static/search.js"]

    def test_it_stands_only_where_there_is_a_community_and_an_old_address_leads_on(self, client: Client) -> None:
        poems = make.condition()
        assert client.get(suggesting(poems)).status_code == 404
        assert suggest(client, poems).status_code == 404
        assert client.get("/conditions/never-was/community/suggest/").status_code == 404
        make.community(poems)
        old = suggesting(poems)
        site.rename(poems, "poems")
        answer = client.get(old)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/conditions/poems/community/suggest/")

    def test_what_is_sent_waits_and_is_thanked_for_by_a_redirect(self, client: Client) -> None:
        poems = make.community().condition
        typed = {"title": " Sample  foundation ", "kind": "organisation", "language": "es"}
        answer = suggest(client, poems, email="Rosa@Example.org", **typed)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{suggesting(poems)}?sent=yes")
        row = Link.objects.get()
        assert (row.condition, row.url, row.why, row.decision) == (poems, URL, WHY, "pending")
        assert (row.title, row.kind, row.language) == ("Sample foundation", "organisation", "es")
        assert row.suggested_email == "rosa@example.org"
        assert not Link.objects.shown().exists()
        assert "Until then nobody sees it." in said(client.get(answer.headers["Location"]))
        assert URL not in client.get(f"{poems.get_absolute_url()}community/").content.decode()

    def test_nothing_is_kept_of_whoever_sent_it(self) -> None:
        poems = make.community().condition
        for person in (None, people.reader(), people.moderator()):
            client = Client()
            if person is not None:
                client.force_login(person)
            Link.objects.all().delete()
            assert suggest(client, poems).status_code == 302
            row = Link.objects.values().get()
            filled = {name for name, value in row.items() if value not in (None, "", 0)}
            assert filled == {"id", "condition_id", "url", "why", "key", "suggested_at", "decision", "outcome"}
        people_of = [field.name for field in Link._meta.get_fields() if isinstance(field, models.ForeignKey)]
        assert people_of == ["condition", "decided_by"]
        kept = " ".join(f"{row.key} {row.value}" for row in Tally.objects.all())
        assert "links-suggested" in kept
        assert not re.search(r"192\.0|poems", kept)

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ({"url": ""}, "Type or paste the web address."),
            ({"url": "javascript:alert(1)"}, "A web address begins with https:// or http://."),
            ({"url": "https://10.0.0.1/"}, "needs a name, not a number"),
            ({"why": " "}, "Say how the link helps"),
            ({"why": "w" * 1001}, "have 1,001 characters"),
            ({"title": "t" * 121}, "121 characters are too many"),
            ({"title": "Sam\u202eple"}, "changes the order of what is seen"),
            ({"kind": "shop"}, "not one of the available choices"),
            ({"language": "xx"}, "not one of the available choices"),
            ({"email": "rosa at example"}, "This is no e-mail address. Mend it, or leave it out."),
            ({"email": f"rosa@{'long.' * 55}org"}, "This is no e-mail address. Mend it, or leave it out."),
            ({"website": "https://spam.example/"}, "A box that people do not see was filled in."),
            ({"form_token": ""}, "This form was not made here"),
        ],
    )
    def test_what_is_refused_says_why_and_loses_no_word(self, client: Client, typed: dict[str, str], why: str) -> None:
        poems = make.community().condition
        words = {"why": WHY, **typed}["why"]
        answer = suggest(client, poems, **typed)
        assert answer.status_code == 200
        assert why in said(answer)
        (box,) = [each for each in dom.tree(answer.content).iter("textarea") if each.get("name") == "why"]
        assert (box.text or "").strip() == words.strip()
        assert not Link.objects.exists()

    @pytest.mark.parametrize(
        "typed",
        [
            {"url": "\x00"},
            {"why": "\x00"},
            {"title": "\ud800"},
            {"email": "\x00@example.org"},
            {"kind": "\x00"},
            {"url": f"https://{'a' * 1_000_000}"},
            {"form_token": "9" * 5000},
        ],
    )
    def test_nothing_sent_breaks_it(self, client: Client, typed: dict[str, str]) -> None:
        typed = {name: value.encode("utf-8", "surrogatepass").decode("latin-1") for name, value in typed.items()}
        assert suggest(client, make.community().condition, **typed).status_code in {200, 400}
        assert not Link.objects.exists()

    def test_a_form_of_another_site_and_one_of_another_condition_are_refused(self) -> None:
        poems = make.community().condition
        wilson = make.community(make.condition("wilson-disease", "Wilson disease")).condition
        assert suggest(Client(enforce_csrf_checks=True), poems).status_code == 403
        assert "This form was not made here" in said(suggest(Client(), poems, form_token=token(wilson)))
        assert not Link.objects.exists()
        client = Client(enforce_csrf_checks=True)
        csrf = client.get(suggesting(poems)).cookies[live_settings.CSRF_COOKIE_NAME].value
        assert suggest(client, poems, csrfmiddlewaretoken=csrf).status_code == 302


class TestTwice:
    @pytest.mark.parametrize(
        ("standing", "answer"),
        [
            ("pending", "Somebody suggested this address already"),
            ("accepted", "This address is among the links already."),
            ("refused", "Moderators looked at this address before and decided not to show it."),
            ("down", "Moderators looked at this address before and decided not to show it."),
        ],
    )
    def test_an_address_that_was_suggested_before_is_answered_kindly(
        self, client: Client, standing: str, answer: str
    ) -> None:
        row = make.link(make.community().condition, url=URL)
        if standing in {"accepted", "down"}:
            row.accept(by=people.moderator(), title="Sample", kind="peers")
        if standing == "refused":
            row.refuse(by=people.moderator(), why="It is a shop.")
        if standing == "down":
            row.take_down(by=people.moderator(), why="It is a shop.")
        typed = URL.upper().replace("/POEMS/", ":443/poems/")
        with CaptureQueriesContext(connection) as asked:
            told = suggest(client, row.condition, url=typed, email="x@example.org")
        refused = [query for query in asked if query["sql"].startswith('INSERT INTO "community_link"')]
        assert not refused, "PostgreSQL writes what it refuses into its log: the words and the address of a reader"
        assert told.status_code == 200
        assert answer in said(told)
        assert "shop" not in said(told)
        assert told.headers["Cache-Control"] == "no-store"
        assert Link.objects.count() == 1

    def test_another_condition_may_have_the_same_address(self, client: Client) -> None:
        for slug in ("poems-syndrome", "wilson-disease"):
            assert suggest(client, make.community(make.condition(slug, slug)).condition).status_code == 302
        assert Link.objects.count() == 2

    def test_a_double_click_is_one_and_a_form_is_good_for_one_link(self, client: Client) -> None:
        poems = make.community().condition
        form_token = token(poems)
        for _ in range(2):
            assert suggest(client, poems, form_token=form_token).status_code == 302
        other = suggest(client, poems, form_token=form_token, url="https://other.example.org/")
        assert "sent already, with other words" in said(other)
        assert Link.objects.count() == 1
        assert Tally.objects.get(key__regex=r"links-suggested$").value == 1

    def test_the_verb_says_so_itself(self) -> None:
        row = make.link()
        with pytest.raises(AlreadySuggested):
            make.link(url=row.url)
        with pytest.raises(Decided, match="sent already"):
            make.link(url="https://other.example.org/", key=row.key)
        for wrong in ({"language": "xx"}, {"why": ""}, {"title": "t" * 121}):
            with pytest.raises(Refusal):
                make.link(url="https://other.example.org/", **wrong)

    @pytest.mark.django_db(transaction=True)
    def test_many_who_suggest_the_same_at_once_make_one_row(self) -> None:
        poems = make.community().condition
        tokens = [token(poems) for _ in range(AN_HOUR)]

        def sending(form_token: str) -> Any:
            return lambda: suggest(Client(), poems, form_token=form_token).status_code

        assert Counter(together([sending(each) for each in tokens])) == {302: 1, 200: AN_HOUR - 1}
        assert Link.objects.count() == 1


class TestLimits:
    def test_the_sixth_of_an_hour_from_one_network_waits_and_another_network_does_not(self, client: Client) -> None:
        poems = make.community().condition
        for number in range(AN_HOUR):
            assert suggest(client, poems, url=f"https://{number}.example.org/").status_code == 302
        answer = suggest(client, poems)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 3600 + 61
        assert "came from your network" in said(answer)
        assert suggest(client, poems, caller="192.0.3.1").status_code == 302

    def test_a_network_that_comes_back_each_hour_is_stopped_before_it_fills_the_day(self, client: Client) -> None:
        poems = make.community().condition
        for number in range(HOURS_A_DAY * AN_HOUR):
            Tally.objects.filter(key__contains="-hour-").delete()
            assert suggest(client, poems, url=f"https://{number}.example.org/").status_code == 302
        Tally.objects.filter(key__contains="-hour-").delete()
        assert suggest(client, poems).status_code == 429

    def test_a_day_has_room_for_so_many_from_all_networks_together(self, client: Client, settings: Settings) -> None:
        settings.LINKS_A_DAY = 2
        poems = make.community().condition
        callers = [f"198.51.{number}.1" for number in range(3)]
        answers = [
            suggest(client, poems, url=f"https://{number}.example.org/", caller=caller).status_code
            for number, caller in enumerate(callers)
        ]
        assert answers == [302, 302, 429]

    @pytest.mark.django_db(transaction=True)
    def test_many_processes_at_once_count_together(self) -> None:
        poems = make.community().condition

        def sending(number: int) -> Any:
            url, form_token = f"https://{number}.example.org/", token(poems)
            return lambda: suggest(Client(), poems, url=url, form_token=form_token).status_code

        answers = Counter(together([sending(number) for number in range(PEOPLE)]))
        assert answers == {302: AN_HOUR, 429: PEOPLE - AN_HOUR}
        assert Link.objects.count() == AN_HOUR


class TestErasing:
    def test_an_address_goes_some_days_after_the_answer_and_the_letter_with_it(
        self, settings: Settings, moved_clock: Clock
    ) -> None:
        settings.FEEDBACK_EMAIL_DAYS = 30
        row = make.link(email="rosa@example.org")
        row.refuse(by=people.moderator(), why="It is a shop.")
        Letter.objects.update(sent_at=dt.datetime.now(dt.UTC))
        never = make.link(url="https://example.org/2", email="mistyped@example.org")
        never.refuse(by=people.moderator(), why="It is a shop.")
        now = dt.datetime.now(dt.UTC)
        moved_clock.move(now + dt.timedelta(29, 3600))
        assert Link.objects.erase_emails() == 0
        moved_clock.move(now + dt.timedelta(30, 3600))
        assert Letter.objects.count() == 2
        assert Link.objects.erase_emails() == 2
        row.refresh_from_db()
        assert (row.suggested_email, row.why) == ("", "They know the condition.")
        assert not Letter.objects.exists(), "one that nobody ever took names its address as well"

    def test_an_address_that_nobody_answered_goes_after_a_year(self, moved_clock: Clock) -> None:
        make.link(email="rosa@example.org")
        now = dt.datetime.now(dt.UTC)
        moved_clock.move(now + dt.timedelta(364))
        assert Link.objects.erase_emails() == 0
        moved_clock.move(now + dt.timedelta(365, 3600))
        assert Link.objects.erase_emails() == 1

    def test_an_address_goes_at_once_when_its_owner_asks(self) -> None:
        make.link(email="rosa@example.org")
        make.link(url="https://other.example.org/", email="other@example.org")
        Link.objects.get(suggested_email="rosa@example.org").refuse(by=people.moderator(), why="It is a shop.")
        assert Letter.objects.count() == 1
        assert Link.objects.forget(" Rosa@Example.ORG ") == 1
        assert not Letter.objects.exists()
        assert sorted(Link.objects.values_list("suggested_email", flat=True)) == ["", "other@example.org"]

    def test_a_moderator_erases_the_words_of_a_suggester_and_nobody_else_does(self) -> None:
        row = make.link(email="rosa@example.org")
        with pytest.raises(Refusal, match="may not erase"):
            row.erase_words(by=people.publisher())
        row.erase_words(by=people.moderator())
        assert (row.why, row.suggested_email, row.url) == ("", "", "https://example.org/")
