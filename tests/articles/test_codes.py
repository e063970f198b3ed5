"""A code is the same however it is written; what cannot be one is refused, and its system is known by every name."""

import random
import re
import string
from collections.abc import Iterator

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from articles import codes
from articles.models import Condition, ConditionCode
from articles.names import Names
from tests import make, people

ALL = list(codes.SYSTEMS.values())
# A code of each system as it is kept, and ways in which people write it.
WRITTEN = {
    "ICD-10-CM": ("D47.7", ["d477", " D47.7 ", "ICD10CM:D47.7", "icd-10-cm D47.7", "ICD10:d477"]),
    "ICD-10": ("G71.0", ["g710", "ICD10:G71.0", "ICD-10 G71.0", "icd10who_G710"]),
    "ICD-11": ("2A83.4", ["2a834", "ICD11:2A83.4", "icd-11 2a83.4"]),
    "ICD-9-CM": ("277.39", ["27739", "ICD9CM:277.39", "icd9:27739"]),
    "SNOMED CT": ("79268002", ["SNOMEDCT_US:79268002", "sctid: 79268002", "SNOMED CT 79268002"]),
    "MeSH": ("D016878", ["d016878", "MESH:D016878", "msh:d016878"]),
    "OMIM": ("277900", ["MIM:277900", "OMIM 277900", "mim277900"]),
    "ORPHA": ("2905", ["ORPHA:2905", "orpha 2905", "ORDO:2905", "Orphanet_2905", "02905", "orphacode:2905"]),
    "GARD": ("7411", ["GARD:7411", "GARD:0007411", "gard 7411"]),
    "UMLS": ("C0085404", ["UMLS_CUI:C0085404", "umls:c0085404", "CUI C0085404"]),
    "NCI": ("C80303", ["NCI:C80303", "ncit:c80303", "NCIT_C80303"]),
    "DOID": ("14039", ["DOID:14039", "doid 14039", "DOID_14039", "DO:14039"]),
    "MONDO": ("0019056", ["MONDO:0019056", "mondo_0019056"]),
    "MedDRA": ("10065934", ["MEDDRA:10065934", "mdr 10065934"]),
}
NONSENSE = [
    "",
    " ",
    "nonsense",
    "D47.7.7",
    "²",
    "ıcd10",
    "D\u200b016878",
    "٢٧٧٩٠٠",
    "a" * 500,
    "1;2",
    "D47 OR 1=1",
    "\x00",
]


def kept(chance: random.Random, system: codes.System) -> str:
    """A code of a system at random, from the expression that it must fit."""
    while True:
        text = "".join(chance.choices(string.ascii_uppercase + string.digits + ".", k=chance.randrange(3, 11)))
        head = {"MeSH": "D", "UMLS": "C", "NCI": "C", "OMIM": ""}.get(system.name, "")
        digits = "".join(chance.choices(string.digits, k=chance.randrange(1, 11)))
        for code in (text, head + digits, digits, f"{text[:3]}.{text[3:5]}", f"PS{digits}"):
            if re.fullmatch(system.form, code) and not (system.name in {"ORPHA", "GARD"} and code[0] == "0"):
                return code


def ways(chance: random.Random, system: codes.System, code: str) -> Iterator[str]:
    """The same code as people write it."""
    yield code
    yield code.lower()
    yield f"  {code}\u00a0"
    if system.dot:
        yield code.replace(".", "")
    for name in (system.name, *system.aliases):
        if name != "OMIMPS":
            yield f"{name}:{code}"
            yield f"{name.lower()} {code.lower()}"
    yield " ".join(code)


@pytest.mark.once
@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
def test_a_code_is_the_same_however_it_is_written(system: codes.System) -> None:
    code, written = WRITTEN[system.name]
    assert [system.normalise(each) for each in [code, *written]] == [code] * (len(written) + 1)
    chance = random.Random(system.name)  # noqa: S311  the same codes in every run
    for _ in range(100):
        code = system.normalise(kept(chance, system))
        assert {system.normalise(each) for each in ways(chance, system, code)} == {code}


@pytest.mark.once
@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
def test_what_cannot_be_a_code_is_refused_with_its_system(system: codes.System) -> None:
    for code in NONSENSE:
        with pytest.raises(ValueError, match=re.escape(f"is not a code of {system.title}.")):
            system.normalise(code)


@pytest.mark.once
@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
def test_whatever_is_typed_is_taken_in_the_kept_form_or_refused(system: codes.System) -> None:
    chance = random.Random(system.name)  # noqa: S311
    letters = string.printable + "éıſßКΑ０²\u200b\u202e\x00"
    for _ in range(500):
        typed = "".join(chance.choices(letters, k=chance.randrange(12)))
        try:
            code = system.normalise(typed)
        except ValueError:
            continue
        assert re.fullmatch(system.form, code)
        assert system.normalise(code) == code
        assert code.isascii()


@pytest.mark.once
@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
def test_search_finds_a_code_however_it_is_written(system: codes.System) -> None:
    code, written = WRITTEN[system.name]
    known = Names([(1, "Sample", "preferred")], [(1, system.name, code), (2, "Unknown", "99")])
    for typed in [code, *written]:
        assert [found.condition for found in known.find(typed)] == [1], typed
        assert not known.find(typed, without=[system.name]), typed


