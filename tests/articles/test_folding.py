"""Words are compared in search without case, accents, endings and spelling of one side of the sea."""

import pytest

from articles import folding

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Ménière’s DISEASE", ["meniere", "disease"]),
        ("Me\u0301nie\u0300re", ["meniere"]),
        ("Guillain–Barré", ["guillain", "barre"]),
        ("Sjögren Øystein Łódź", ["sjogren", "oystein", "lodz"]),
        ("Straße, STRASSE", ["strasse", "strasse"]),
        ("α-Thalassæmia TNFα", ["alpha", "thalassaemia", "tnfalpha"]),
        ("İstanbul ısı", ["istanbul", "isi"]),
        ("22q11.2 deletion, 3.5", ["22q11.2", "deletion", "3.5"]),
        ("O'Brien's", ["obrien"]),
        ("ﬁbrosis", ["fibrosis"]),
        ("Болезнь 病気", ["болезнь", "病気"]),
        ("a\0b_c", ["a", "b", "c"]),
        ("\u0301 \u200d % ' \" * ( ) : ^", []),
        ("", []),
    ],
)
def test_words_are_folded(typed: str, folded: list[str]) -> None:
    assert folding.words(typed) == folded


@pytest.mark.parametrize(
    "same",
    [
        "disease diseases Disease's",
        "diagnosis diagnoses diagnosed diagnosing",
        "treat treated treating treats",
        "therapy therapies",
        "anaemia anemia",
        "oedema edema",
        "tumour tumor tumours",
        "haemophilia hemophilia",
        "bleed bleeding bleeds",
        "stop stopped stopping",
        "swelling swell",
        "syndrom syndrome syndromes",
    ],
)
def test_forms_of_a_word_have_one_key(same: str) -> None:
    assert len({folding.key(word) for word in folding.words(same)}) == 1


@pytest.mark.parametrize("other", ["heart heat", "string ring", "virus viral", "need ned", "22q11.2 22q11"])
def test_other_words_have_another_key(other: str) -> None:
    assert len({folding.key(word) for word in folding.words(other)}) == 2


@pytest.mark.parametrize(
    "text", ["22q11.2", "α", "ß", "İ", "½", "Ⅻ", "aeiouy", "病気", "x" * 900, "٣٫٥", "e\u0301\u0302"]
)
def test_a_key_is_letters_and_digits_alone(text: str) -> None:
    assert all(folding.beginning(word).replace(".", "").isalnum() for word in folding.words(text))
    assert all(key.isalnum() and len(key) < 100 for key in folding.keys(text).split())


@pytest.mark.parametrize("word", ["diagnosis", "therapies", "diseases", "treatment", "polyneuropathy"])
def test_a_word_is_found_while_it_is_being_typed(word: str) -> None:
    lost = [
        word[:end] for end in range(3, len(word)) if not folding.key(word).startswith(folding.beginning(word[:end]))
    ]
    assert len(lost) <= 1, lost
