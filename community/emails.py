"""The letters of the community: plain text, to the outbox. None names a person beside a condition."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings

from accounts.models import Letter

from .models import Drift


def count_drifted(found: Sequence[Drift], *, on: dt.date) -> None:
    """To the operators: a count was not the number of its members, which cannot be while the guards stand."""
    words = "\n".join(f"{drift}." for drift in found)
    for address in settings.OPERATOR_EMAILS:
        Letter.objects.post(
            key=f"count-{on}-{address}",
            to=address,
            subject=f"{settings.SITE_NAME}: a number of members was wrong, {on:%-d %B %Y}",
            body=f"{words}\n\nIt is right again. While the guards of the database stand this cannot happen, so find "
            "out who went past them:\n\n    manage.py check --database default\n    manage.py verify_record\n",
        )
