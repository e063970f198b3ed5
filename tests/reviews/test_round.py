"""The main job: from draft to reader."""

import pytest
from django.test import Client

from tests import make, people

pytestmark = pytest.mark.django_db


def test_an_approved_text_reaches_the_reader_with_its_stamp(client: Client) -> None:
    make.community(members=12)
    publication = make.publication()
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 200
    html = page.content.decode()
    assert "Medically reviewed, " in html
    assert "Clara Test, MD" in html
    assert ">12 members</data>" in html


def test_a_withdrawn_page_answers_410_with_the_reason(client: Client) -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="Its sources do not support it.")
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 410
    assert "Its sources do not support it." in page.content.decode()
    assert "An opening" not in page.content.decode()
