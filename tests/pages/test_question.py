"""What the page of a question shows while it is public."""

import datetime as dt
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from articles.digest import Source
from reviews.models import Publication, ReviewRequest
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SOURCES = (
    Source(title="A cohort. Sample Journal, 2024.", doi="10.1000/sample.1", pmid="12456500"),
    Source(title="What patients ask.", url="https://charity.example.org/leaflets/ask.html"),
)
BODY = "\n\n".join(
    [
        "An opening with {{ members }} to ask.",
        "## What shapes it",
        "Treatment early on [1](#source-1).",
        "### Closer",
        "As patients tell [2](#source-2).",
        "## What helps",
        "Rest & <5 mg.",
    ]
)


def public(**decision: Any) -> Publication:
    """A public page with everything on it."""
    revision = make.revision(body=BODY, sources=SOURCES)
    return make.publication(make.review(revision, **decision))


def page(client: Client, publication: Publication) -> Element:
    """The page as a tree."""
    return dom.read(client, publication.article.get_absolute_url())


def test_the_question_is_the_heading_and_the_title(client: Client) -> None:
    root = page(client, public())
    assert dom.words(dom.first(root, "h1")) == "What determines the outlook?"
    assert dom.words(dom.first(root, "title")) == "What determines the outlook? | Rounds"


def test_the_stamp_names_reviewer_dates_and_version(client: Client) -> None:
    signed_on = make.today() - dt.timedelta(40)
    publication = public(signed_on=signed_on, months=6)
    root = page(client, publication)
    stamp = dom.only(root, "review-stamp")
    assert "is-current" in stamp.get("class", "").split()
    assert "Medically reviewed, in date" in dom.words(stamp)
    assert "Clara Test, MD" in dom.words(stamp)
    assert "Haematologist, Test Hospital" in dom.words(stamp)
    assert dom.links(stamp) == ["/reviewers/clara/", "/conditions/poems-syndrome/prognosis/history/"]
    next_due = publication.review.next_due
    assert next_due is not None
    assert 175 <= (next_due - signed_on).days <= 190
    assert dom.facts(stamp) == {
        "Reviewed": dom.spelled(signed_on),
        "Next review due": dom.spelled(next_due),
        "Version": "1, what changed",
    }
    times = [time.get("datetime") for time in stamp.iter("time")]
    assert times == [signed_on.isoformat(), next_due.isoformat()]


def test_the_dial_shows_how_much_of_the_period_is_over(client: Client) -> None:
    signed_on = make.today() - dt.timedelta(100)
    publication = public(signed_on=signed_on, months=12)
    assert publication.review.next_due is not None
    elapsed = round(100 * 100 / (publication.review.next_due - signed_on).days)
    stamp = dom.only(page(client, publication), "review-stamp")
    (left,) = dom.having(stamp, "dial-left")
    assert left.get("stroke-dasharray") == f"{100 - elapsed} {elapsed}"
    assert left.get("stroke-dashoffset") == f"-{elapsed}"
    assert dom.words(dom.only(stamp, "dial-day")) == f"{signed_on:%-d %b}".upper()


def test_the_short_answer_is_labelled_as_reviewed_and_dated(client: Client) -> None:
    publication = public(signed_on=make.today() - dt.timedelta(40))
    answer = dom.only(page(client, publication), "short-answer")
    assert "How early it is found, and how far it has reached." in dom.words(answer)
    label = dom.words(dom.only(answer, "answer-label"))
    assert "Medically reviewed summary" in label
    assert f"Last updated {dom.spelled(publication.live_from.date())}" in label


def test_the_stamp_stands_above_the_answer_and_the_text(client: Client) -> None:
    order = list(page(client, public()).iter())
    classes = [element.get("class", "").split() for element in order]
    places = [
        next(place for place, names in enumerate(classes) if name in names)
        for name in ("review-stamp", "short-answer", "prose", "disclaimer")
    ]
    assert places == sorted(places)


def test_the_contents_lead_to_each_section_and_to_the_sources(client: Client) -> None:
    root = page(client, public())
    contents = dom.only(root, "contents")
    assert dom.links(contents) == ["#s-what-shapes-it", "#s-what-helps", "#sources"]
    for link in dom.links(contents):
        dom.by_id(root, link.removeprefix("#"))
    assert dom.words(dom.by_id(root, "s-what-helps")) == "What helps"


