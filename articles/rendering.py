"""Markdown to safe HTML: the one door, and behind it a child process with limits.

python-markdown takes quadratic time on some input, and no lock in a web thread can stop it. So the work is
done in a child that may use two seconds of CPU, 512 MB and one megabyte of output. What it does inside is in
`markdown_child.py`: raw HTML is escaped, nh3 and then bleach clean the result with one allow list, and a text
that lost a word or a link on the way is refused.
"""

import json
import re
import subprocess
import sys
import threading
from functools import lru_cache
from html import unescape
from pathlib import Path

from .text import TextRefused, check_characters, check_lengths, check_rendered

# Goes into every digest. Raise it when the child's output for some text changes.
VERSION = "1"
# The child stops itself after two seconds of CPU; on a busy machine those take longer than two seconds.
PATIENCE_SECONDS = 30
CHILD = Path(__file__).with_name("markdown_child.py")
TOKEN = re.compile(r"\{\{\s*(.*?)\s*\}\}")
MEMBERS = "{{ members }}"

# Each child may take much memory, and a crowd must not make a plain text look slow: two at once, the others wait.
TURN = threading.BoundedSemaphore(2)


@lru_cache(maxsize=128)
def render(body: str) -> str:
    """The safe HTML of a normalised Markdown text.

    Raises TextRefused, with the reason, for a text over the limits, with a character that cannot be seen, an
    image, a link that is not plain, or one that takes too long. Never loses a word: what is not Markdown is
    shown as it was typed.
    """
    check_lengths(body, "Text")
    check_characters(body, "Text")
    if not body:
        return ""
    try:
        with TURN:
            child = subprocess.run(
                [sys.executable, "-I", "-S", str(CHILD), *(path for path in sys.path if path.endswith("-packages"))],
                input=json.dumps(body),
                capture_output=True,
                encoding="utf-8",
                env={},
                timeout=PATIENCE_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired as slow:
        raise TextRefused(TOO_MUCH) from slow
    if child.returncode != 0:
        raise TextRefused(TOO_MUCH)
    answer = json.loads(child.stdout)
    if "refused" in answer:
        raise TextRefused(f"Text: {answer['refused']}")
    rendered: str = answer["html"]
    check_rendered(rendered, "Text")
    return rendered


TOO_MUCH = (
    "Text: it takes too long to turn into a page. Look for long runs of brackets, quotes or lists inside lists, "
    "and simplify them."
)


def contents(html: str) -> list[tuple[str, str]]:
    """The sections of a stored text as (id, heading) in order, for the list “On this page”."""
    return [(anchor, title) for level, anchor, title in _headings(html) if level == 2]


def headings(html: str) -> list[tuple[int, str]]:
    """Every heading of a stored text as (level, words) in order."""
    return [(level, title) for level, _, title in _headings(html)]


def _headings(html: str) -> list[tuple[int, str, str]]:
    """Every heading as (level, id, words); a parser of HTML takes ten times as long, on each page that is made."""
    return [
        (int(level), unescape(anchor), unescape(TAG.sub("", words))) for level, anchor, words in HEADING.findall(html)
    ]


def plain(html: str) -> str:
    """The words of a stored text without its marks, a line for each part: for search, never to be shown as HTML."""
    return unescape(TAG.sub("", BREAK.sub("\n", MARK.sub("", TOKEN.sub(r"\1", html)))))


# Our own known-good HTML has no angle bracket inside a tag. A mark is the number of a source or note, or the way back.
MARK = re.compile(r"<sup\b.*?</sup>|<a [^>]*footnote-backref.*?</a>", re.DOTALL)
BREAK = re.compile(r"</?(?:h[1-6]|p|li|ul|ol|dl|dt|dd|table|thead|tbody|tr|td|th|div|blockquote|pre|hr|br)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")
HEADING = re.compile(r"<h([1-6])(?:[^>]* id=\"([^\"]*)\")?[^>]*>(.*?)</h\1>", re.DOTALL)