@pytest.mark.once
def test_a_series_of_omim_is_told_from_an_entry() -> None:
    omim = codes.SYSTEMS["OMIM"]
    assert omim.normalise("OMIMPS:105400") == omim.normalise("ps105400") == "PS105400"
    assert omim.link("PS105400") == "https://omim.org/phenotypicSeries/PS105400"
    assert omim.link("277900") == "https://omim.org/entry/277900"


@pytest.mark.once
@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
def test_a_system_is_known_by_each_of_its_names(system: codes.System) -> None:
    others = {alias for other in ALL if other != system for alias in (other.name, *other.aliases)}
    said = [system.name, system.title, system.oid, f"urn:oid:{system.oid}" if system.oid else "", system.uri]
    for name in [*said, *(alias for alias in system.aliases if alias not in others)]:
        if name:
            assert codes.system_of(name) == codes.system_of(name.lower()) == codes.system_of(f" {name} ") == system, (
                name
            )


@pytest.mark.once
def test_no_two_systems_share_a_name() -> None:
    names = [
        (codes._plain(name), system.name) for system in ALL for name in (system.name, system.oid, system.uri) if name
    ]
    assert len(dict(names)) == len(names)


@pytest.mark.once
def test_each_system_has_an_oid_or_a_uri_and_leads_outside_by_https_alone() -> None:
    for system in ALL:
        assert system.oid or system.uri
        assert re.fullmatch(r"([0-9]+\.)+[0-9]+|", system.oid)
        link = system.link(WRITTEN[system.name][0])
        assert not link or (link.startswith("https://") and WRITTEN[system.name][0] in link)


# The settings


@pytest.mark.once
def test_names_that_operators_add_win(settings: Settings) -> None:
    settings.CODE_SYSTEM_ALIASES = {"1.2.3.4": "ORPHA", "mesh": "DOID"}
    for said, name in [("1.2.3.4", "ORPHA"), ("urn:oid:1.2.3.4", "ORPHA"), ("MeSH", "DOID")]:
        found = codes.system_of(said)
        assert found is not None
        assert found.name == name


@pytest.mark.once
@pytest.mark.parametrize("shown", ["snomed", "SNOMED-CT", ""])
def test_a_system_that_is_not_one_is_an_error_of_the_settings(settings: Settings, shown: str) -> None:
    settings.LICENSED_CODES_SHOWN = [shown]
    settings.CODE_SYSTEM_ALIASES = {"1.2.3": "Orphan"}
    found = {each.id: each for each in run_checks() if str(each.id).startswith("articles.")}
    assert found["articles.E001"].msg == f"LICENSED_CODES_SHOWN holds “{shown}”, which is no system of codes."
    assert (
        found["articles.E002"].msg
        == "CODE_SYSTEM_ALIASES says that “1.2.3” means “Orphan”, which is no system of codes."
    )
    assert "SNOMED CT" in str(found["articles.E001"].hint)


@pytest.mark.once
def test_right_settings_are_no_error(settings: Settings) -> None:
    settings.LICENSED_CODES_SHOWN = ["SNOMED CT", "MedDRA"]
    settings.CODE_SYSTEM_ALIASES = {"1.2.3": "ORPHA"}
    assert not [each for each in run_checks() if str(each.id).startswith("articles.")]
    assert codes.hidden() == []


# The rows


@pytest.mark.django_db
def test_a_code_is_kept_in_one_form_however_it_is_written() -> None:
    condition = make.condition()
    for written in ("D47.7", "d477", "icd10cm:d477", "ICD10CM:D47.7"):
        row = ConditionCode(condition=condition, system="ICD-10-CM", code=written)
        row.full_clean()
        assert row.code == "D47.7"


@pytest.mark.django_db
def test_search_finds_both_conditions_that_bear_a_code(client: Client) -> None:
    for slug in ("one", "two"):
        make.condition(slug, f"Sample {slug}").codes.create(system="OMIM", code="277900")
    for typed in ("277900", "MIM:277900", "omim 277900"):
        page = client.get(reverse("search"), {"q": typed}).content.decode()
        assert "Sample one" in page, typed
        assert "Sample two" in page, typed


@pytest.mark.django_db
def test_a_code_that_cannot_be_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValidationError) as refused:
        ConditionCode(condition=make.condition(), system="MeSH", code="X12").full_clean()
    assert refused.value.message_dict["code"] == ["“X12” is not a code of MeSH. Write it as it stands there."]


def _form(condition: Condition, code: str) -> dict[str, str]:
    """What the admin's form sends with one more code."""
    form = {"slug": condition.slug, "definition": "", "origin": "", "successor": ""}
    for prefix in ("names", "codes", "broader_rows", "source_terms"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    row = {"id": "", "condition": str(condition.pk), "system": "ICD-10-CM", "code": code, "match": "exact"}
    return form | {"codes-TOTAL_FORMS": "1"} | {f"codes-0-{name}": value for name, value in row.items()}


@pytest.mark.django_db
def test_the_admin_keeps_the_one_form_and_refuses_what_is_no_code(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    client.force_login(people.publisher())
    condition = make.condition()
    address = reverse("admin:articles_condition_change", args=[condition.pk])
    refused = client.post(address, _form(condition, "nonsense"))
    assert refused.status_code == 200
    assert "is not a code of ICD-10-CM. Write it as it stands there." in refused.content.decode()
    assert client.post(address, _form(condition, "icd10cm g355")).status_code == 302
    assert [(row.system, row.code) for row in condition.codes.all()] == [("ICD-10-CM", "G35.5")]
