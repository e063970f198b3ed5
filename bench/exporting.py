"""The export of as many pages as there are: how long it takes, how large it is, how much memory it needs."""

import io
import resource
import tempfile
import time
from pathlib import Path


def exporting() -> None:
    """Into a new folder, then again with nothing changed; whatever was measured before took its memory already."""
    from django.core.management import call_command
    from django.db import connection

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory(prefix="rounds-export-") as folder:
        path, took = Path(folder) / "export", []
        for _ in range(2):
            said, start, begun = io.StringIO(), time.perf_counter(), time.process_time()
            call_command("export_articles", str(path), stdout=said)
            took.append(f"{time.perf_counter() - start:.1f} s ({time.process_time() - begun:.1f} of CPU here)")
        sizes = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    pages, size = said.getvalue().split(", ")[0].lower(), sum(sizes) / 1e6
    print(f"\nExport: {pages}, {len(sizes):,} files, {size:,.0f} MB, {connection.vendor}")
    print(f"    {took[0]} into a new folder, {took[1]} again; {more / 1024:,.0f} MB of memory more than before")
