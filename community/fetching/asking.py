"""Starts the child process that asks for a page, and believes nothing that it does not have to."""

import json
import re
import signal
import subprocess
import sys
from typing import Any

from django.conf import settings

from .addresses import place
from .answers import LANGUAGE
from .outcomes import Answer, Outcome, Stopped
from .outside import SECONDS

# The child ends itself; on a busy machine it takes longer to begin and to end.
PATIENCE_SECONDS = SECONDS + 8
START = "import sys; sys.path.insert(0, sys.argv[1]); from community.fetching.child import main; main()"
# No more than so many characters of what a child says are looked at.
TOLD = 10_000
# What the kernel ends a child with that used more than it may.
LIMITS = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}


class CheckBroke(Exception):
    """The child ended in a way that says something about us, not about the page."""


def agent() -> str:
    """How the checker presents itself: with an address at which somebody can be asked to stop."""
    return f"Rounds-LinkCheck/1 (+{re.sub(r'[^!-~]', '', settings.SITE_URL)}/)"


def fetch(url: str) -> Answer:
    """What came of asking for a page: within 12 seconds and half a megabyte, and never from inside a transaction.

    Raises CheckBroke.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", "-c", START, str(settings.BASE_DIR)],
            input=json.dumps({"url": url, "agent": agent()}),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={},
            cwd="/",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(Outcome.SLOW, url)
    if child.returncode == -signal.SIGALRM:
        return Answer(Outcome.SLOW, url)
    if child.returncode in LIMITS:
        return Answer(Outcome.TOO_MUCH, url)
    if child.returncode != 0:
        raise CheckBroke(child.stderr[-TOLD:])
    return _believed(child.stdout, url)


def _believed(told: str, url: str) -> Answer:
    """The child's answer, where it has the form of one. Raises CheckBroke."""
    try:
        said: dict[str, Any] = json.loads(told[:TOLD])
        answer = Answer(Outcome(said["outcome"]), str(said["final"]), said["secure"] is True, str(said["language"]))
        whole = answer.final == url or place(answer.final).url == answer.final
    except (ValueError, KeyError, TypeError, Stopped) as problem:
        raise CheckBroke(f"{type(problem).__name__}: {told[:200]!r}") from problem
    if not whole or not (answer.language == "" or LANGUAGE.fullmatch(answer.language)):
        raise CheckBroke(f"Not an answer: {told[:200]!r}")
    return answer
