"""What an author may type: the stored form, the characters that are refused with their place, the lengths."""

import pytest

from articles import text
from articles.digest import Source
from articles.models import Citation, Revision
from articles.text import SECTION_LIMIT, TEXT_LIMIT, TextRefused, check_characters, check_lengths, normalise, one_line
from tests import make, people

HIDING = {
    "NUL": "\x00",
    "control": "\x0e",
    "form feed": "\x0c",
    "delete": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "lone high surrogate": "\ud800",
    "lone low surrogate": "\udfff",
    "right-to-left override": "\u202e",
    "left-to-right embedding": "\u202a",
    "right-to-left isolate": "\u2067",
    "pop directional isolate": "\u2069",
    "left-to-right mark": "\u200e",
    "arabic letter mark": "\u061c",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner between letters": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "invisible times": "\u2062",
    "mongolian vowel separator": "\u180e",
    "tag letter": "\U000e0061",
    "private use": "\ue000",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "combining grapheme joiner": "\u034f",
    "variation selector": "\ufe00",
    "emoji style on a letter": "\ufe0f",
    "supplementary variation selector": "\U000e0100",
    "mongolian variation selector": "\u180b",
    "khmer vowel that is not drawn": "\u17b4",
    "noncharacter": "\uffff",
    "unassigned and ignored when drawn": "\u2065",
}
FOREIGN_DIGITS = {"arabic-indic": "\u0663", "fullwidth": "\uff15", "mathematical": "\U0001d7d3", "bengali": "\u09ea"}
HIDING_ENTITIES = [
    "&#14;",
    "&#0;",
    "&#x7F;",
    "&#8238;",
    "&#x202E;",
    "&#X202e;",
    "&#0008238;",
    "&ZeroWidthSpace;",
    "&zwj;",
    "&zwnj;",
    "&lrm;",
    "&rlm;",
    "&shy;",
    "&NoBreak;",
    "&InvisibleTimes;",
    "&#55296;",
    "&#xFFFF;",
    "&#1114112;",
    "&#1635;",
]
SEEN = {
    "letters of many scripts": "Überleben, хорошо, 生存, ऊतक, καρδιά",
    "units and signs": "m², ½ tablet, ≥ 5 µg, 37 °C, × ± → — “quoted” … 5 €",
    "no-break space inside": "5\u00a0mg",
    "harmless entities": "&lt;5 &amp; more &copy; &#8364; &euro;",
    "things that only look like entities": "a & b; &; &#; &#x; &nothing;",
    "tab inside": "a\tb",
    "accents that have no single character": "q\u0301",
    "doctor": "👩‍⚕️",
    "doctor with a skin tone": "👩🏽‍⚕️",
    "family": "👨‍👩‍👧",
    "flag of many colours": "🏳️‍🌈",
    "heart": "❤️ and ❤️‍🩹",
}


def named(cases: dict[str, str]) -> list[object]:
    """The cases as parameters that carry their names."""
    return [pytest.param(value, id=name) for name, value in cases.items()]


# The stored form


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour", id="line ends"),
        pytest.param("A\u030angstro\u0308m", "Ångström", id="letters put together"),
        pytest.param("one  \ntwo\t \nthree\u00a0", "one\ntwo\nthree", id="blanks at line ends"),
        pytest.param("\n\n  one\n\n\n", "  one", id="empty lines around"),
        pytest.param("one\n\n\n\ntwo", "one\n\n\n\ntwo", id="empty lines inside"),
        pytest.param("5  mg", "5  mg", id="blanks inside"),
        pytest.param("ﬁve ²", "ﬁve ²", id="no compatibility forms"),
        pytest.param(" \t\r\n\u00a0\r\n", "", id="nothing but blanks"),
    ],
)
def test_a_text_is_brought_to_one_form(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


@pytest.mark.parametrize("typed", ["a\r\r\nb ", "e\u0301 \n\u0301", " \u00a0\u0301 ", "\n \n a \n", "a\u00a0 \t\u00a0"])
def test_bringing_a_text_to_its_form_twice_changes_nothing_more(typed: str) -> None:
    assert normalise(normalise(typed)) == normalise(typed)


def test_a_question_is_kept_on_one_line() -> None:
    assert one_line("  What\r\n determines \t the\u00a0 outlook? ") == "What determines the outlook?"


# Characters: way 30


@pytest.mark.parametrize("character", named(HIDING))
def test_a_character_that_hides_or_reorders_words_is_refused_with_its_place(character: str) -> None:
    with pytest.raises(TextRefused) as refusal:
        check_characters(f"Take one tablet.\nNever ta{character}ke two.", "Text")
    assert str(refusal.value).startswith(f"Text, line 2, column 9: U+{ord(character):04X} ")
    assert str(refusal.value).endswith("Delete it.")


@pytest.mark.parametrize("digit", named(FOREIGN_DIGITS))
def test_a_digit_that_looks_like_another_one_is_refused_with_its_place(digit: str) -> None:
    with pytest.raises(TextRefused) as refusal:
        check_characters(f"{digit} mg", "Short answer")
    assert str(refusal.value).startswith(f"Short answer, line 1, column 1: U+{ord(digit):04X} ")
    assert "use 0 to 9" in str(refusal.value)


@pytest.mark.parametrize("entity", HIDING_ENTITIES)
def test_an_entity_for_such_a_character_is_refused_with_its_place(entity: str) -> None:
    with pytest.raises(TextRefused) as refusal:
        check_characters(f"One.\n\nTwo {entity}", "Text")
    assert str(refusal.value).startswith(f"Text, line 3, column 5: {entity} ")


@pytest.mark.parametrize("typed", named(SEEN))
def test_what_can_be_seen_is_kept(typed: str) -> None:
    check_characters(typed, "Text")


@pytest.mark.parametrize("typed", ["\u200d", "a\u200d☺", "☺\u200da", "☺\u200d", "\u200d☺", "☺\u200d\u200d☺"])
def test_a_joiner_is_refused_where_it_joins_no_emoji(typed: str) -> None:
    with pytest.raises(TextRefused, match=r"U\+200D"):
        check_characters(typed, "Text")


def test_the_first_of_several_faults_is_named() -> None:
    with pytest.raises(TextRefused, match=r"line 1, column 2: U\+200B"):
        check_characters("a\u200bb\u202e", "Text")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "named_as"),
    [
        ("question", "Question, line 1"),
        ("short_answer", "Short answer, line 1"),
        ("body", "Text, line 1"),
        ("change_note", "Change note, line 1"),
    ],
)
def test_every_field_refuses_a_reordering_character_by_its_name_and_nothing_is_kept(field: str, named_as: str) -> None:
    article = make.article()
    with pytest.raises(TextRefused, match=rf"^{named_as}, column 3: U\+202E"):
        article.revise(by=people.author(), **{**make.TEXT, field: "5 \u202egm 05"})  # type: ignore[arg-type]
    assert not Revision.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["title", "url", "doi", "pmid"])
