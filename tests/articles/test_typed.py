"""Names, codes and what is said of a reviewer stand beside the stamp: no character in them hides or turns words."""

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from articles.models import ConditionCode, ConditionName
from reviews.models import Credential
from tests import make, people

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HIDDEN = ["\u202e", "\u200b", "\x07", "&#x202e;"]


def rows() -> list[tuple[models.Model, str]]:
    """One row of each kind with the field that somebody types."""
    condition, reviewer = make.condition(), people.clinician()
    return [
        (ConditionName.objects.get(condition=condition), "text"),
        (ConditionCode(condition=condition, system="MeSH", code="D016878"), "code"),
        *((reviewer, field) for field in ("name", "suffix", "specialty", "bio")),
        *((Credential.objects.get(reviewer=reviewer), field) for field in ("profession", "register", "number")),
    ]


@pytest.mark.parametrize("character", HIDDEN)
def test_a_character_that_cannot_be_seen_is_refused_with_its_field_and_place(character: str) -> None:
    for row, field in rows():
        setattr(row, field, f"A{character}a")
        with pytest.raises(ValidationError) as refused:
            row.full_clean(exclude=["slug"])
        assert "line 1, column 2: " in refused.value.message_dict[field][0], field


def test_names_of_every_language_are_taken() -> None:
    for row, field in rows():
        if field not in {"number", "code"}:
            setattr(row, field, "Ménière’s–Łódź α 第 й")
        row.full_clean()


def test_a_biography_in_paragraphs_is_taken_as_browsers_send_it() -> None:
    reviewer = people.clinician()
    reviewer.bio = "Reads bone marrow.\r\n\r\nTeaches."
    reviewer.full_clean()
