"""nginx with the configuration in deploy/, on loopback without HTTPS, before a site of the test's own."""

import getpass
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from .test_run import ROOT, free_port, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")


def configuration(folder: Path, port: int, upstream: int, more: str = "") -> str:
    """deploy/nginx.conf with our paths and ports; `more` joins what it says of the site."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    ours = re.split(r"^server \{$", text, flags=re.MULTILINE)
    for old, new in {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "rounds.example.org": "localhost",
        "/var/cache/nginx": str(folder),
        "/var/log/nginx": str(folder),
        "127.0.0.1:8001": f"127.0.0.1:{upstream}",
    }.items():
        assert old in "".join(ours[:2])
        ours[:2] = [part.replace(old, new) for part in ours[:2]]
    site = re.sub(r"^ *ssl_.*\n", "", ours[1], flags=re.MULTILINE)
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy"))
    # As root it would work as somebody who may not write here.
    user = f"user {getpass.getuser()};\n" if os.getuid() == 0 else ""
    return (
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/start.log;\nevents {{}}\n"
        f"http {{\n{temporary}{ours[0]}server {{{more}{site}\n}}\n"
    )


class Nginx:
    """A running nginx; `log` is what it wrote of each request."""

    def __init__(self, folder: Path, upstream: int, *, more: str = "") -> None:
        assert NGINX
        self.folder, self.port = folder, free_port()
        path = folder / "nginx.conf"
        path.write_text(configuration(folder, self.port, upstream, more))
        for name in ("client_body", "proxy"):
            (folder / name).mkdir()
        self.process = subprocess.Popen([NGINX, "-c", str(path), "-p", str(folder), "-e", f"{folder}/start.log"])
        until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip())

    @property
    def log(self) -> list[str]:
        """The lines of the access log."""
        return (self.folder / "rounds.log").read_text().splitlines()

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
