"""Every public claim that a text was reviewed comes from one place: `reviews.standing.Stamp`."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from django.test import Client

from . import dom, site, test_feeds

ROOT = Path(__file__).resolve().parent.parent.parent
# What a claim of a review is made of.
CLAIMS = {"signed_on", "next_due", "lapses_on", "in_date", "standing", "days_overdue", "credential_revoked", "elapsed"}
# Who signed, and what stands under it: in the formats for machines that too is the stamp's.
SIGNATURE = {"signed_as", "signed_role", "conflicts", "evidence_to", "credential_check"}
MACHINES = [
    *("jsonld", "feeds", "changes", "sitemaps", "markup", "templatetags/machines", "infobutton/answer"),
    *(f"api/{name}" for name in ("index", "lists", "changed", "records", "views")),
]
# A page that was taken down names its last approval, and a history every one, as what was and without a mark.
HISTORY = {
    "templates/pages/withdrawn.html": {"publication.review.signed_on"},
    "templates/pages/history.html": {"approval.review.signed_on"},
    "templates/pages/_history_entry.html": {"approval.review.signed_on"},
    "templates/pages/reviewer.html": {"signed.signed_on"},
    "pages/api/records.py": {"known.signed.signed_on"},
    "pages/history.py": {"self.review.signed_on"},
    # When a reviewer declared conflicts last, as on their own page; and the whole record, which readers never get.
    "pages/export.py": {"signed.signed_on"},
    "pages/whole_record.py": {"row.signed_on", "row.next_due"},
}


def test_no_public_code_reads_a_review_past_the_stamp() -> None:
    # way 25
    read = [
        (str(path.relative_to(ROOT)), ast.unparse(node))
        for path in (ROOT / "pages").rglob("*.py")
        if not {"demonstration", "migrations"} & set(path.parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in CLAIMS
    ]
    assert len(read) > 3
    past = [(named, words) for named, words in read if words.split(".")[-2] != "stamp"]
    assert [words for named, words in past if words not in HISTORY.get(named, set())] == []


def test_no_public_template_reads_a_review_past_the_stamp() -> None:
    # way 25
    wrong, seen = {}, 0
    for path in (ROOT / "templates" / "pages").glob("*.html"):
        named = str(path.relative_to(ROOT))
        read = set(re.findall(rf"([\w.]*\w)\.(?=({'|'.join(CLAIMS)})\b)", path.read_text()))
        found = {f"{owner}.{claim}" for owner, claim in read if owner.split(".")[-1] not in {"stamp", "example"}}
        seen += len(read)
        if found - HISTORY.get(named, set()):
            wrong[named] = found
    assert seen > 15
    assert wrong == {}


def test_no_format_for_machines_reads_a_signature_past_the_stamp() -> None:
    # way 25
    read = [
        (name, ast.unparse(node))
        for name in MACHINES
        for node in ast.walk(ast.parse((ROOT / "pages" / f"{name}.py").read_text()))
        if isinstance(node, ast.Attribute) and node.attr in SIGNATURE
    ]
    past = [(name, words) for name, words in read if words.split(".")[-2] != "signature"]
    # What a reviewer declared last stands on their own page too, with its day.
    assert past == [("api/records", "known.signed.conflicts")]


@pytest.mark.django_db
def test_page_structured_data_and_feed_say_the_same_of_every_review(client: Client) -> None:
    # way 25: the badge stands there exactly where they say that the page is reviewed, with the same name and day
    site.build()
    entries = {entry.address: entry for entry in test_feeds.entries(client)}
    states = set()
    for name in ("question in date", "question overdue", "question with a revoked credential", "overview"):
        address = site.ADDRESSES[name]
        root = dom.read(client, address)
        stamp, data, entry = dom.only(root, "review-stamp"), dom.data(root), entries[address]
        reviewed = "is-current" in stamp.get("class", "").split()
        states.add(reviewed)
        assert reviewed == ("lastReviewed" in data) == ("reviewedBy" in data) == (entry.review == "in-date"), name
        assert reviewed == ("Reviewed on" in entry.summary), name
        assert reviewed != ("The review lapsed on" in entry.summary) == ("(review lapsed)" in entry.title), name
        if reviewed:
            day = dom.spelled(dt.date.fromisoformat(data["lastReviewed"]))
            assert dom.facts(stamp)["Reviewed"] == day, name
            assert f"Reviewed on {day} by" in entry.summary, name
            assert dom.facts(stamp)["Next review due"] in entry.summary, name
            person = f"{data['reviewedBy']['name']}, {data['reviewedBy']['honorificSuffix']}"
            assert person in dom.words(stamp), name
            assert person in entry.summary, name
    assert states == {True, False}
