"""Infobutton: three ways to write one answer, what is refused and how, and who may ask from where."""

import datetime as dt
import json
import re
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, fromstring

import pytest
from django.conf import settings as site_settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from articles.models import ConditionName
from pages import throttle
from pages.infobutton import finding
from tests import knowledge, make, people
from tests.conftest import Clock
from tests.knowledge import ADDRESS, PROGNOSIS, code

from . import site
from .test_headers import assert_safe
from .test_infobutton import POEMS, bear, poems

pytestmark = [pytest.mark.django_db, pytest.mark.once]

XML, JSON, SCRIPT = "text/xml", "application/json", "application/javascript"
FORM = "application/x-www-form-urlencoded"
KINDS = (XML, JSON, SCRIPT)
NOWHERE = code("D000001", "MeSH")


def xml(response: HttpResponse) -> Element:
    """An answer as a tree."""
    root: Element = fromstring(response.content)  # noqa: S314  our own answer
    return root


def reason(response: HttpResponse, kind: str = XML) -> str:
    """What an answer says is wrong."""
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    if kind == XML:
        root = xml(response)
        assert root.tag == "error"
        return root.findtext("message") or ""
    found = knowledge.called(response, "found") if kind == SCRIPT else json.loads(response.content)
    words: str = found["error"]["message"]["_value"]
    return words


# Three ways


def answers(client: Client, sent: dict[str, str]) -> list[Any]:
    """The answer in each way, as the standard's JSON."""
    feed, data, script = (client.get(knowledge.address({**sent, "callback": "found"}, kind)) for kind in KINDS)
    return [{"feed": knowledge.as_json(xml(feed))}, json.loads(data.content), knowledge.called(script, "found")]


def test_all_three_ways_say_the_same(client: Client, moved_clock: Clock) -> None:
    site.build()
    moved_clock.move(dt.datetime.now(dt.UTC))
    for sent in (POEMS, {**POEMS, **PROGNOSIS}, NOWHERE, {"mainSearchCriteria.v.dn": "POEMS syndrome"}):
        first, second, third = answers(client, sent)
        assert first == second == third


def test_json_has_the_shape_of_the_standard(client: Client) -> None:
    site.build()
    response = client.get(knowledge.address({**POEMS, **PROGNOSIS}, JSON))
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    feed = json.loads(response.content)["feed"]
    assert (feed["lang"], feed["base"]) == ("en", "http://testserver/")
    assert feed["title"] == {"type": "text", "_value": "Rounds"}
    assert feed["author"] == [{"name": {"_value": "Rounds"}, "uri": {"_value": "http://testserver/"}}]
    assert feed["category"] == [{"scheme": name, "term": value} for name, value in {**POEMS, **PROGNOSIS}.items()]
    assert feed["id"]["_value"].startswith("tag:testserver,2026:infobutton/")
    assert "xmlns" not in feed
    (entry,) = feed["entry"]
    assert entry["lang"] == "en"
    assert entry["link"] == [
        {
            "rel": "alternate",
            "type": "text/html",
            "hreflang": "en",
            "title": "What about prognosis?",
            "href": "http://testserver/conditions/poems-syndrome/prognosis/",
        }
    ]
    assert entry["summary"]["type"] == "html"


def test_what_may_stand_several_times_is_a_list_also_where_it_does_not_stand_at_all(client: Client) -> None:
    response = client.get(knowledge.address(code("1", "no system"), JSON))
    feed = json.loads(response.content)["feed"]
    assert (feed["entry"], feed["category"], len(feed["author"])) == ([], [], 1)


