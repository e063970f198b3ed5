"""The preview of a version that is not public: for colleagues at the desk, and kept by no cache."""

import pytest
from django.test import Client
from django.urls import reverse

from articles.models import Revision
from tests import make, people
from tests.pages import dom

pytestmark = pytest.mark.django_db


def address(revision: Revision) -> str:
    """Where the version is previewed."""
    return reverse("admin:desk_preview", args=[revision.article_id, revision.number])


def signed_in(person: object) -> Client:
    """A browser of this person."""
    client = Client()
    client.force_login(person)
    return client


def test_each_role_sees_the_preview_or_does_not(settings: object) -> None:
    # way 26
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    draft = make.revision()
    allowed = {
        people.author: 200,
        people.second_author: 200,
        lambda: people.clinician().user: 200,
        people.publisher: 200,
        people.superuser: 200,
        people.registrar: 403,
        people.moderator: 403,
        people.reader: 302,
    }
    for role, status in allowed.items():
        person = role()
        answer = signed_in(person).get(address(draft))
        assert answer.status_code == status, person
        assert (b"An opening" in answer.content) is (status == 200), person
    assert Client().get(address(draft)).status_code == 302


def test_staff_who_gave_no_second_factor_see_no_preview() -> None:
    # way 26
    draft = make.revision()
    for person in (people.author(), people.superuser()):
        answer = signed_in(person).get(address(draft))
        assert answer.status_code == 302
        assert b"An opening" not in answer.content


def test_no_word_in_the_address_opens_a_preview_to_a_stranger() -> None:
    # way 26
    draft = make.revision()
    for words in ("?token=1", "?share=1", "?preview=1&user=1", "?_popup=1"):
        assert Client().get(address(draft) + words).status_code == 302


def test_a_preview_is_kept_nowhere_and_bears_no_stamp(settings: object) -> None:
    # ways 25 and 26
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    answer = signed_in(people.author()).get(address(make.revision()))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    root = dom.tree(answer.content)
    assert not dom.having(root, "review-stamp")
    assert "Medically reviewed" not in dom.words(root)


def test_a_version_is_previewed_below_its_own_page_only(settings: object) -> None:
    # ways 7 and 26
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    draft, other = make.revision(), make.article("survival")
    assert (
        signed_in(people.author()).get(reverse("admin:desk_preview", args=[other.pk, draft.number])).status_code == 404
    )
