"""What stops a text on its way to a clinician, and what the clinician is warned of."""

from typing import Any

import pytest

from accounts.models import Letter
from articles import text
from articles.digest import Source
from reviews import readiness
from reviews.models import ReviewRequest
from reviews.refusals import NotReady
from tests import make

pytestmark = pytest.mark.django_db

BARE = Source(title="A book without an address")


def problems(**fields: Any) -> list[str]:
    return readiness.problems(make.revision(**fields))


def warnings(**fields: Any) -> list[str]:
    return readiness.warnings(make.revision(**fields))


def test_a_complete_text_has_no_problem_and_no_warning() -> None:
    revision = make.revision()
    assert readiness.problems(revision) == []
    assert readiness.warnings(revision) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"question": ""}, "There is no question."),
        ({"short_answer": ""}, "There is no short answer."),
        ({"body": ""}, "There is no body."),
        ({"body": "See {{ doctors }}."}, "“{{ doctors }}” is not known. The only one is {{ members }}."),
        ({"question": "How many {{ members }}?"}, "{{ members }} can stand in the body only."),
        ({"short_answer": "There are {{ members }}."}, "{{ members }} can stand in the body only."),
        ({"body": "## The {{ members }}\n\nWords."}, "{{ members }} cannot stand in a heading."),
        ({"body": "# Outlook\n\nWords."}, "The heading “Outlook” has one #."),
        ({"body": "### Deep\n\nWords."}, "The heading “Deep” skips a level. Use ## there."),
        ({"body": "## One\n\n#### Deeper\n\nWords."}, "The heading “Deeper” skips a level. Use ### there."),
        ({"body": "A claim[^why]."}, "Footnote [^why] has no text."),
        ({"body": "A claim.\n\n[^why]: Because."}, "Footnote [^why] is never used."),
        ({"body": "A claim [2](#source-2)."}, "The text points to source 2, and there are 1."),
        ({"body": "A claim [0](#source-0)."}, "The text points to source 0, and there are 1."),
        ({"sources": (BARE,), "body": "Words."}, "Source 1, “A book without an address”, has neither"),
    ],
)
def test_each_problem_is_named_alone(fields: dict[str, object], says: str) -> None:
    found = problems(**fields)
    assert len(found) == 1
    assert found[0].startswith(says)


def test_a_text_over_the_limits_is_refused_also_when_it_was_saved_before_they_were_lowered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    revision = make.revision(body="An opening.\n\n## The long one\n\n" + "word " * 20)
    monkeypatch.setattr(text, "SECTION_LIMIT", 50)
    (found,) = readiness.problems(revision)
    assert "the section “The long one” has" in found
    monkeypatch.setattr(text, "TEXT_LIMIT", 60)
    (found,) = readiness.problems(revision)
    assert "at most 60 fit" in found


def test_headings_in_order_and_back_up_again_are_no_problem() -> None:
    assert problems(body="## One\n\n### Two\n\n#### Three\n\n## Four\n\nWords.") == []


def test_used_footnotes_and_cited_sources_are_no_problem() -> None:
    assert problems(body="A claim[^why], and another [1](#source-1).\n\n[^why]: Because.") == []


def test_a_source_needs_only_one_of_address_doi_and_pmid() -> None:
    sources = (
        Source(title="One", url="https://example.org/one"),
        Source(title="Two", doi="10.1000/two"),
        Source(title="Three", pmid="3"),
    )
    assert problems(sources=sources) == []


def test_all_problems_come_at_once_and_asking_writes_nothing() -> None:
    revision = make.revision(
        question="",
        short_answer="",
        body="### Deep\n\nA claim[^why] for {{ doctors }} [7](#source-7).",
        sources=(BARE,),
    )
    found = readiness.problems(revision)
    starts = ["There is no question", "There is no short answer", "“{{ doctors }}”", "The heading “Deep”"]
    starts += ["Footnote [^why] has no text", "The text points to source 7", "Source 1, “A book"]
    assert [any(problem.startswith(start) for problem in found) for start in starts] == [True] * 7
    assert len(found) == 7
    with pytest.raises(NotReady) as refusal:
        ReviewRequest.objects.ask(revision, by=revision.author)
    assert refusal.value.problems == found
    assert all(problem in str(refusal.value) for problem in found)
    assert not ReviewRequest.objects.exists()
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sources": (), "body": "Words."}, "The text names no sources."),
        ({"short_answer": "About 5 years.", "body": "Words."}, "The short answer holds a number, and nothing"),
        ({"short_answer": "word " * 31 + "end."}, "A sentence of the short answer has 32 words: “word word word"),
        ({"body": "Read it [here](https://example.org) [1](#source-1)."}, "A link says only “here”."),
        ({"body": "Read it [Click here](https://example.org) [1](#source-1)."}, "A link says only “Click here”."),
    ],
)
def test_each_warning_is_named_alone(fields: dict[str, object], says: str) -> None:
    found = warnings(**fields)
    assert len(found) == 1
    assert found[0].startswith(says)


def test_a_sentence_of_thirty_words_is_not_too_long() -> None:
    thirty = " ".join(["word"] * 30) + "."
    assert warnings(short_answer=f"{thirty} {thirty}") == []


def test_all_warnings_come_at_once_and_stop_nothing() -> None:
    revision = make.revision(
        sources=(),
        short_answer="5 years " + "word " * 30 + ".",
        body="Read [more](https://example.org).",
    )
    assert len(readiness.warnings(revision)) == 4
    assert ReviewRequest.objects.ask(revision, by=revision.author).pk
