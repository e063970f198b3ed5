"""The child process of `asking.py`: one address in, one answer out, as JSON, inside hard limits.

It knows nothing of Django, the database or the environment. The kernel ends it when its time is over, whatever hangs:
a resolver, a handshake, a parser.
"""

import dataclasses
import json
import resource
import signal
import sys

from .following import follow
from .outcomes import Answer, Outcome
from .outside import SECONDS, Budget, Outside

CPU_SECONDS = 5
MEMORY = 512 * 1024 * 1024
# Time to tell that time is over.
GRACE = 0.5


def keep_limits(seconds: float) -> None:
    """So much time, computing and memory; no file is written, and few are open."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)


def main(outside: Outside | None = None, seconds: float = SECONDS) -> None:
    """Read what is asked for, ask, and print what came of it. Only tests bring a world of their own."""
    keep_limits(seconds)
    asked = json.loads(sys.stdin.read())
    outside = outside or Outside()
    budget = Budget(outside.now, seconds=seconds)
    try:
        answer = follow(asked["url"], agent=asked["agent"], outside=outside, budget=budget)
    except MemoryError:
        answer = Answer(Outcome.TOO_MUCH, asked["url"])
    sys.stdout.write(json.dumps(dataclasses.asdict(answer)))
