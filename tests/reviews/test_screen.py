"""What the clinician saw is what was stored, and what readers get: the same bytes under one digest."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from reviews.models import Publication
from tests import make, people

pytestmark = pytest.mark.django_db

PROSE = re.compile(r'<div class="prose">\s*(.*?)\s*</div>', re.DOTALL)
SOURCES = re.compile(r'<ol class="sources stack">.*?</ol>', re.DOTALL)
BODY = "Rest & <5 mg, **always**.\n\n## Then\n\nAs found [1](#source-1).\n\n| a | b |\n| - | - |\n| 1 | 2 |"


def test_the_screen_the_store_and_the_page_hold_the_same_bytes(settings: object) -> None:
    # way 31
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    request = make.request(make.revision(body=BODY))
    clinician, desk = Client(), reverse("admin:reviews_reviewrequest_change", args=[request.pk])
    clinician.force_login(people.clinician().user)
    screen = clinician.get(desk).content.decode()
    digest = re.search(r'name="digest" value="(\w{64})"', screen)
    assert digest is not None
    form = {"act": "approve", "digest": digest[1], "scope": "whole", "months": 12, "conflicts": "None declared"}
    assert clinician.post(desk, form).status_code == 302

    publication = make.publication(request.review)
    page = Client().get(publication.article.get_absolute_url()).content.decode()
    revision = Publication.objects.get().review.revision
    assert PROSE.findall(screen) == PROSE.findall(page) == [revision.html]
    assert SOURCES.findall(screen) == SOURCES.findall(page) != []
    assert revision.short_answer in screen
    assert revision.short_answer in page
    assert publication.review.digest == revision.text().digest() == digest[1]
