"""A question page is light: less than 60 kB, and less than 15 kB on its way, its style sheet included."""

import brotli
import pytest
from django.conf import settings
from django.test import Client

from tests import make

from . import dom
from .keeping import ADDRESS

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_page_and_style_sheet_together(client: Client) -> None:
    make.publication(make.review(make.revision(body="\n\n".join(["Words about it, and more of them."] * 150))))
    page = client.get(ADDRESS).content
    sheets = [link.get("href", "") for link in dom.tree(page).iter("link") if link.get("rel") == "stylesheet"]
    assert len(sheets) == 1
    style = (settings.BASE_DIR / "static" / sheets[0].removeprefix("/static/")).read_bytes()
    assert len(page) + len(style) < 60_000
    sent = client.get(ADDRESS, headers={"Accept-Encoding": "br"}).content
    assert brotli.decompress(sent) == page
    assert len(sent) + len(brotli.compress(style)) < 15_000