def test_nothing_that_was_typed_ends_a_script_a_tag_or_a_line(client: Client) -> None:
    odd = "</script><b a='1'>&amp; \u2028\u2029 ]]> \x00\x1f \U0001f600 \\u003c"
    site.live(make.condition(), "prognosis", question='Is a < b & c > d = "e"?', short_answer="<b>5 < 6</b> ]]>")
    ConditionName.objects.filter(text="POEMS syndrome").update(text="P<O>E&M=S\u2028")
    bear(poems(), "MeSH", "D016878")
    for sent in (POEMS, {"mainSearchCriteria.v.dn": odd}, {**POEMS, **code(odd, "MeSH", "1")}):
        expected = knowledge.as_json(knowledge.feed(client, sent))
        for kind in (JSON, SCRIPT):
            response = client.get(knowledge.address({**sent, "callback": "found"}, kind))
            body = response.content.decode("ascii")
            assert not set("<>=&'\u2028\u2029\n\x00") & set(body), kind
            found = knowledge.called(response, "found") if kind == SCRIPT else json.loads(body)
            assert {**found["feed"], "updated": 0} == {**expected, "updated": 0}
    (entry,) = knowledge.entries(knowledge.feed(client, POEMS))
    assert "<p>&lt;b&gt;5 &lt; 6&lt;/b&gt; ]]&gt;</p>" in knowledge.text(entry, "summary")
    assert 'Is a < b & c > d = "e"?' in knowledge.text(entry, "title")


@pytest.mark.parametrize("callback", ["found", "a.b.c", "$", "_1", "jQuery_123.done"])
def test_a_script_calls_the_function_that_was_named(client: Client, callback: str) -> None:
    response = client.get(knowledge.address({**POEMS, "callback": callback}, SCRIPT))
    assert response.headers["Content-Type"] == "application/javascript; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin", "else no other site could load it"
    assert knowledge.called(response, callback)["feed"]["entry"] == []


@pytest.mark.parametrize(
    "callback",
    ["", " ", "alert(1)//", "a b", "a;b", "1a", "a..b", ".a", "a.", "a[0]", "é", "a\nb", "<b>", "a" * 101, "\u2028"],
)
def test_a_script_is_refused_that_would_call_what_is_no_name(client: Client, callback: str) -> None:
    response = client.get(knowledge.address({**POEMS, "callback": callback}, SCRIPT))
    assert response.status_code == 400
    assert "needs callback" in reason(response, JSON)
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", XML),
        ("*/*", XML),
        ("application/json", JSON),
        ("text/html, application/json;q=0.9, */*;q=0.1", JSON),
        ("application/atom+xml, application/json", XML),
        ("application/javascript", XML),
        ("\x00;;,,;q=" * 200, XML),
    ],
)
def test_where_no_type_is_wished_the_accept_header_decides_and_else_it_is_xml(
    client: Client, accept: str, kind: str
) -> None:
    response = client.get(f"{ADDRESS}?{urlencode(POEMS)}", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert response.headers["Vary"] == "Accept"
    wished = client.get(knowledge.address(POEMS), headers={"Accept": "application/json"})
    assert wished.headers["Content-Type"] == "text/xml; charset=utf-8", "what is wished wins"


# What is refused


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Nothing is asked for"),
        ("age.v.v=50&unknown=1", "Nothing is asked for"),
        ("mainSearchCriteria.v.dn=%20&mainSearchCriteria.v.c=", "Nothing is asked for"),
        ("mainSearchCriteria.v.c=D47.7", "mainSearchCriteria.v.c stands there without mainSearchCriteria.v.cs"),
        ("mainSearchCriteria.v.c=D47.7&mainSearchCriteria.v.dn=POEMS", "without mainSearchCriteria.v.cs"),
        ("mainSearchCriteria.v.cs=MeSH", "mainSearchCriteria.v.cs stands there without mainSearchCriteria.v.c"),
        ("mainSearchCriteria.v.ot=a&mainSearchCriteria.v.c2=1", "mainSearchCriteria.v.c2 stands there without"),
        ("mainSearchCriteria.v.ot=a&subTopic.v.c=D011379", "subTopic.v.c stands there without subTopic.v.cs"),
        ("mainSearchCriteria.v.ot=a&mainSearchCriteria.v.ot=b", "stands there 2 times. Number the second one"),
        (
            "mainSearchCriteria.v.ot=a&" + "&".join(f"mainSearchCriteria.v.ot{n}=a" for n in range(1, 30)),
            "More than 20",
        ),
        (f"mainSearchCriteria.v.ot={'a' * 1001}", "mainSearchCriteria.v.ot is longer than 1,000 characters"),
        ("&".join(f"a{number}=1" for number in range(2000)), "cannot be read"),
    ],
)
def test_a_request_that_breaks_the_standard_is_refused_with_the_reason_in_the_type_that_was_wished(
    client: Client, query: str, words: str
) -> None:
    for kind, wish in ((XML, XML), (JSON, JSON), (SCRIPT, f"{SCRIPT}&callback=found")):
        response = client.get(f"{ADDRESS}?knowledgeResponseType={wish}&{query}")
        assert response.status_code == 400
        kind = XML if "cannot be read" in words else kind
        assert words in reason(response, kind)


