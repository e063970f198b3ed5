"""The lists of all conditions, by letter."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from . import jsonld, letters
from .parts import Part
from .views import reader_page


def _part(request: HttpRequest, entries: list[letters.Entry], number: int, first: str, other: str) -> dict[str, Any]:
    """One part of a list with the ways to those beside it; 404 at any address but its own.

    `first` is the address of the first part, `other` that of the second, which is the pattern of the rest.
    """

    def address(place: int) -> str:
        return first if place == 1 else f"{other.removesuffix('2/')}{place}/"

    part = Part(number, len(entries), letters.PER_PAGE)
    shown = part.shown(address)
    if request.path != address(number):
        raise Http404("The list has no such part.")
    return {**shown, "entries": letters.stamped(entries[part.place]), "section": "conditions"}


def _head(request: HttpRequest, title: str, words: str, number: int) -> jsonld.Head:
    """What machines are told of a part of a list; only the first has no number."""
    part = f", part {number}" if number > 1 else ""
    return jsonld.Head(f"{title}{part}", f"{words}{part}.", request.path)


@reader_page
def conditions(request: HttpRequest, number: int = 1) -> HttpResponse:
    """The alphabet, and the conditions that have pages, in parts; all of them where they fit into one."""
    entries, answered = letters.everything(), letters.answered()
    mine = [entry for entry in entries if entry.pk in answered or len(entries) <= letters.PER_PAGE]
    context = _part(request, mine, number, reverse("conditions"), reverse("conditions-part", args=[2]))
    context["groups"] = letters.grouped(context["entries"])
    context |= {"letters": letters.letters(entries), "total": len(entries), "answered": len(answered)}
    context["machine"] = _head(request, "Conditions, A to Z", "All conditions by letter", number)
    return render(request, "pages/conditions.html", context)


@reader_page
def letter(request: HttpRequest, letter: str, number: int = 1) -> HttpResponse:
    """The conditions under one letter, those with pages first, in parts."""
    entries, answered = letters.everything(), letters.answered()
    mine = [entry for entry in entries if entry.letter == letter]
    if not mine:
        raise Http404("No condition stands under this letter.")
    mine.sort(key=lambda entry: entry.pk not in answered)
    context = _part(request, mine, number, reverse("letter", args=[letter]), reverse("letter-part", args=[letter, 2]))
    here = letters.Letter(letter, len(mine))
    context |= {"letters": letters.letters(entries), "letter": here}
    words = "a digit or a sign" if letter == letters.SIGNS else here.label
    context["machine"] = _head(request, f"Conditions: {here.label}", f"Conditions that begin with {words}", number)
    return render(request, "pages/letter.html", context)
