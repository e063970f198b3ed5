"""How gunicorn serves the site (`--config python:config.server`); docs/operators.md says what stands before it."""

import re
import socket

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from config.headers import HEADERS

threads = 8
# The longest line that gunicorn takes, in bytes; what is longer gets 414.
limit_request_line = 8190
# No header of a caller says under which path the site stands.
forwarder_headers = ""
control_socket_disable = True
# No line holds the address of a reader, so none can hold it beside a condition: whoever wants a log of requests
# (--access-logfile) gets when, how, with what answer and how long.
accesslog = None
access_log_format = "%(t)s %(m)s %(s)s %(b)s %(M)sms"


class Log(Logger):
    """Gunicorn's log; of what it could not read as a request it tells what was wrong, not what stood in it or whose."""

    def warning(self, msg: str, *args: object, **kwargs: object) -> None:
        """A warning without the sender's address and without the words that were sent."""
        super().warning(re.sub(r"(?s) from ip=.*?: ([^:]*).*", r": \1", msg), *args, **kwargs)  # type: ignore[no-untyped-call]


logger_class = Log


def post_worker_init(worker: Worker) -> None:
    """Let gunicorn's own refusals, of what never reaches the site, carry the site's headers too."""
    util.write_error = refuse


def refuse(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer what cannot be read as a request with its status alone; nothing of it is repeated."""
    body = f"{status} {reason}\n"
    headers = {
        "Connection": "close",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        **HEADERS,
    }
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", body]
    util.write_nonblock(sock, "\r\n".join(lines).encode("latin1"))  # type: ignore[no-untyped-call]
