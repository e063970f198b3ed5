"""The one door through which reviewed HTML reaches a page."""

import datetime as dt
import re

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from articles.models import Revision
from community.counting import ShownCount

register = template.Library()

# The one token; whatever else stands in braces is the author's words.
MEMBERS = re.compile(r"\{\{\s*members\s*\}\}")


@register.simple_tag
def article_text(revision: Revision, members: ShownCount | None, community_url: str, today: dt.date) -> SafeString:
    """The stored HTML of a revision with {{ members }} filled in.

    It was made safe when the revision was saved and its digest is checked before it gets here; the number is the
    only thing put in. The renderer lets the token through in running text alone, never inside a tag.
    """
    number = _members(members, community_url, today)
    in_link = 0
    parts = re.split(r"(<[^>]*>)", revision.html)
    for place, part in enumerate(parts):
        if place % 2:  # a tag, never touched
            in_link += part.startswith("<a ") - part.startswith("</a")
        else:
            parts[place] = MEMBERS.sub(members.in_prose if in_link and members else number, part)
    return mark_safe("".join(parts))  # noqa: S308  the one door, see above


def _members(members: ShownCount | None, community_url: str, today: dt.date) -> str:
    """One of the closed list of forms of the number, with its day of counting where there is a figure."""
    if members is None:
        return "members"
    words = members.in_prose
    if members.figure is None:
        return format_html('<a class="live-count" href="{}">{}</a>', community_url, words)
    return format_html(
        '<a class="live-count" href="{}"><data value="{}">{}</data></a> (counted <time datetime="{}">{}</time>)',
        community_url,
        members.figure,
        words,
        today.isoformat(),
        date_format(today, "j F Y"),
    )
