"""What is said of one page: what readers get, from the same stamp, and the truth about what was taken down."""

import datetime as dt
import json

import jsonschema_rs
import pytest
from django.test import Client
from pytest_django import Settings

from articles.models import ConditionCode
from pages import feeds, kept
from pages.api import shapes
from pages.models import SiteText
from tests import database, make, people
from tests.conftest import Clock
from tests.pages import dom, site, test_feeds

from .asking import ARTICLE, ROOT, ask

pytestmark = pytest.mark.django_db

PAGE = "/conditions/poems-syndrome/prognosis/"


@pytest.mark.parametrize("slug", ["prognosis", "overview", "symptoms", "causes"])
def test_it_says_of_the_review_what_the_page_and_the_feed_say(client: Client, slug: str) -> None:
    # way 25
    site.build()
    found = ask(f"/articles/poems-syndrome/{slug}")
    address = f"/conditions/poems-syndrome/{slug}/"
    stamp = dom.only(dom.read(client, address), "review-stamp")
    (entry,) = [each for each in test_feeds.entries(client) if each.address == address]
    in_date = "is-current" in stamp.get("class", "").split()
    assert (found["reviewState"] != "overdue") == in_date == (entry.review == "in-date")
    assert found["id"] == entry.name
    said = dom.words(stamp)
    assert found["reviewer"]["name"] in said
    assert found["reviewer"]["role"] in said
    for day in (found["lastReviewed"], found["nextReviewDue"]):
        assert dom.spelled(dt.date.fromisoformat(day)) in said
    assert found["credentialRevoked"] == (slug == "causes")


def test_it_holds_the_text_as_readers_get_it_and_no_markdown(client: Client) -> None:
    publication = make.publication()
    revision = publication.review.revision
    SiteText.objects.write("licence", "Share it unchanged, with our name.", by=people.publisher())
    found = ask("/articles/poems-syndrome/prognosis")
    assert found["html"] == revision.html.replace("{{ members }}", "members")
    assert (found["question"], found["shortAnswer"]) == (revision.question, revision.short_answer)
    assert found["digest"] == revision.digest == publication.review.digest
    assert [each["title"] for each in found["sources"]] == ["A sample cohort. Sample Journal, 2024."]
    assert found["licence"] == "Share it unchanged, with our name."
    assert f"version 1, from Rounds, http://testserver{PAGE}" in found["attribution"]
    assert revision.body not in json.dumps(found)
    assert revision.change_note == ""


def test_the_number_of_members_is_the_one_that_may_be_shown() -> None:
    community = make.community(members=10)
    make.publication()
    assert "members (fewer than 11)" in ask("/articles/poems-syndrome/prognosis")["html"]
    assert ask("/conditions/poems-syndrome")["community"] == {
        "url": "http://testserver/conditions/poems-syndrome/community/",
        "members": "Fewer than 11",
        "figure": None,
        "countedOn": None,
    }
    community.join(by=people.person("one@example.org"), relation="self", consent_version="1")
    found = ask("/articles/poems-syndrome/prognosis")
    assert f'<data value="11">11 members</data></a> (counted <time datetime="{make.today()}">' in found["html"]
    assert 'href="http://testserver/conditions/poems-syndrome/community/"' in found["html"]
    assert ask("/conditions/poems-syndrome")["community"]["figure"] == 11


def test_no_member_is_told_like_ten() -> None:
    make.community()
    assert ask("/conditions/poems-syndrome")["community"]["members"] == "Fewer than 11"


def test_the_signature_says_which_licence_was_looked_up_and_how_far_the_evidence_goes() -> None:
    make.publication(make.review(evidence_to=dt.date(2026, 3, 1)))
    found = ask("/articles/poems-syndrome/prognosis")
    assert found["evidenceTo"] == "2026-03-01"
    assert found["reviewer"]["licence"] == {
        "profession": "Physician",
        "register": "Test Register",
        "number": "CLARA",
        "registerUrl": None,
        "checkedOn": make.today().isoformat(),
    }


def test_a_text_approved_by_its_changes_says_so_and_keeps_the_day_of_the_whole_page() -> None:
    earlier = make.today() - dt.timedelta(30)
    base = make.publication(make.review(signed_on=earlier))
    waiting = make.request(make.revision(base.review.revision.article, body="A comma, moved [1](#source-1)."))
    cleo = people.clinician("Cleo")
    make.publication(waiting.approve(by=cleo.user, digest=waiting.revision.digest, scope="changes"))
    found = ask("/articles/poems-syndrome/prognosis")
    assert (found["reviewScope"], found["lastReviewed"]) == ("changes-only", earlier.isoformat())
    assert found["reviewer"]["name"] == "Clara Test, MD"
    assert ask("/articles", reviewState="changed-since-review")["total"] == 1
    make.review(waiting.revision)
    assert ask("/articles/poems-syndrome/prognosis")["reviewScope"] == "whole-page"
    assert ask("/articles", reviewState="changed-since-review")["total"] == 0


