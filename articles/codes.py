"""Codes of conditions in outside systems: how each is named, written, linked and looked up.

A code is kept in one form: upper case, without the prefix of its system, the dot of an ICD code in its place. What
comes from outside is brought to the same form before it is looked for, so “g355”, “G35.5” and “ICD10CM:G35.5” meet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import models


class Match(models.TextChoices):
    """How exactly a code means the condition, as SKOS has it."""

    EXACT = "exact", "Exact: it means this condition, neither more nor less"
    CLOSE = "close", "Close: nearly the same"
    BROAD = "broad", "Broader: it means more than this condition"
    NARROW = "narrow", "Narrower: it means a part of this condition"
    RELATED = "related", "Related: it means something else that belongs to it"
    UNSTATED = "unstated", "Not stated by the source"

    @property
    def word(self) -> str:
        """What readers are told beside a code; nothing where it means exactly this condition, or nobody says."""
        return _WORDS[self.value]


_WORDS = {
    "exact": "",
    "close": "nearly the same",
    "broad": "broader",
    "narrow": "narrower",
    "related": "related",
    "unstated": "",
}
# The matches with which a machine may take the code for the condition.
SAME = [Match.EXACT, Match.CLOSE]


@dataclass(frozen=True)
class System:
    """A system of codes. `name` is what rows hold; `address` leads to a code outside, at the place of {code}."""

    name: str
    title: str
    form: str  # a regular expression of a code in the form that is kept
    oid: str = ""
    uri: str = ""
    address: str = ""
    prefix: str = ""  # written before the code, as in DOID:14039
    dot: int = 0  # the place of the dot in a code that is longer; 0 where the system has none
    aliases: tuple[str, ...] = ()
    licensed: bool = False

    def normalise(self, code: str) -> str:
        """The form that is kept; raises ValueError, which names the code, where it cannot be one of this system."""
        bare = "".join(code.split())
        # Some letters of other alphabets become ASCII in upper case; none of them is a code.
        bare = bare.upper() if bare.isascii() else ""
        for begun, head in _beginnings(self):
            if (found := begun.match(bare)) and re.fullmatch(self.form, self._dotted(head + bare[found.end() :])):
                bare = head + bare[found.end() :]
                break
        bare = self._dotted(bare)
        if not re.fullmatch(self.form, bare):
            raise ValueError(f"“{code[:60]}” is not a code of {self.title}.")
        return bare.lstrip("0") if self.name in {"ORPHA", "GARD"} else bare

    def _dotted(self, bare: str) -> str:
        if not self.dot or "." in bare or len(bare) <= self.dot:
            return bare
        return f"{bare[: self.dot]}.{bare[self.dot :]}"

    def written(self, code: str) -> str:
        """A code as people write it."""
        return code if code.upper().startswith(self.prefix) else f"{self.prefix}{code}"

    def link(self, code: str) -> str:
        """Where the system shows a code; empty where it has no such page."""
        if self.name == "OMIM" and code.startswith("PS"):
            return f"https://omim.org/phenotypicSeries/{code}"
        return self.address.format(code=code)


@lru_cache
def _beginnings(system: System) -> list[tuple[re.Pattern[str], str]]:
    """What may be written before a code of a system, the longest first, and what stands there when it is kept."""
    words = sorted({system.name, *system.aliases}, key=len, reverse=True)
    return [
        (re.compile(re.escape("".join(word.split()).upper()) + "[:_]?"), "PS" if word == "OMIMPS" else "")
        for word in words
    ]


HL7 = "2.16.840.1.113883"
SYSTEMS = {
    system.name: system
    for system in (
        System(
            "ICD-10-CM", "ICD-10-CM", r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", dot=3,
            oid=f"{HL7}.6.90", uri="http://hl7.org/fhir/sid/icd-10-cm", aliases=("ICD10CM", "ICD10"),
            address="https://icd10cmtool.cdc.gov/?fy=FY2026&query={code}",
        ),
        System(
            "ICD-10", "ICD-10", r"[A-Z]\d\d(\.\d{1,2})?", dot=3,
            oid=f"{HL7}.6.3", uri="http://hl7.org/fhir/sid/icd-10", aliases=("ICD10", "ICD10WHO"),
            address="https://icd.who.int/browse10/2019/en#/{code}",
        ),
        System(
            "ICD-11", "ICD-11", r"[0-9A-HJ-NP-Z][A-HJ-NP-Z]\d[0-9A-HJ-NP-Z](\.[0-9A-HJ-NP-Z]{1,3})?", dot=4,
            oid=f"{HL7}.6.347", uri="http://id.who.int/icd/release/11/mms", aliases=("ICD11",),
        ),
        System(
            "ICD-9-CM", "ICD-9-CM", r"(\d{3}|V\d\d)(\.\d{1,2})?|E\d{3}(\.\d)?", dot=3,
            oid=f"{HL7}.6.103", uri="http://hl7.org/fhir/sid/icd-9-cm", aliases=("ICD9CM", "ICD9"),
        ),
        System(
            "SNOMED CT", "SNOMED CT", r"[1-9]\d{5,17}", licensed=True,
            oid=f"{HL7}.6.96", uri="http://snomed.info/sct", aliases=("SNOMEDCT", "SNOMEDCT_US", "SCTID", "SNOMED"),
            address="https://browser.ihtsdotools.org/?perspective=full&conceptId1={code}",
        ),
        System(
            "MeSH", "MeSH", r"[CD](\d{9}|\d{6})",
            oid=f"{HL7}.6.177", uri="http://id.nlm.nih.gov/mesh", aliases=("MESH", "MSH"),
            address="https://meshb.nlm.nih.gov/record/ui?ui={code}",
        ),
        System(
            "OMIM", "OMIM", r"(PS)?\d{6}",
            oid=f"{HL7}.6.174", uri="http://www.omim.org", aliases=("MIM", "OMIMPS"),
            address="https://omim.org/entry/{code}",
        ),
        System(
            "ORPHA", "Orphanet", r"0*[1-9]\d{0,6}", prefix="ORPHA:",
            # HL7 lists no OID for it; the last alias is the one that European patient summaries write.
            uri="https://www.orpha.net",
            aliases=("ORPHANET", "ORDO", "http://www.orpha.net", "ORPHACODE", "1.3.6.1.4.1.12559.11.10.1.3.1.44.5"),
            address="https://www.orpha.net/en/disease/detail/{code}",
        ),
        System(
            "GARD", "GARD", r"0*[1-9]\d{0,6}", prefix="GARD:",
            uri="https://rarediseases.info.nih.gov",
            address="https://rarediseases.info.nih.gov/diseases/{code}/index",
        ),
        System(
            "UMLS", "UMLS", r"C\d{7}",
            oid=f"{HL7}.6.86", uri="http://www.nlm.nih.gov/research/umls", aliases=("UMLS_CUI", "CUI"),
            address="https://uts.nlm.nih.gov/uts/umls/concept/{code}",
        ),
        System(
            "NCI", "NCI Thesaurus", r"C\d{2,6}",
            oid=f"{HL7}.3.26.1.1", uri="http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
            aliases=("NCIT", "NCI_THESAURUS"),
            address="https://evsexplore.semantics.cancer.gov/evsexplore/concept/ncit/{code}",
        ),
        System(
            "DOID", "Disease Ontology", r"\d{1,7}", prefix="DOID:",
            uri="http://purl.obolibrary.org/obo/doid.owl", aliases=("DO",),
            address="https://disease-ontology.org/?id=DOID:{code}",
        ),
        System(
            "MONDO", "Mondo", r"\d{7}", prefix="MONDO:",
            oid=f"{HL7}.3.9216", uri="http://purl.obolibrary.org/obo/mondo.owl",
            address="https://monarchinitiative.org/MONDO:{code}",
        ),
        System(
            "MedDRA", "MedDRA", r"\d{8}", licensed=True,
            oid=f"{HL7}.6.163", uri="https://www.meddra.org", aliases=("MDR",),
        ),
    )
}  # fmt: skip


def _plain(said: str) -> str:
    """A name, an OID or a URI without what people write differently."""
    return re.sub(r"^URN:OID:|/$|[\s_-]", "", said.strip().upper())


@lru_cache(maxsize=1)
def _known() -> dict[str, System]:
    """Every system by each of its names; the operator's own ones first (setting CODE_SYSTEM_ALIASES)."""
    known: dict[str, System] = {}
    for system in SYSTEMS.values():
        for said in (system.name, system.title, system.oid, system.uri, *system.aliases):
            if said:
                known[_plain(said)] = system
    return known