def test_each_source_has_its_title_and_its_links(client: Client) -> None:
    root = page(client, public())
    one, two = dom.by_id(root, "source-1"), dom.by_id(root, "source-2")
    assert dom.words(dom.first(one, "cite")) == "A cohort. Sample Journal, 2024."
    assert dom.links(one) == ["https://doi.org/10.1000/sample.1", "https://pubmed.ncbi.nlm.nih.gov/12456500/"]
    assert "doi:10.1000/sample.1" in dom.words(one)
    assert "PubMed 12456500" in dom.words(one)
    assert dom.words(dom.first(two, "cite")) == "What patients ask."
    assert dom.links(two) == ["https://charity.example.org/leaflets/ask.html"]
    assert "charity.example.org" in dom.words(two)
    for source in (one, two):
        assert all(link.get("rel") == "noopener noreferrer" for link in source.iter("a"))


def test_the_text_points_to_its_sources(client: Client) -> None:
    root = page(client, public())
    prose = dom.only(root, "prose")
    assert [link for link in dom.links(prose) if link.startswith("#")] == ["#source-1", "#source-2"]
    named = [link.get("aria-label") for link in prose.iter("a") if link.get("href", "").startswith("#")]
    assert named == ["Source 1", "Source 2"]


def test_the_sources_carry_the_day_of_the_review(client: Client) -> None:
    signed_on = make.today() - dt.timedelta(40)
    root = page(client, public(signed_on=signed_on))
    assert f"Checked by the reviewer on {dom.spelled(signed_on)}." in dom.words(root)


def test_a_text_without_sources_has_no_section_for_them(client: Client) -> None:
    publication = make.publication(make.review(make.revision(body="An opening.", sources=())))
    root = page(client, publication)
    assert "sources" not in dom.ids(root)
    assert "#sources" not in dom.links(root)


def test_the_text_is_the_stored_html_and_nothing_else(client: Client) -> None:
    # way 17: the words stand as they were rendered when the version was saved
    publication = make.publication(make.review(make.revision(body="Rest & <5 mg.\n\n## Then", sources=())))
    response = client.get(publication.article.get_absolute_url())
    assert publication.review.revision.html == '<p>Rest &amp; &lt;5 mg.</p>\n<h2 id="s-then">Then</h2>'
    assert publication.review.revision.html in response.content.decode()


def test_the_disclaimer_closes_the_page(client: Client) -> None:
    disclaimer = dom.only(page(client, public()), "disclaimer")
    assert "Medical disclaimer." in dom.words(disclaimer)
    assert "not for diagnosis or treatment" in dom.words(disclaimer)


def test_the_breadcrumb_leads_to_the_condition(client: Client) -> None:
    crumbs = dom.only(page(client, public()), "breadcrumb")
    assert dom.links(crumbs) == ["/conditions/", "/conditions/poems-syndrome/", "/conditions/poems-syndrome/#outlook"]
    assert dom.words(crumbs) == "Conditions POEMS syndrome Outlook"


def test_a_text_a_machine_helped_with_says_so(client: Client) -> None:
    # way 21
    human = make.publication(make.review(make.revision(make.article("human"))))
    assisted = make.publication(make.review(make.revision(make.article("assisted"), origin="assisted")))
    assert "help of a machine" not in dom.words(page(client, human))
    assert "Written with the help of a machine, then read and approved by the reviewer" in dom.words(
        page(client, assisted)
    )


def test_words_that_look_like_html_are_shown_as_typed(client: Client) -> None:
    question = "Is <b>5 mg</b> & more <script>enough</script>?"
    revision = make.revision(question=question, short_answer="Take <5 mg & <section>rest</section>.")
    root = page(client, make.publication(make.review(revision)))
    assert dom.words(dom.first(root, "h1")) == question
    assert "Take <5 mg & <section>rest</section>." in dom.words(dom.only(root, "short-answer"))
    # Nothing of it runs: beside the script of the search box stands the data block, which says the words as JSON.
    scripts = list(root.iter("script"))
    assert [script.get("type") or script.get("src") for script in scripts] == [
        "application/ld+json",
        "/static/search.js",
    ]
    assert "enough" not in {"".join(script.itertext()).strip() for script in scripts}


def test_other_live_questions_of_the_condition_are_listed_with_their_mark(client: Client) -> None:
    poems = make.condition()
    publication = site.live(poems, "prognosis")
    site.live(poems, "treatment", "treatment")
    site.live(poems, "symptoms", "symptoms", signed_on=make.today() - dt.timedelta(400))
    site.live(make.condition("castleman-disease", "Castleman disease"), "elsewhere")
    make.revision(make.article("draft", of=poems))
    site.live(poems, "gone").withdraw(by=people.publisher(), why="Wrong.")
    rows = dom.having(page(client, publication), "question-row")
    assert [dom.links(row) for row in rows] == [
        ["/conditions/poems-syndrome/symptoms/"],
        ["/conditions/poems-syndrome/treatment/"],
    ]
    assert "Review lapsed on" in dom.words(rows[0])
    assert "Reviewed " in dom.words(rows[1])
    assert "Review lapsed" not in dom.words(rows[1])


