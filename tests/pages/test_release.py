"""A new release of the software changes no approved word, and none around it unseen."""

import hashlib
import re

import pytest
from django.test import Client

from articles import rendering
from articles.digest import Source
from tests import make

from . import dom

EVERYTHING = """An opening with *stress*, **weight**, `code` & <5 mg, and {{ members }} to ask.

## A list

- one
- two

    - inside

3. third
4. fourth

### A table

| Dose | When |
| ---- | ---: |
| 5 mg | day 1 |

Term
:   What it means.

> A quotation with a [link](https://example.org/a?b=1&c=2), a [page](/how-we-review/) and a source [1](#source-1).

!!! warning "Stop"
    Ask first.

A claim with a note.[^1]

[^1]: The note.
"""
# Whoever changes what comes out raises rendering.VERSION and enters the new digest beside it.
MADE_BY = {"1": "f613e23310b367e80f9b02808454bb778fbc305f0e4d52368f010f6a6b197a5d"}


def test_what_the_renderer_makes_is_known_for_its_version() -> None:
    # way 17
    made = hashlib.sha256(rendering.render(EVERYTHING).encode()).hexdigest()
    assert made == MADE_BY[rendering.VERSION]


@pytest.mark.once
@pytest.mark.django_db
def test_another_renderer_leaves_every_approved_page_as_it_was(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # way 17
    publication = make.publication(make.review(make.revision(body=EVERYTHING)))
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    monkeypatch.setattr(rendering, "render", lambda body: "<p>Marzipan.</p>")
    monkeypatch.setattr(rendering, "VERSION", "2")
    response = client.get(address)
    assert (response.status_code, response.content) == (200, before)
    # A save of the same words is a new text now, and reaches nobody without an approval.
    newer = make.revision(publication.article, body=EVERYTHING)
    assert newer.digest != publication.review.digest
    assert client.get(address).content == before


# Every word that the page puts around an approved text. Changed on purpose: change it here too.
FRAME = (
    "Conditions POEMS syndrome Outlook QUESTION DAY Medically reviewed, in date Clara Test, MDHaematologist, "
    "Test Hospital ReviewedDAY Next review dueDAY Version1, what changed Short answer Medically reviewed summary Last "
    "updated DAY ANSWER On this page Sources TEXT1 Sources Checked by the reviewer on DAY. SOURCE PubMed 12456500 "
    "Medical disclaimer. This page is for learning, not for diagnosis or treatment. Always talk to the people who "
    "look after you about your own diagnosis and your own plan. Version 1, approved by Clara Test, MD on DAY. Good "
    "until DAY. This copy does not update: look for a newer version at http://testserver/conditions/poems-syndrome/prognosis/"
    " Was this page useful? Yes No Report a mistake"
)


@pytest.mark.once
@pytest.mark.django_db
def test_the_words_around_a_text_are_those_that_were_agreed(client: Client) -> None:
    # way 17
    source = Source(title="SOURCE", pmid="12456500")
    revision = make.revision(question="QUESTION", short_answer="ANSWER", body="TEXT [1](#source-1)", sources=(source,))
    publication = make.publication(make.review(revision))
    words = dom.words(dom.first(dom.read(client, publication.article.get_absolute_url()), "main"))
    assert re.sub(r"\d+ [A-Z][A-Za-z]+ \d{4}", "DAY", words) == FRAME
