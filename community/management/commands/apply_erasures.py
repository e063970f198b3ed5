"""`manage.py apply_erasures FILE`: erase again what an older backup brought back."""

import argparse
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Erasure, User
from community.models import Consent, Member


def erase_again(kind: str, number: int, at: Any) -> bool:
    """Erase one thing again, if it is there and was there when it was erased: a number may be given anew since."""
    if kind == Erasure.Kind.ACCOUNT:
        user = User.objects.filter(pk=number, joined_at__lt=at, closed_at__isnull=True).first()
        if user is None:
            return False
        if user.is_staff or user.is_on_record():
            user.close(by=user)
        else:
            user.erase(by=user)
        return True
    rows = Member.objects.filter(pk=number, consented_at__lt=at)
    if kind == Erasure.Kind.MEMBERSHIP:
        return rows.end() == 1
    agreed = Consent.objects.filter(member__in=rows, purpose=Consent.Purpose.COUNTRY)
    # Whoever named a country after that moment meant it.
    if agreed.filter(agreed_at__gt=at).exists():
        return False
    agreed.filter(taken_back_at__isnull=True).update(taken_back_at=at)
    return rows.exclude(country="").update(country="") == 1


class Command(BaseCommand):
    """Erase again accounts, memberships and countries that were erased since the backup that was restored."""

    help = "After a restore: erase again what was erased since the backup. Reads the log or the operators' letter."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where it stands what was erased."""
        parser.add_argument(
            "file", type=argparse.FileType(encoding="utf-8"), help="a file with such lines; - reads them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase each, in one transaction."""
        lines = list(Erasure.objects.read(options["file"]))
        if options["file"] is not sys.stdin:
            options["file"].close()
        if not lines:
            raise CommandError("There is no line in it that says what was erased. Give the log, or the letter.")
        done: Counter[str] = Counter()
        with transaction.atomic():
            for line in lines:
                done[line.kind] += erase_again(*line)
        for kind in Erasure.Kind:
            self.stdout.write(f"{kind.label}: {done[kind.value]} erased again.")