def test_a_type_that_is_none_of_the_three_is_refused_and_not_repeated(client: Client) -> None:
    for kind in ("text/html", "xml", "evil", f"{XML}&knowledgeResponseType={JSON}"):
        response = client.get(f"{ADDRESS}?{urlencode(POEMS)}&knowledgeResponseType={kind}")
        assert response.status_code == 400
        assert "knowledgeResponseType" in reason(response)
        assert b"evil" not in response.content


def test_what_says_something_about_the_patient_is_neither_used_nor_told_back(client: Client) -> None:
    site.build()
    patient = {
        "age.v.v": "4711",
        "age.v.u": "a",
        "ageGroup.v.c": "D000368",
        "patientPerson.administrativeGenderCode.c": "UN",
        "representedOrganization.id.root": "1.2.4711",
        "assignedAuthorizedPerson.id.root": "4711",
        "encounter.c.c": "AMB",
        "observation.v.v": "4711",
        "locationOfInterest.addr.ZIP": "04711",
        "taskContext.c.c": "PROBLISTREV",
        "informationRecipient": "PAT",
        "performer": "PROV",
        "holder.assignedEntity.certificateText": "4711",
        "mainSearchCriteria.v.zz": "4711",
        "MAINSEARCHCRITERIA.V.C": "4711",
    }
    root = knowledge.feed(client, {**POEMS, **patient})
    assert knowledge.echoed(root) == POEMS
    assert len(knowledge.entries(root)) == 4
    for sent in ({**POEMS, **patient}, patient):
        for kind in (XML, JSON):
            assert b"4711" not in client.get(knowledge.address(sent, kind)).content


# GET, POST, HEAD, OPTIONS


def test_a_post_answers_as_a_get_does_without_a_token(client: Client, moved_clock: Clock) -> None:
    site.build()
    moved_clock.move(dt.datetime.now(dt.UTC))
    strict = Client(enforce_csrf_checks=True)
    for sent in ({**POEMS, **PROGNOSIS}, NOWHERE, {"mainSearchCriteria.v.c": "1"}):
        for kind in (XML, JSON):
            got = client.get(knowledge.address(sent, kind))
            body = urlencode({**sent, "knowledgeResponseType": kind})
            sent_in = strict.post(ADDRESS, body, content_type=FORM)
            assert (sent_in.status_code, sent_in.content) == (got.status_code, got.content)
            assert sent_in.headers == got.headers
            assert not sent_in.cookies


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"{}", "application/json"),
        (b"--part--", "multipart/form-data; boundary=part"),
        (b"a=1", ""),
        (b"a=1", f"{FORM}; charset=utf-16"),
        (b"a=1", f"{FORM}; charset=nonsense"),
        (b"a=1", f"{FORM}; charset=idna"),
        (b"a=" + b"1" * 3_000_000, FORM),
        (b"&".join(b"a%d=1" % number for number in range(1200)), FORM),
    ],
)
def test_a_post_that_cannot_be_read_is_refused_with_a_reason(client: Client, body: bytes, kind: str) -> None:
    response = client.generic("POST", ADDRESS, body, content_type=kind)
    assert response.status_code == 400
    assert len(reason(response)) > 30


