"""Days in a page."""

import datetime as dt
from functools import lru_cache

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=4096)
def day(when: dt.date, form: str = "j F Y") -> SafeString:
    """A day for people and for machines; pages name few days, and each of them often."""
    return format_html('<time datetime="{}">{}</time>', when.isoformat(), date_format(when, form))
