"""What a text lacks before a clinician is asked to read it: everything at once, as one list."""

import re

from accounts.refusals import Refusal
from articles import rendering, text
from articles.models import Revision

LONG_SENTENCE = 30
FOOTNOTE_USE = re.compile(r"\[\^([^\]\s]+)\](?!:)")
FOOTNOTE_TEXT = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:", re.MULTILINE)
SOURCE_USE = re.compile(r"\(#source-(\d+)\)")
LINK = re.compile(r"\[([^\]]+)\]\(")
EMPTY_LINK_WORDS = {"here", "click here", "this", "link", "this link", "more", "read more", "this page"}


def problems(revision: Revision) -> list[str]:
    """Why this version cannot go to a clinician yet, each with its remedy; empty when it is ready."""
    found = []
    if not revision.question:
        found.append("There is no question. Write the question the page answers.")
    if not revision.short_answer:
        found.append("There is no short answer. Write two to four sentences that answer the question.")
    if not revision.body:
        found.append("There is no body. Write the text below the short answer.")
    found += _lengths(revision.body)
    found += _tokens(revision)
    found += _headings(revision.html)
    found += _footnotes(revision)
    found += [
        f"Source {row.number}, “{row.title}”, has neither an address nor an identifier. Add a web address, DOI or PMID."
        for row in revision.citations.all()
        if not (row.url or row.doi or row.pmid)
    ]
    return found


def warnings(revision: Revision) -> list[str]:
    """What a clinician should look at first; none of it stops the text."""
    found = []
    if revision.source_count == 0:
        found.append("The text names no sources.")
    if re.search(r"\d", revision.short_answer) and not SOURCE_USE.search(revision.body):
        found.append("The short answer holds a number, and nothing in the text points to a source.")
    for sentence in re.split(r"(?<=[.!?])\s+", revision.short_answer):
        if (length := len(sentence.split())) > LONG_SENTENCE:
            opening = " ".join(sentence.split()[:6])
            found.append(f"A sentence of the short answer has {length} words: “{opening} …”.")
    found += [
        f"A link says only “{words}”. Its words should say where it leads."
        for words in LINK.findall(revision.body)
        if words.strip().lower() in EMPTY_LINK_WORDS
    ]
    return found


def _lengths(body: str) -> list[str]:
    try:
        text.check_lengths(body, "Text")
    except Refusal as refusal:
        return [str(refusal)]
    return []


def _tokens(revision: Revision) -> list[str]:
    found = [
        f"“{{{{ {name} }}}}” is not known. The only one is {rendering.MEMBERS}."
        for name in rendering.TOKEN.findall(revision.body)
        if name != "members"
    ]
    if rendering.TOKEN.search(revision.question + revision.short_answer):
        found.append(
            f"{rendering.MEMBERS} can stand in the body only. Take it out of the question and the short answer."
        )
    if any(rendering.TOKEN.search(title) for _, title in rendering.headings(revision.html)):
        found.append(f"{rendering.MEMBERS} cannot stand in a heading. Move it into a sentence.")
    return found


def _headings(html: str) -> list[str]:
    found = []
    above = 1
    for level, title in rendering.headings(html):
        if level == 1:
            found.append(f"The heading “{title}” has one #. The page's own heading is the question; use ##.")
        elif level > above + 1:
            found.append(f"The heading “{title}” skips a level. Use {'#' * (above + 1)} there.")
        above = max(level, 1)
    return found


def _footnotes(revision: Revision) -> list[str]:
    used, written = FOOTNOTE_USE.findall(revision.body), FOOTNOTE_TEXT.findall(revision.body)
    found = [f"Footnote [^{name}] has no text. Add a line “[^{name}]: …”." for name in used if name not in written]
    found += [f"Footnote [^{name}] is never used. Point to it, or delete it." for name in written if name not in used]
    found += [
        f"The text points to source {number}, and there are {revision.source_count}."
        for number in SOURCE_USE.findall(revision.body)
        if not 1 <= int(number) <= revision.source_count
    ]
    return found
