"""Structured data in a page."""

import json

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from pages.jsonld import Node

register = template.Library()

# Characters that mean something in HTML, as JSON may write them too; the rest of its text is ASCII.
AS_NUMBERS = {ord(character): f"\\u{ord(character):04X}" for character in "<>&'"}


@register.simple_tag
def structured_data(node: Node) -> SafeString:
    """A data block with this JSON, which nothing in it can end.

    What Django's escaping looks for was written as numbers before, but for the quotation marks, which JSON needs and
    which end nothing here.
    """
    written = json.dumps(node, separators=(",", ":")).translate(AS_NUMBERS)
    data = mark_safe(written)  # noqa: S308  the door of data, see above
    return format_html('<script type="application/ld+json">{}</script>', data)
