"""A whole release of a disease ontology imported: how long, how much memory, and what the pages cost afterwards."""

import io
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TERMS = 12_000
# Seconds and megabytes that the import of so many may take.
MOST_SECONDS, MOST_MEGABYTES = 180, 500
SYLLABLES = [first + vowel + last for first in "bdfgklmnprstv" for vowel in "aeiou" for last in ("", "n", "r", "l")]
KINDS = ["dystrophy", "anaemia", "syndrome", "carcinoma", "neuropathy", "disease", "deficiency", "myopathy"]
ASKED = ["/", "/conditions/", "/a-z/b/", "/search/?q=dystrophy", "/search/?q=OMIM:100123"]


def catalogue(folder: Path) -> None:
    """Import it in both formats, each in a process and a database of its own, and look at the pages."""
    files = {"OBO": folder / "release.obo", "OBO Graphs": folder / "release.json"}
    terms = list(_terms())
    files["OBO"].write_text(_obo(terms), encoding="utf-8")
    files["OBO Graphs"].write_text(_json(terms), encoding="utf-8")
    print(f"\nA release of {TERMS:,} terms: import, the same again, memory at the most")
    for name, file in files.items():
        address = f"sqlite:///{folder}/catalogue-{file.suffix[1:]}.sqlite3"
        if name == "OBO" and not os.environ["DATABASE_URL"].startswith("sqlite"):
            address = os.environ["DATABASE_URL"]  # what is there already is left as it is
        environment = {**os.environ, "DATABASE_URL": address}
        told = subprocess.run(
            [sys.executable, __file__, str(file)], env=environment, check=True, capture_output=True, text=True
        )
        first, again, memory, *pages = json.loads(told.stdout.splitlines()[-1])
        late = "" if first < MOST_SECONDS and memory < MOST_MEGABYTES else "  over the limit"
        size = file.stat().st_size / 1e6
        print(f"  {name:12} {size:5.1f} MB  {first:6.1f} s  {again:6.1f} s  {memory:5.0f} MB{late}")
    print("  afterwards, CPU of the process: names into memory, then pages made anew")
    for address, spent in zip(["names", *ASKED], pages, strict=True):
        print(f"  {address:24} {spent:8.0f} ms")


def _terms() -> list[dict[str, Any]]:
    """Terms as they are in releases: three names, a definition, four codes, mostly one parent."""
    chance = random.Random(1)  # noqa: S311  the same terms in every run
    terms = []
    for number in range(TERMS):
        words = ["".join(chance.choices(SYLLABLES, k=2)) for _ in range(40)]
        terms.append(
            {
                "id": f"DOID:{number + 1:07}",
                "name": f"{words[0]} {words[1]} {KINDS[number % len(KINDS)]} {number % 40}",
                "names": [f"{words[2]} {words[3]} {KINDS[number % 7]}", f"{words[4]}’s {words[5]}", words[6].upper()],
                "definition": f"A condition in which {' '.join(words)}.",
                "codes": [
                    f"MIM:{100_000 + number}",
                    f"MESH:D{number:06}",
                    f"ORDO:{number + 1}",
                    f"ICD10CM:{'ABCDEGH'[number % 7]}{number % 100:02}.{number % 10}",
                ],
                "parent": f"DOID:{chance.randrange(max(1, number // 20)) + 1:07}" if number else "",
            }
        )
    return terms


def _obo(terms: list[dict[str, Any]]) -> str:
    lines = ["format-version: 1.2", "data-version: releases/2026-01-01/bench.obo", ""]
    for term in terms:
        lines += ["[Term]", f"id: {term['id']}", f"name: {term['name']}", f'def: "{term["definition"]}" []']
        lines += [f'synonym: "{name}" EXACT []' for name in term["names"]]
        lines += [f"xref: {code}" for code in term["codes"]]
        lines += [f"is_a: {term['parent']}", ""] if term["parent"] else [""]
    return "\n".join(lines)


def _json(terms: list[dict[str, Any]]) -> str:
    def address(term: str) -> str:
        return f"http://purl.obolibrary.org/obo/{term.replace(':', '_')}"

    nodes = [
        {
            "id": address(term["id"]),
            "lbl": term["name"],
            "type": "CLASS",
            "meta": {
                "definition": {"val": term["definition"]},
                "synonyms": [{"pred": "hasExactSynonym", "val": name} for name in term["names"]],
                "xrefs": [{"val": code} for code in term["codes"]],
            },
        }
        for term in terms
    ]
    edges = [
        {"sub": address(term["id"]), "pred": "is_a", "obj": address(term["parent"])} for term in terms if term["parent"]
    ]
    graph = {"meta": {"version": "releases/2026-01-01/bench.owl"}, "nodes": nodes, "edges": edges}
    return json.dumps({"graphs": [graph]}, indent=1)


def main(file: Path) -> None:
    """Import one file twice in this process, as the command does, and say what it took."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from articles import names

    call_command("migrate", verbosity=0)
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        call_command("import_conditions", str(file), stdout=io.StringIO())
        taken.append(time.perf_counter() - start)
    taken.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    client = Client(raise_request_exception=True)
    acts: list[Callable[[], object]] = [names.known, *(partial(client.get, address) for address in ASKED)]
    for act in acts:
        start = time.process_time()
        act()
        taken.append(1000 * (time.process_time() - start))
    print(json.dumps(taken))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
