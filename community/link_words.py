"""Words about links, of readers and of moderators, brought to their stored form or refused."""

from django.db import models

from accounts.refusals import Refusal
from articles import text

from .countries import COUNTRIES
from .languages import LANGUAGES

MOST_WORDS = 1_000
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_REASON = 120, 300, 1_000


class Kind(models.TextChoices):
    """What a link leads to."""

    ORGANISATION = "organisation", "Patient organisation"
    PEERS = "peers", "Peer support"
    INFORMATION = "information", "Information"
    RESEARCH = "research", "Research"
    TRIALS = "trials", "Register of trials"
    SERVICE = "service", "Service or help line"


def one_line(words: str, field: str, most: int) -> str:
    """Words of one line in their stored form. Raises Refusal with the field."""
    words = text.one_line(words)
    text.check_characters(words, field)
    if len(words) > most:
        raise Refusal(f"{field}: {len(words):,} characters are too many; at most {most} fit.")
    return words


def check_codes(kind: str, country: str, language: str) -> None:
    """Raise Refusal at a code that is of no kind, country or language."""
    if kind and kind not in Kind.values:
        raise Refusal("There is no such kind of place.")
    if country and country not in COUNTRIES:
        raise Refusal("No country has this code.")
    if language and language not in LANGUAGES:
        raise Refusal("No language has this code.")


def of_reader(words: str) -> str:
    """What a reader wrote, in its stored form. Raises Refusal; TextRefused with the place of a hidden character."""
    words = text.normalise(words).strip()
    text.check_characters(words, "Your words")
    if len(words) > MOST_WORDS:
        raise Refusal(f"Your words have {len(words):,} characters; at most {MOST_WORDS:,} fit. Shorten them.")
    return words


def checked_reason(why: str, *, needed: bool) -> str:
    """A reason, in its stored form. Raises Refusal."""
    why = text.normalise(why).strip()
    text.check_characters(why, "The reason")
    if needed and not why:
        raise Refusal("Say why: whoever suggested it is told, and colleagues read it.")
    if len(why) > LONGEST_REASON:
        raise Refusal(f"The reason has {len(why):,} characters; at most {LONGEST_REASON:,} fit.")
    return why


def checked(*, title: str, kind: str, description: str = "", language: str = "", country: str = "") -> dict[str, str]:
    """The words that readers will see beside a link, in their stored form. Raises Refusal."""
    check_codes(kind, country, language)
    title = one_line(title, "The title", LONGEST_TITLE)
    if not title:
        raise Refusal("Give it a title: readers see it instead of the address.")
    if not kind:
        raise Refusal("Say what kind of place it leads to.")
    return {
        "title": title,
        "description": one_line(description, "The description", LONGEST_DESCRIPTION),
        "kind": kind,
        "language": language,
        "country": country,
    }
