"""What pages share may change at any time; the approved words on them do not change with it."""

import re

import pytest
from django.test import Client

from articles.models import ConditionName
from reviews.models import Publication
from tests import make, people

from . import site

pytestmark = pytest.mark.django_db

# From the opening of the element on; none of these three holds another of its kind.
REVIEWED = [
    r'<div class="prose">.*?</div>',
    r'<section class="short-answer.*?</section>',
    r'<ol class="sources.*?</ol>',
]


def reviewed(client: Client, publication: Publication) -> list[str]:
    """The approved parts of a page, byte for byte."""
    html = client.get(publication.article.get_absolute_url()).content.decode()
    return [match[0] for pattern in REVIEWED for match in re.finditer(pattern, html, re.DOTALL)]


def test_nothing_that_pages_share_reaches_into_an_approved_text(client: Client) -> None:
    # way 18
    poems = make.condition()
    other = site.live(poems, "treatment", "treatment", question="What helps?")
    link = f"See [what helps](/{other.article.get_absolute_url().strip('/')}/) for POEMS syndrome."
    publication = make.publication(make.review(make.revision(body=link)))
    before = reviewed(client, publication)
    assert len(before) == 3
    assert "what helps" in before[0]

    ConditionName.objects.filter(condition=poems).update(text="Marzipan syndrome")
    poems.definition = "Marzipan."
    poems.save()
    site.rename(poems, "marzipan-syndrome")
    site.rename(other.article, "marzipan")
    make.publication(make.review(make.revision(other.article, question="What about marzipan?")))
    reviewer = publication.review.reviewer
    reviewer.bio = reviewer.specialty = "Marzipan."
    reviewer.save()
    make.community(poems, members=1)
    for version in ("Marzipan opening.", "Marzipan again."):
        make.revision(publication.article, by=people.second_author(), body=version)

    publication = Publication.objects.get(pk=publication.pk)
    assert reviewed(client, publication) == before
