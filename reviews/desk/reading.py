"""A version as readers would get it, shown to colleagues."""

from typing import Any

from accounts import clock
from articles import rendering
from articles.models import Revision


def as_read(revision: Revision) -> dict[str, Any]:
    """What the reader's page needs of a version that is not public."""
    article = revision.article
    return {
        "article": article,
        "condition_name": article.condition.name,
        "revision": revision,
        "citations": list(revision.citations.order_by("number")),
        "contents": rendering.contents(revision.html),
        "members": None,
        "community_url": "",
        "today": clock.today(),
    }
