"""nginx before the site, answering from its cache, beside nginx that serves the same bytes from a file."""

import http.client
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from readers import QUESTION
from server import ROOT, Served, children, taken

if TYPE_CHECKING:
    from tests.nginx import Nginx

ROUNDS = 9


def proxy(folder: Path) -> None:
    """Ask for the file and for the page in turn; the site behind is asked for the page each half minute."""
    sys.path.insert(0, str(ROOT))
    from config.headers import HEADERS
    from tests.nginx import NGINX, Nginx

    if NGINX is None:
        print("\nBehind nginx: not measured, nginx is not installed")
        return
    asked = _by_wrk if shutil.which("wrk") else _one_by_one
    with Served(folder) as site:
        place = folder / "nginx"
        place.mkdir(exist_ok=True)
        _, headers, same_bytes = site.get(QUESTION)
        (place / "same.html").write_bytes(same_bytes)
        # The whole answer is the same: a file without the site's headers would be another site.
        ours = "".join(
            f'add_header {name} "{value}";'
            for name, value in headers.items()
            if name in {*HEADERS, "Cache-Control", "Vary"}
        )
        nginx = Nginx(place, site.port, more=f"location = /same.html {{ root {place}; {ours} }}")
        found: dict[str, list[tuple[float, float]]] = {"/same.html": [], QUESTION: []}
        try:
            for _ in range(ROUNDS):
                for path, figures in found.items():
                    figures.append(_figures(nginx, path, asked))
        finally:
            nginx.stop()
    print(f"\nBehind nginx: median of {ROUNDS} x 1 s, {asked.__name__.strip('_').replace('_', ' ')}")
    rates = {path: [statistics.median(each) for each in zip(*figures, strict=True)] for path, figures in found.items()}
    (file_rate, file_cpu), (rate, cpu) = rates["/same.html"], rates[QUESTION]
    print(f"  {'the bytes as a file':24} {file_rate:8,.0f} requests/s  {file_cpu:6.1f} µs of CPU")
    print(f"  {'the page from the cache':24} {rate:8,.0f} requests/s  {cpu:6.1f} µs of CPU")
    aim = "" if rate >= 0.9 * file_rate else "  MISSED"
    print(
        f"  {'cache beside file':24} {rate / file_rate:8.2f} x           {cpu / file_cpu:6.2f} x  at least 0.90 x{aim}"
    )


def _figures(nginx: "Nginx", path: str, asked: Callable[[int, str], tuple[int, float]]) -> tuple[float, float]:
    """Requests a second, and microseconds of CPU of nginx for each."""
    before = sum(map(taken, children(nginx.process.pid)))
    count, seconds = asked(nginx.port, path)
    return count / seconds, 1000 * (sum(map(taken, children(nginx.process.pid))) - before) / count


def _by_wrk(port: int, path: str) -> tuple[int, float]:
    """How many requests, in how many seconds, by eight connections."""
    command = ["wrk", "-t1", "-c8", "-d1s", "-H", "Host: localhost", f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in told, told
    count, seconds = re.findall(r"(\d+) requests in ([\d.]+)s", told)[0]
    return int(count), float(seconds)


def _one_by_one(port: int, path: str) -> tuple[int, float]:
    """The same without wrk, by one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < 1:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        count += 1
    connection.close()
    return count, time.perf_counter() - begun