def test_head_answers_as_get_without_the_feed(client: Client) -> None:
    site.build()
    for sent, status in ((POEMS, 200), ({}, 400)):
        get, head = client.get(knowledge.address(sent)), client.head(knowledge.address(sent))
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers == get.headers, "its length too"


def test_any_page_in_a_browser_may_ask_and_read_without_credentials(client: Client) -> None:
    site.build()
    preflight = client.options(
        ADDRESS,
        headers={"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"},
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    answered = [preflight, client.get(knowledge.address(POEMS)), client.get(ADDRESS), client.post(ADDRESS)]
    for response in answered:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "FROBNICATE"])
def test_another_method_is_refused(client: Client, method: str) -> None:
    response = client.generic(method, ADDRESS)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


# Headers, and for whom


def test_nobody_keeps_an_answer_and_it_is_safe_in_a_browser(client: Client) -> None:
    site.build()
    for address in (knowledge.address(POEMS), knowledge.address(POEMS, JSON), ADDRESS):
        response = client.get(address)
        assert response.headers["Cache-Control"] == response.headers["Pragma"] == "no-cache"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "ETag" not in response.headers
        assert not response.cookies
        assert "cookie" not in response.headers["Vary"].lower()
        assert_safe(response.headers)


def test_it_is_the_same_for_everybody(client: Client, moved_clock: Clock) -> None:
    site.build()
    everybody = site.everybody()
    browsers = [Client() for _ in everybody]
    for browser, person in zip(browsers, everybody, strict=True):
        browser.force_login(person)
    forged = Client()
    forged.cookies[site_settings.SESSION_COOKIE_NAME] = "forged0123456789forged0123456789"
    moved_clock.move(dt.datetime.now(dt.UTC))
    for address in (knowledge.address(POEMS), knowledge.address(NOWHERE, JSON), ADDRESS):
        strangers = client.get(address)
        for browser in [*browsers, forged]:
            response = browser.get(address)
            assert (response.content, response.headers) == (strangers.content, strangers.headers)
            assert not response.cookies


def test_a_network_that_asks_too_much_waits_and_the_others_do_not(client: Client, settings: Settings) -> None:
    settings.INFOBUTTON_A_MINUTE = 3
    site.build()
    for kind, wish in ((XML, XML), (JSON, JSON), (SCRIPT, f"{SCRIPT}&callback=found")):
        throttle.buckets.clear()
        address = f"{ADDRESS}?{urlencode(POEMS)}&knowledgeResponseType={wish}"
        answered = [client.get(address, REMOTE_ADDR=f"192.0.2.{number}") for number in range(4)]
        assert [response.status_code for response in answered] == [200, 200, 200, 429]
        assert 1 <= int(answered[-1].headers["Retry-After"]) <= 20
        assert answered[-1].headers["Access-Control-Allow-Origin"] == "*"
        assert re.search(r"more than 3 times a minute\. Wait \d+ seconds", reason(answered[-1], kind))
        assert client.get(address, REMOTE_ADDR="198.51.100.1").status_code == 200
        assert client.post(ADDRESS, REMOTE_ADDR="192.0.2.9").status_code == 429, "wrong requests count too"


def test_while_the_database_does_not_answer_it_says_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("connection to D016878 refused")

    monkeypatch.setattr(finding, "find", broken)
    response = client.get(knowledge.address({**POEMS, "age.v.v": "4711"}, JSON))
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert reason(response, JSON) == "The database behind this site does not answer."


def test_a_signed_in_clinician_adds_nothing_by_asking(client: Client) -> None:
    site.build()
    client.force_login(people.clinician().user)
    assert client.get(knowledge.address(POEMS)).status_code == 200