def test_a_new_review_of_the_same_text_moves_the_stamp_and_not_last_updated(client: Client) -> None:
    # way 25: the stamp comes from the reviews, in one place
    publication = public(signed_on=make.today() - dt.timedelta(40))
    revision = publication.review.revision
    signed_on = make.today() - dt.timedelta(2)
    make.review(revision, by=people.clinician("Cleo"), signed_on=signed_on)
    root = page(client, publication)
    stamp = dom.only(root, "review-stamp")
    assert dom.facts(stamp)["Reviewed"] == dom.spelled(signed_on)
    assert "Cleo Test, MD" in dom.words(stamp)
    assert f"Last updated {dom.spelled(publication.live_from.date())}" in dom.words(root)


def test_an_older_review_recorded_later_does_not_move_the_stamp_back(client: Client) -> None:
    publication = public(signed_on=make.today() - dt.timedelta(10))
    make.review(publication.review.revision, by=people.clinician("Cleo"), signed_on=make.today() - dt.timedelta(50))
    stamp = dom.only(page(client, publication), "review-stamp")
    assert "Clara Test" in dom.words(stamp)


def test_a_review_that_asks_for_changes_leaves_the_stamp_alone(client: Client) -> None:
    publication = public(signed_on=make.today() - dt.timedelta(40))
    before = client.get(publication.article.get_absolute_url()).content
    asked = ReviewRequest.objects.ask(publication.review.revision, by=people.author())
    asked.ask_for_changes(by=people.clinician("Cleo").user, digest=asked.revision.digest, reason="A figure is old.")
    assert client.get(publication.article.get_absolute_url()).content == before


def test_a_change_approved_by_its_changes_keeps_the_day_of_the_whole_page(client: Client) -> None:
    # way 31: only a review of the whole page moves "reviewed"
    first = public(signed_on=make.today() - dt.timedelta(100))
    typo = make.revision(first.article, body=BODY.replace("Rest", "Sleep"), sources=SOURCES)
    second = make.publication(make.review(typo, by=people.clinician("Cleo"), scope="changes"))
    root = page(client, second)
    stamp = dom.only(root, "review-stamp")
    assert first.review.next_due is not None
    assert dom.facts(stamp) == {
        "Reviewed": dom.spelled(first.review.signed_on),
        "Next review due": dom.spelled(first.review.next_due),
        "Version": "2, what changed",
    }
    assert "Clara Test" in dom.words(stamp)
    assert "Sleep & <5 mg." in dom.words(root)


def test_a_page_put_back_keeps_the_day_it_was_last_updated(client: Client, moved_clock: Clock) -> None:
    first = public()
    first.withdraw(by=people.publisher(), why="To be looked at.")
    back = dt.datetime.now(dt.UTC) + dt.timedelta(20)
    make.publication(first.review, live_from=back)
    moved_clock.move(back + dt.timedelta(hours=1))
    label = dom.words(dom.only(page(client, first), "answer-label"))
    assert f"Last updated {dom.spelled(first.live_from.date())}" in label


def test_the_stamp_keeps_the_name_that_signed(client: Client) -> None:
    # way 24
    publication = public()
    reviewer = publication.review.reviewer
    reviewer.name, reviewer.specialty = "Clara Married", "Retired"
    reviewer.save()
    stamp = dom.words(dom.only(page(client, publication), "review-stamp"))
    assert "Clara Test, MD" in stamp
    assert "Haematologist, Test Hospital" in stamp
    assert "Married" not in stamp


def test_a_closed_account_leaves_the_page_byte_for_byte(client: Client) -> None:
    # way 24
    publication = public()
    before = client.get(publication.article.get_absolute_url()).content
    publication.review.reviewer.user.close(by=publication.review.reviewer.user)
    publication.review.revision.author.close(by=publication.review.revision.author)
    assert client.get(publication.article.get_absolute_url()).content == before


def test_the_print_says_until_when_it_holds_and_where_to_look(client: Client) -> None:
    publication = public()
    assert publication.review.next_due is not None
    line = dom.words(dom.only(page(client, publication), "print-only"))
    assert f"Good until {dom.spelled(publication.review.next_due)}" in line
    assert "http://testserver/conditions/poems-syndrome/prognosis/" in line


def test_some_other_questions_stand_below_and_the_way_to_all_of_them(client: Client) -> None:
    poems = make.condition()
    for number in range(9):
        site.live(poems, f"page-{number}")
    part = dom.first(dom.read(client, "/conditions/poems-syndrome/page-0/"), "article")
    titles = [link.get("href", "") for link in dom.having(part, "line-title")]
    assert len(titles) == len(set(titles)) == 6
    assert "/conditions/poems-syndrome/page-0/" not in titles
    assert "All 9 questions about POEMS syndrome" in dom.words(part)
