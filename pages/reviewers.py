"""Who reviews: the list of clinicians, and a page for each of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts import clock
from reviews.models import CredentialCheck, Review, Reviewer
from reviews.standing import Stamp

from . import history as record
from . import jsonld, reading
from .parts import Part
from .views import reader_page


@reader_page
def reviewers(request: HttpRequest) -> HttpResponse:
    """Everybody who reviews, and those who did and whose name still stands under a page or a history."""
    now, before = now_and_before()
    return render(
        request,
        "pages/reviewers.html",
        {
            "reviewers": now,
            "former": before,
            "section": "how-we-review",
            "machine": jsonld.Head(
                "Reviewers",
                f"The clinicians who approve the pages of {settings.SITE_NAME}, each with a licence that we looked up.",
                request.path,
            ),
        },
    )


@dataclass(frozen=True)
class Known:
    """What the public may know of a reviewer."""

    row: Reviewer
    stamps: dict[int, Stamp]  # what bears their name, by article
    checks: list[CredentialCheck]  # the newest of each licence
    licensed: bool
    signed: Review | None  # what they signed last, with their conflicts of interest
    in_past_year: int
    today: dt.date

    @classmethod
    def of(cls, row: Reviewer) -> "Known":
        """What is known now; six queries."""
        stamps = reading.stamps_of(row)
        newest = CredentialCheck.objects.filter(credential__reviewer=row).order_by("credential", "-pk")
        checks: dict[int, CredentialCheck] = {}
        for check in newest.select_related("credential"):
            checks.setdefault(check.credential_id, check)
        today = clock.today()
        lately = models.Count("pk", filter=models.Q(signed_on__gt=today - dt.timedelta(365)))
        signed = record.signed_by(row).annotate(in_past_year=models.Window(lately)).first()
        return cls(
            row=row,
            stamps=stamps,
            checks=list(checks.values()),
            licensed=CredentialCheck.objects.valid_on(today).filter(credential__reviewer=row).exists(),
            signed=signed,
            in_past_year=signed.in_past_year if signed else 0,  # type: ignore[attr-defined]  # the window's
            today=today,
        )


def now_and_before() -> tuple["models.QuerySet[Reviewer]", "models.QuerySet[Reviewer]"]:
    """Who reviews now, and who did and has their name still under a page or a history."""
    licensed = CredentialCheck.objects.valid_on(clock.today()).values("credential__reviewer")
    signed = record.public_approvals().values("reviewer")
    return Reviewer.objects.filter(pk__in=licensed), Reviewer.objects.filter(pk__in=signed).exclude(pk__in=licensed)


@reader_page
def reviewer(request: HttpRequest, reviewer: str, number: int = 1) -> HttpResponse:
    """Who a reviewer is, how their licence was checked, and what rests on their word, in parts."""
    row = get_object_or_404(Reviewer, slug=reviewer)
    known = Known.of(row)
    stamps = known.stamps
    part = Part(number, len(stamps), LINES)
    if request.path != _of_reviewer(row, number):
        raise Http404("The list has no such part.")
    return render(
        request,
        "pages/reviewer.html",
        {
            "reviewer": row,
            "initials": "".join(word[0] for word in row.name.split()[:2]).upper(),
            "lines": reading.lines_of(list(stamps)[part.place]),
            **part.shown(partial(_of_reviewer, row)),
            "total": len(stamps),
            "in_date": sum(stamp.in_date for stamp in stamps.values()),
            "lapsed": sum(not stamp.in_date for stamp in stamps.values()),
            "checks": known.checks,
            "licensed": known.licensed,
            "signed": known.signed,
            "in_past_year": known.in_past_year,
            "today": known.today,
            "machine": _head(row, known.checks, known.today, number),
        },
    )


# So many pages stand in one part of a reviewer's list.
LINES = 50


def _of_reviewer(row: Reviewer, number: int) -> str:
    """The address of one part of what a reviewer approved."""
    return row.get_absolute_url() if number == 1 else reverse("reviewer-part", args=[row.slug, number])


def _head(row: Reviewer, checks: Iterable[CredentialCheck], today: dt.date, number: int) -> jsonld.Head:
    """What machines are told: who it is on the first part, and no more than an address on the others."""
    if number == 1:
        return jsonld.reviewer(row, checks, today)
    words = f"Pages that {row.signature} approved, part {number}."
    return jsonld.Head(f"{row.signature}, part {number}", words, _of_reviewer(row, number))
