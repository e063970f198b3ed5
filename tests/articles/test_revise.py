"""Starting a question and saving its texts: every save a new version, nothing lost, nothing written by a refusal."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from accounts.refusals import NotAllowed
from articles.digest import Source
from articles.models import RESERVED_SLUGS, Article, ArticleSlug, Citation, Revision, StaleText
from articles.text import TextRefused
from tests import make, people

pytestmark = pytest.mark.django_db

DOI = "10.1002/ajh.26240"


def source(**fields: str) -> Source:
    """A source with a title."""
    return Source(**{"title": "A cohort", **fields})


# Starting


def test_an_author_starts_a_page_that_holds_no_text() -> None:
    article = Article.objects.start(condition=make.condition(), topic="outlook", slug="prognosis", by=people.author())
    assert article.get_absolute_url() == "/conditions/poems-syndrome/prognosis/"
    assert article.language == "en"
    assert article.newest() is None


@pytest.mark.parametrize("slug", RESERVED_SLUGS)
def test_a_reserved_slug_is_refused_with_the_list(slug: str) -> None:
    with pytest.raises(ValidationError, match=r"reserved.*community, feed, history, feedback"):
        make.article(slug)
    assert not Article.objects.exists()


def test_a_slug_that_is_taken_is_refused() -> None:
    make.article("prognosis")
    with pytest.raises(ValidationError, match=r"another page.*Choose another"):
        make.article("prognosis", topic="overview")
    assert Article.objects.count() == 1


def test_a_slug_that_once_was_another_pages_is_refused() -> None:
    article = make.article("prognosis")
    article.slug = "outlook"
    article.save()
    with pytest.raises(ValidationError, match="“prognosis” is or was the address of another page"):
        make.article("prognosis")
    assert Article.objects.count() == 1


def test_two_conditions_may_use_the_same_slug() -> None:
    other = make.condition("amyloidosis", "Amyloidosis")
    assert make.article("prognosis").condition != make.article("prognosis", of=other).condition


@pytest.mark.parametrize("slug", ["", "two words", "slash/inside", "ümlaut", "a" * 101])
def test_a_slug_that_is_no_address_is_refused_by_its_field(slug: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make.article(slug)
    assert "slug" in refusal.value.message_dict
    assert not Article.objects.exists()


@pytest.mark.parametrize("language", ["es", "EN"])
def test_a_language_other_than_english_is_refused_with_the_remedy(language: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Article.objects.start(
            condition=make.condition(), topic="outlook", slug="prognosis", by=people.author(), language=language
        )
    assert "English (en)" in " ".join(refusal.value.messages)
    assert not Article.objects.exists()


def test_an_unknown_topic_is_refused_by_its_field() -> None:
    with pytest.raises(ValidationError) as refusal:
        make.article(topic="gossip")
    assert "gossip" in refusal.value.message_dict["topic"][0]
    assert not Article.objects.exists()


# Rights


@pytest.mark.parametrize("person", [people.reader, people.publisher, people.registrar, people.moderator])
def test_whoever_is_no_author_starts_no_page_and_writes_no_text(person: Callable[[], User]) -> None:
    article = make.article()
    with pytest.raises(NotAllowed, match="group Authors"):
        Article.objects.start(condition=article.condition, topic="overview", slug="overview", by=person())
    with pytest.raises(NotAllowed, match="group Authors"):
        make.revision(article, by=person())
    assert Article.objects.count() == 1
    assert not Revision.objects.exists()


def test_a_clinician_approves_texts_and_writes_none() -> None:
    with pytest.raises(NotAllowed):
        make.revision(by=people.clinician().user)


def test_an_author_whose_account_is_closed_writes_no_text() -> None:
    article, author = make.article(), people.author()
    author.close(by=author)
    with pytest.raises(NotAllowed):
        make.revision(article, by=User.objects.get(pk=author.pk))


def test_an_author_who_was_not_loaded_again_has_lost_the_right_too() -> None:
    article, author = make.article(), people.author()
    User.objects.get(pk=author.pk).close(by=people.superuser())
    with pytest.raises(NotAllowed):
        make.revision(article, by=author)


# Versions


def test_every_save_is_a_new_version_in_order() -> None:
    article = make.article()
    first = make.revision(article)
    second = make.revision(article, by=people.second_author(), body="Another body.", change_note="Shorter.")
    assert [(row.number, row.author, row.change_note) for row in article.revisions.order_by("number")] == [
        (1, people.author(), ""),
        (2, people.second_author(), "Shorter."),
    ]
    assert article.newest() == second
    assert first.digest != second.digest


def test_a_version_keeps_the_text_in_its_stored_form() -> None:
    saved = make.revision(
        question=" What\r\ndetermines  it? ", short_answer="One. \r\n\r\nTwo.\r\n", body="\r\nA\u030a \r\n\r\nZ\t\r\n"
    )
    read = Revision.objects.get(pk=saved.pk)
    assert (read.question, read.short_answer, read.body) == ("What determines it?", "One.\n\nTwo.", "Å\n\nZ")
    assert read.html == "<p>Å</p>\n<p>Z</p>"


def test_a_save_that_changes_nothing_makes_no_version() -> None:
    article = make.article()
    saved = make.revision(article)
    assert make.revision(article) == saved
    assert make.revision(article, by=people.second_author(), change_note="I was here.") == saved
    assert make.revision(article, body=make.TEXT["body"] + "  \r\n", question=f" {make.TEXT['question']} ") == saved
    assert Revision.objects.count() == 1
    assert Citation.objects.count() == 1


def test_a_save_that_changes_nothing_is_never_stale() -> None:
    article = make.article()
    make.revision(article, body="First.")
    saved = make.revision(article)
    assert make.revision(article, based_on=1) == saved


@pytest.mark.parametrize(
    "change",
    [{"question": "Why?"}, {"short_answer": ""}, {"body": ""}, {"sources": ()}, {"origin": "assisted"}],
)
def test_a_change_of_any_one_part_makes_a_version(change: dict[str, Any]) -> None:
    article = make.article()
    make.revision(article)
    assert make.revision(article, **change).number == 2


def test_going_back_to_earlier_words_is_a_new_version() -> None:
    article = make.article()
    for body in ("One.", "Two.", "One."):
        make.revision(article, body=body)
    assert [row.body for row in article.revisions.order_by("number")] == ["One.", "Two.", "One."]


def test_each_page_counts_its_own_versions() -> None:
    make.revision(make.article("one"))
    assert make.revision(make.article("two")).number == 1


def test_a_draft_may_be_unfinished() -> None:
    saved = make.revision(question="Why?", short_answer="", body="", sources=())
    assert (saved.html, saved.source_count) == ("", 0)


# Stale


def test_a_stale_save_is_refused_with_who_saved_what_and_nothing_is_lost_or_written() -> None:
    article = make.article()
    first = make.revision(article)
    make.revision(article, by=people.second_author(), body="Saved meanwhile.", based_on=first.number)
    with pytest.raises(StaleText, match=r"^Alan saved version 2 while you were writing\. Your text is still here"):
        make.revision(article, body="Written on version 1.", based_on=first.number)
    assert [row.body for row in article.revisions.order_by("number")] == [make.TEXT["body"], "Saved meanwhile."]
    assert make.revision(article, body="Both, put together.", based_on=2).number == 3


def test_a_first_text_is_refused_where_somebody_saved_the_first_text_meanwhile() -> None:
    article = make.article()
    assert make.revision(article, based_on=0).number == 1
    with pytest.raises(StaleText, match="Ada saved version 1"):
        make.revision(article, body="Mine.", based_on=0)


# Refusals


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"origin": "alien"}, "Origin “alien” is not known. Use one of human, assisted, machine"),
        ({"question": "a" * 201}, "Question has 201 characters"),
        ({"body": "![scan](https://example.org/a.png)"}, "Images are not possible yet"),
        ({"body": "[here](javascript:alert(1))"}, "link address “javascript:alert"),
        ({"sources": (*make.SOURCES, Source(title=" "))}, "Source 2 has no title"),
        ({"sources": (source(title="a" * 501),)}, "Source 1 is too long"),
        ({"sources": (source(url="https://example.org/" + "a" * 500),)}, "Source 1 is too long"),
        ({"sources": (source(doi="10.1000/" + "a" * 200),)}, "Source 1 is too long"),
    ],
)
def test_a_refused_text_says_why_and_writes_nothing(change: dict[str, Any], says: str) -> None:
    article = make.article()
    make.revision(article, body="Before.")
    with pytest.raises(TextRefused) as refusal:
        make.revision(article, **change)
    assert says in str(refusal.value)
    assert Revision.objects.count() == 1
    assert Citation.objects.count() == 1


# Sources


@pytest.mark.parametrize(
    "typed",
    [
        DOI,
        f"https://doi.org/{DOI}",
        f"http://dx.doi.org/{DOI}",
        f"HTTPS://DOI.ORG/{DOI}",
        f"doi:{DOI}",
        f"DOI: {DOI}",
        f"  doi: {DOI} ",
    ],
)
def test_a_doi_is_kept_without_what_stands_before_it(typed: str) -> None:
    assert make.revision(sources=(source(doi=typed),)).citations.get().doi == DOI


@pytest.mark.parametrize(
    "typed", ["10.1/x", "11.1000/x", "10.1000", "10.1000/", "10.1000/a b", "https://example.org/x"]
)
def test_what_is_no_doi_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(TextRefused, match=r"^Source 1: “.*” is not a DOI\. A DOI looks like 10\.1000/example"):
        make.revision(sources=(source(doi=typed),))
    assert not Revision.objects.exists()


@pytest.mark.parametrize("typed", ["0", "012", "PMC123", "12 34", "-1", "1.5", "1234567890"])
def test_what_is_no_pmid_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(TextRefused, match=r"^Source 2: “.*” is not a PMID\. A PMID is a number such as"):
        make.revision(sources=(source(), source(pmid=typed)))
    assert not Revision.objects.exists()


@pytest.mark.parametrize(
    "typed",
    ["javascript:alert(1)", "ftp://example.org/a", "example.org", "https://", "//example.org", "/local", "data:,a"],
)
def test_what_is_no_web_address_is_refused_with_the_remedy(typed: str) -> None:
    with pytest.raises(TextRefused, match=r"^Source 1: “.*” is not a web address\. Begin with https://"):
        make.revision(sources=(source(url=typed),))
    assert not Revision.objects.exists()


def test_sources_are_kept_tidy_in_their_order() -> None:
    saved = make.revision(
        sources=(
            Source(title="  A\n cohort ", url=" https://example.org/a ", pmid=" 12456500 "),
            Source(title="Another", doi=DOI),
        )
    )
    assert [(row.number, row.source()) for row in saved.citations.order_by("number")] == [
        (1, Source(title="A cohort", url="https://example.org/a", pmid="12456500")),
        (2, Source(title="Another", doi=DOI)),
    ]
    assert saved.source_count == 2


def test_a_source_leads_to_its_doi_its_pubmed_entry_and_its_address() -> None:
    saved = make.revision(sources=(source(doi=DOI, pmid="12456500", url="https://example.org/a"),))
    assert [(link.label, link.url) for link in saved.citations.get().links()] == [
        (f"doi:{DOI}", f"https://doi.org/{DOI}"),
        ("PubMed 12456500", "https://pubmed.ncbi.nlm.nih.gov/12456500/"),
        ("example.org", "https://example.org/a"),
    ]


# At once


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts at the same moment, each on a connection of its own; what each gave or raised, in order."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            start.wait()
            results[place] = acts[place]()
        except Exception as error:  # noqa: BLE001  the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_texts_saved_at_once_are_both_kept() -> None:
    article, ada, alan = make.article(), people.author(), people.second_author()
    results = together(
        lambda: make.revision(Article.objects.get(pk=article.pk), by=ada, body="Ada's."),
        lambda: make.revision(Article.objects.get(pk=article.pk), by=alan, body="Alan's."),
    )
    assert sorted(row.number for row in results) == [1, 2]
    assert {row.body for row in article.revisions.all()} == {"Ada's.", "Alan's."}
    assert all(row.is_intact() for row in article.revisions.all())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_changes_to_one_version_at_once_one_is_saved_and_the_other_is_told() -> None:
    article, ada, alan = make.article(), people.author(), people.second_author()
    make.revision(article)
    results = together(
        lambda: make.revision(Article.objects.get(pk=article.pk), by=ada, body="Ada's.", based_on=1),
        lambda: make.revision(Article.objects.get(pk=article.pk), by=alan, body="Alan's.", based_on=1),
    )
    (saved,) = [row for row in results if isinstance(row, Revision)]
    (told,) = [row for row in results if isinstance(row, StaleText)]
    assert saved.number == 2
    assert str(told).startswith(f"{saved.author} saved version 2")
    assert article.revisions.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_double_click_saves_one_version() -> None:
    article, ada = make.article(), people.author()
    one, two = together(*[lambda: make.revision(Article.objects.get(pk=article.pk), by=ada)] * 2)
    assert one == two
    assert Revision.objects.count() == 1
    assert Citation.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_pages_started_at_once_at_one_address_are_one_page_and_a_refusal() -> None:
    condition, ada = make.condition(), people.author()
    results = together(
        *[lambda: Article.objects.start(condition=condition, topic="outlook", slug="prognosis", by=ada)] * 2
    )
    assert sorted(type(result).__name__ for result in results) == ["Article", "ValidationError"]
    assert ArticleSlug.objects.count() == 1