def test_on_the_day_of_the_lapse_everything_says_so_and_no_job_ran(moved_clock: Clock) -> None:
    # way 23
    make.publication()
    due = dt.date.fromisoformat(ask("/articles/poems-syndrome/prognosis")["nextReviewDue"])
    cursor = ask("/changes")["cursor"]
    for before, state in ((61, "current"), (60, "due"), (1, "due"), (0, "overdue")):
        moved_clock.move(due - dt.timedelta(before))
        assert ask("/articles/poems-syndrome/prognosis")["reviewState"] == state
        assert ask("/articles", reviewState=state)["total"] == 1
        assert ask("/conditions", reviewState=state)["items"][0]["articles"][state] == 1
        assert ask("/conditions/poems-syndrome")["articles"][0]["reviewState"] == state
        assert ask("/changes", since=cursor)["items"] == []


# Taken down, moved, never there


def test_a_withdrawn_page_answers_410_with_the_reason_and_what_to_read_instead() -> None:
    site.build()
    found = ask("/articles/poems-syndrome/treatment", 410)
    assert found["type"] == "http://testserver/api/v1/#withdrawn"
    assert found["detail"] == found["withdrawn"]["reason"] == "A figure was wrong."
    assert found["withdrawn"]["withdrawnOn"] == make.today().isoformat()
    assert found["withdrawn"]["successor"]["api"] == f"http://testserver{ROOT}/articles/poems-syndrome/prognosis"
    assert "Treatment early on" not in json.dumps(found)


def test_a_page_that_no_approval_covers_answers_410_without_its_question() -> None:
    site.build()
    found = ask("/articles/poems-syndrome/research", 410)
    assert found["withdrawn"]["question"] == "This page is no longer shown"
    assert found["detail"].lower() == feeds.VOID.lower()
    assert "What about research?" not in json.dumps(found)


def test_a_draft_answers_like_a_page_that_never_was(client: Client) -> None:
    # way 27
    make.publication(live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))
    make.revision(make.article("draft"))
    answers = [client.get(f"{ROOT}/articles/poems-syndrome/{slug}") for slug in ("prognosis", "draft", "never-was")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert ask("/articles")["total"] == ask("/conditions")["total"] == 0
    assert ask("/conditions/poems-syndrome")["articles"] == []


def test_an_old_address_leads_to_the_present_one(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    site.rename(article.condition, "crow-fukase")
    for old, now in (
        (ARTICLE, f"{ROOT}/articles/crow-fukase/outlook"),
        (f"{ROOT}/conditions/poems-syndrome", f"{ROOT}/conditions/crow-fukase"),
    ):
        response = client.get(old)
        assert (response.status_code, response["Location"]) == (301, now)
        assert response["Access-Control-Allow-Origin"] == "*"
        assert client.get(now).status_code == 200


@pytest.mark.owner
def test_a_text_that_is_not_the_approved_one_is_not_given() -> None:
    # way 34
    make.publication()
    database.tamper("UPDATE articles_revision SET html = '<p>Take twice as much.</p>'")
    found = ask("/articles/poems-syndrome/prognosis", 503)
    assert found["type"].endswith("#tampered")
    assert "twice" not in json.dumps(found)


def test_codes_under_a_licence_are_hidden_until_the_operator_holds_it(settings: Settings) -> None:
    poems = make.condition()
    make.publication()
    ConditionCode.objects.create(condition=poems, system="SNOMED CT", code="79268002", match="close")
    ConditionCode.objects.create(condition=poems, system="ORPHA", code="2905")
    shown = [
        {
            "system": "ORPHA",
            "oid": None,
            "uri": "https://www.orpha.net",
            "code": "2905",
            "written": "ORPHA:2905",
            "match": "exact",
            "link": "https://www.orpha.net/en/disease/detail/2905",
        }
    ]
    assert ask("/conditions/poems-syndrome")["codes"] == ask("/conditions")["items"][0]["codes"] == shown
    settings.LICENSED_CODES_SHOWN = ["SNOMED CT"]
    kept.pages.clear()  # as the site is started anew with it
    assert [each["system"] for each in ask("/conditions/poems-syndrome")["codes"]] == ["ORPHA", "SNOMED CT"]


# Shapes


def test_every_answer_has_exactly_the_shape_that_is_described(client: Client) -> None:
    site.build()
    make.review(make.revision(make.article("newer"), question="Newer?"))
    for path, name in {
        "/conditions": "Conditions",
        "/conditions/poems-syndrome": "Condition",
        "/conditions/castleman-disease": "Condition",
        "/articles": "Articles",
        "/articles/poems-syndrome/prognosis": "Article",
        "/articles/poems-syndrome/causes": "Article",
        "/reviewers": "Reviewers",
        "/reviewers/clara": "Reviewer",
        "/reviewers/rex": "Reviewer",
        "/changes": "Changes",
    }.items():
        fits(ask(path), shapes.shape(name))
    for slug in ("treatment", "research"):
        fits(ask(f"/articles/poems-syndrome/{slug}", 410), shapes.problem("withdrawn"))
    for query in ({"page": "none"}, dict.fromkeys(map(str, range(1_001)), 1)):  # Django refuses to read so many
        fits(ask("/articles", 400, **query), shapes.problem("bad-parameter"))
    fits(ask("/articles", 404, page=2), shapes.problem("no-such-page", "unknown-cursor"))
    with pytest.raises(jsonschema_rs.ValidationError):
        fits({**ask("/reviewers/clara"), "more": 1}, shapes.shape("Reviewer"))


def fits(found: object, schema: shapes.Schema) -> None:
    """Whether an answer has a shape."""
    whole = {**schema, "components": {"schemas": shapes.SCHEMAS}}
    jsonschema_rs.validator_for(whole, validate_formats=True).validate(found)
