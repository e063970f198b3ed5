"""How gunicorn serves the site (`--config python:config.server`); docs/operators.md says what stands before it."""

import socket

from gunicorn import util
from gunicorn.workers.base import Worker

from config.headers import HEADERS

threads = 8
# The longest line that gunicorn takes, in bytes; what is longer gets 414.
limit_request_line = 8190
# No header of a caller says under which path the site stands.
forwarder_headers = ""
control_socket_disable = True


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
