"""What members agree to, in the very words they are shown: one text a purpose, kept for ever under its version.

Whoever changes a text gives it a new version and leaves the old one here: those who agreed to it did so to its words.
"""

from dataclasses import dataclass

from django.conf import settings

from articles.models import Condition


@dataclass(frozen=True)
class Texts:
    """The words of one version. `join` is needed to be a member, `country` is asked for by itself."""

    join: str
    country: str


TEXTS: dict[str, Texts] = {
    "2026-11": Texts(
        join="I agree that {site} stores my e-mail address together with the fact that I joined the {condition} "
        "community and how I am concerned. I understand that this says something about my health, or about the health "
        "of someone close to me.",
        country="Keep my country, and count it where the community’s page says in which countries members live. A "
        "country with fewer than {threshold} members is never shown by itself.",
    ),
}
CURRENT = "2026-11"


@dataclass(frozen=True)
class Shown:
    """The words as a member of a community is shown them."""

    version: str
    join: str
    country: str


def shown(condition: Condition, version: str = CURRENT) -> Shown | None:
    """The words of a version for the community of a condition; None for a version that was never asked for here."""
    texts = TEXTS.get(version)
    if texts is None:
        return None
    names = {"site": settings.SITE_NAME, "condition": condition, "threshold": settings.MEMBER_COUNT_THRESHOLD}
    return Shown(version, texts.join.format(**names), texts.country.format(**names))
