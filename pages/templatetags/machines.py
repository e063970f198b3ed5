"""Structured data in a page."""

import json

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pages.jsonld import Node

register = template.Library()

# Characters that mean something in HTML, as JSON may write them too; the rest of its text is ASCII.
AS_NUMBERS = {ord(character): f"\\u{ord(character):04X}" for character in "<>&'"}


@register.simple_tag
def structured_data(node: Node) -> SafeString:
    """A data block with this JSON, which nothing in it can end.

    It is cut at its quotation marks, and what lies between them goes through Django's escaping like any other words.
    That finds nothing to do, for what it looks for was written as numbers before. So there is no door here.
    """
    written = json.dumps(node, separators=(",", ":")).translate(AS_NUMBERS)
    *pieces, last = written.split('"')
    return format_html(
        '<script type="application/ld+json">{}{}</script>',
        format_html_join("", '{}"', ((piece,) for piece in pieces)),
        last,
    )
