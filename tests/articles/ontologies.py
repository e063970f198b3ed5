"""Small ontologies of our own making, in both formats, and the command that imports them."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from articles.importers.obo import read
from articles.importers.terms import Term
from articles.models import Condition, ConditionCode, ConditionName

HEAD = """\
format-version: 1.2
data-version: sample/releases/{release}/sample.obo
ontology: sample

"""
ROOT = """\
[Term]
id: DOID:1
name: sample disease
"""
POEMS = """\
[Term]
id: DOID:2
name: Sample-Fukase syndrome
def: "A sample \\"condition\\" of nerves\\: one of many." [url:https\\://example.org/a]
synonym: "Sample neuropathy" EXACT []
synonym: "SFS" EXACT OMO:0003012 []
synonym: "nerve trouble" BROAD []
xref: ICD10CM:d477
xref: MESH:D016878
xref: SNOMEDCT_US_2025_09_01:79268002
xref: KEGG:05200
property_value: skos:exactMatch "MESH:D016878" xsd:string
property_value: skos:broadMatch "ICD10CM:D47.7" xsd:string
is_a: DOID:1 ! sample disease
"""
GIVEN_UP = """\
[Term]
id: DOID:9
name: obsolete sample ailment
is_obsolete: true
replaced_by: DOID:2
"""
WHOLE = [ROOT, POEMS, GIVEN_UP]


def write(folder: Path, *stanzas: str, release: str = "2026-01-01") -> Path:
    """An OBO file."""
    path = folder / f"sample-{release}.obo"
    path.write_text(HEAD.format(release=release) + "\n".join(stanzas), encoding="utf-8")
    return path


def as_json(path: Path) -> Path:
    """The same ontology in OBO Graphs JSON."""
    found = read(path)
    nodes = [_node(term) for term in found.terms]
    edges = [
        {"sub": _address(term.identifier), "pred": "is_a", "obj": _address(parent)}
        for term in found.terms
        for parent in term.parents
    ]
    version = f"http://purl.obolibrary.org/obo/sample/releases/{found.release}/sample.owl"
    written = path.with_suffix(".json")
    graph = {"id": "sample", "meta": {"version": version}, "nodes": nodes, "edges": edges}
    written.write_text(json.dumps({"graphs": [graph]}, indent=2), encoding="utf-8")
    return written


def _address(identifier: str) -> str:
    return f"http://purl.obolibrary.org/obo/{identifier.replace(':', '_')}"


def _node(term: Term) -> dict[str, Any]:
    properties = [
        {"pred": f"http://www.w3.org/2004/02/skos/core#{reference.match.value}Match", "val": reference.code}
        for reference in term.references
        if reference.match != "unstated"
    ]
    if term.replaced_by:
        properties.append({"pred": _address("IAO:0100001"), "val": _address(term.replaced_by)})
    meta: dict[str, Any] = {
        "synonyms": [
            {
                "pred": f"has{synonym.scope.capitalize()}Synonym",
                "val": synonym.text,
                **({"synonymType": _address(synonym.type)} if synonym.type else {}),
            }
            for synonym in term.synonyms
        ],
        "xrefs": [{"val": reference.code} for reference in term.references],
        "basicPropertyValues": properties,
        **({"definition": {"val": term.definition}} if term.definition else {}),
        **({"deprecated": True} if term.obsolete else {}),
    }
    return {"id": _address(term.identifier), "lbl": term.name, "type": "CLASS", "meta": meta}


@dataclass(frozen=True)
class Said:
    """What a run of the command printed, and the error it ended with."""

    out: str
    err: str
    failure: str

    def count(self, label: str) -> int:
        """The number behind a label of the table."""
        rows = [line.strip().rpartition("  ") for line in self.out.splitlines()]
        return next(int(number.replace(",", "")) for name, _, number in rows if name.strip() == label)

    def outcome(self) -> tuple[int, int, int]:
        """How many were added, changed, retired."""
        return self.count("Added"), self.count("Changed"), self.count("Retired")


def run(path: Path, *, dry_run: bool = False, verbosity: int = 1) -> Said:
    """Import a file."""
    out, err, failure = io.StringIO(), io.StringIO(), ""
    try:
        call_command("import_conditions", str(path), dry_run=dry_run, verbosity=verbosity, stdout=out, stderr=err)
    except CommandError as error:
        failure = str(error)
    return Said(out.getvalue(), err.getvalue(), failure)


def of(origin: str) -> Condition:
    """The condition that came from a term."""
    return Condition.objects.get(source_terms__identifier=origin)


def names(condition: Condition) -> dict[str, str]:
    """Its names with their kinds."""
    return dict(ConditionName.objects.filter(condition=condition).values_list("text", "kind"))


def codes(condition: Condition) -> dict[str, str]:
    """Its codes with how exact they are."""
    rows = ConditionCode.objects.filter(condition=condition)
    return {f"{row.system} {row.code}": row.match for row in rows}


def broader(condition: Condition) -> list[str]:
    """The names of the conditions of which it is a kind."""
    return sorted(row.broader.name for row in condition.broader_rows.all())