def test_every_field_of_a_source_refuses_a_hidden_character_by_its_number(field: str) -> None:
    fields = {"title": "A cohort", "url": "https://example.org/", "doi": "10.1000/x", "pmid": "1"}
    fields[field] += "\u200b1"
    with pytest.raises(TextRefused, match=r"^Source 2, line 1, column \d+: U\+200B"):
        make.article().revise(by=people.author(), **{**make.TEXT, "sources": [*make.SOURCES, Source(**fields)]})
    assert not Citation.objects.exists()


# Lengths


def test_a_section_may_hold_exactly_its_limit() -> None:
    check_lengths("a" * SECTION_LIMIT, "Text")


def test_a_section_over_its_limit_is_refused_by_its_heading() -> None:
    body = "An opening.\n\n## Short\n\nshort\n\n## Too long\n\n" + "a " * (SECTION_LIMIT // 2)
    with pytest.raises(TextRefused) as refusal:
        check_lengths(body, "Text")
    assert "the section “Too long” has 20,0" in str(refusal.value)
    assert "at most 20,000" in str(refusal.value)


def test_an_opening_over_the_limit_is_refused_as_the_opening() -> None:
    with pytest.raises(TextRefused, match="the section “Opening” has"):
        check_lengths("a" * (SECTION_LIMIT + 1) + "\n\n## Next", "Text")


def test_a_heading_inside_a_section_does_not_begin_another_one() -> None:
    half = "a" * (SECTION_LIMIT // 2)
    with pytest.raises(TextRefused, match="the section “One”"):
        check_lengths(f"## One\n{half}\n### Deeper\n{half}", "Text")


def test_a_text_within_all_limits_is_taken_and_one_over_the_whole_is_refused() -> None:
    sections = [f"## Section {number}\n" + "a" * 19_900 for number in range(5)]
    check_lengths("\n".join(sections), "Text")
    with pytest.raises(TextRefused) as refusal:
        check_lengths("\n".join([*sections, "## Section 5\n" + "a" * 500]), "Text")
    assert f"at most {TEXT_LIMIT:,}" in str(refusal.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("question", "a" * 201, "Question has 201 characters; at most 200"),
        ("short_answer", "a" * 2001, "Short answer has 2,001 characters; at most 2,000"),
        ("body", "a" * (TEXT_LIMIT + 1), "Text has 100,001 characters; at most 100,000"),
        ("change_note", "a" * 1001, "Change note"),
    ],
)
def test_a_field_over_its_limit_is_refused_and_never_cut(field: str, typed: str, says: str) -> None:
    article = make.article()
    with pytest.raises(TextRefused, match=f"^{says}"):
        article.revise(by=people.author(), **{**make.TEXT, field: typed})  # type: ignore[arg-type]
    assert not Revision.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "most"), [("question", 200), ("short_answer", 2000), ("change_note", 1000)])
def test_a_field_at_its_limit_is_kept_whole(field: str, most: int) -> None:
    saved = make.revision(**{field: "a" * most})
    assert getattr(Revision.objects.get(pk=saved.pk), field) == "a" * most


def test_the_limits_are_those_authors_are_told() -> None:
    assert (text.SECTION_LIMIT, text.TEXT_LIMIT) == (20_000, 100_000)