def system_of(said: str) -> System | None:
    """The system with this name, OID, URI or alias, whatever its case; None where we know none."""
    own = {_plain(alias): name for alias, name in settings.CODE_SYSTEM_ALIASES.items()}
    plain = _plain(said)
    return SYSTEMS.get(own[plain]) if plain in own else _known().get(plain)


def undated(prefix: str) -> str:
    """The name of a system without a release: SNOMEDCT_US_2025_09_01 is SNOMEDCT_US."""
    return re.sub(r"_\d{4}_\d\d_\d\d$", "", prefix)


def may_show(system: str) -> bool:
    """Whether readers and machines may be shown codes of this system."""
    known = SYSTEMS.get(system)
    return known is None or not known.licensed or system in settings.LICENSED_CODES_SHOWN


def hidden() -> list[str]:
    """The systems whose codes may not be shown."""
    return [name for name in SYSTEMS if not may_show(name)]


def title(system: str) -> str:
    """What readers know a system as."""
    return SYSTEMS[system].title if system in SYSTEMS else system


def check_settings(**kwargs: Any) -> Iterator[CheckMessage]:
    """System checks `articles.E001` and `articles.E002`: the settings about codes name systems that there are."""
    names = f"Write one of {', '.join(SYSTEMS)}."
    for name in settings.LICENSED_CODES_SHOWN:
        if name not in SYSTEMS:
            yield Error(
                f"LICENSED_CODES_SHOWN holds “{name}”, which is no system of codes.", hint=names, id="articles.E001"
            )
    for alias, name in settings.CODE_SYSTEM_ALIASES.items():
        if name not in SYSTEMS:
            told = f"CODE_SYSTEM_ALIASES says that “{alias}” means “{name}”, which is no system of codes."
            yield Error(told, hint=names, id="articles.E002")


def written(system: str, code: str) -> str:
    """A code as people write it."""
    return SYSTEMS[system].written(code) if system in SYSTEMS else code


def link(system: str, code: str) -> str:
    """Where its system shows a code; empty where it has no such page."""
    return SYSTEMS[system].link(code) if system in SYSTEMS else ""
