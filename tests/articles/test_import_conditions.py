"""An ontology becomes conditions: what is made of a term, the same from either format, and once."""

import io
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import IntegrityError, OperationalError

from accounts.progress import Progress
from articles import names as known
from articles.importers import ontology
from articles.importers.obo import read as read_obo
from articles.importers.obograph import read as read_json
from articles.importers.terms import Term
from articles.models import BroaderCondition, Condition, ConditionName, ConditionSlug, SourceTerm
from tests import make
from tests.articles.imports import rows
from tests.crowd import together

from .ontologies import POEMS, ROOT, WHOLE, as_json, broader, codes, names, of, run, write

pytestmark = pytest.mark.django_db


def test_a_term_becomes_a_condition_with_all_that_is_said_of_it(tmp_path: Path) -> None:
    said = run(write(tmp_path, *WHOLE))
    assert said.failure == ""
    assert said.outcome() == (2, 0, 0)
    condition = of("DOID:2")
    assert condition.slug == "sample-fukase-syndrome"
    assert condition.origin == "DOID:2"
    assert condition.definition == 'A sample "condition" of nerves: one of many.'
    assert names(condition) == {
        "Sample-Fukase syndrome": "preferred",
        "Sample neuropathy": "synonym",
        "SFS": "abbreviation",
        "nerve trouble": "related",
    }
    assert codes(condition) == {
        "DOID 2": "exact",
        "ICD-10-CM D47.7": "broad",
        "MeSH D016878": "exact",
        "SNOMED CT 79268002": "unstated",
    }
    assert broader(condition) == ["sample disease"]


def test_what_the_source_gave_up_and_what_we_do_not_know_is_reported_and_makes_nothing(tmp_path: Path) -> None:
    said = run(write(tmp_path, *WHOLE))
    assert said.count("Obsolete, never here") == 1
    assert "DOID:9  obsolete sample ailment  line 24  replaced by DOID:2" in said.out
    assert "not known here, left out: KEGG 1" in said.out
    assert not Condition.objects.filter(origin="DOID:9").exists()


def test_a_second_run_finds_nothing_to_do_and_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    run(path)
    before = rows()
    said = run(path)
    assert said.outcome() == (0, 0, 0)
    assert said.out.endswith("Nothing to do.\n")
    assert rows() == before


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    obo, graph = read_obo(path), read_json(as_json(path))
    assert obo.release == graph.release == "2026-01-01"

    def told(terms: list[Term]) -> list[object]:
        return [
            (
                *(term.identifier, term.name, term.definition, term.parents, term.obsolete, term.replaced_by),
                [(synonym.text, synonym.kind) for synonym in term.synonyms],
                {(reference.code, reference.match) for reference in term.references},
            )
            for term in terms
        ]

    assert told(obo.terms) == told(graph.terms)
    run(path)
    assert run(as_json(path)).outcome() == (0, 0, 0)


def test_the_json_alone_makes_the_same_conditions(tmp_path: Path) -> None:
    assert run(as_json(write(tmp_path, *WHOLE))).outcome() == (2, 0, 0)
    assert names(of("DOID:2"))["SFS"] == "abbreviation"
    assert codes(of("DOID:2"))["ICD-10-CM D47.7"] == "broad"
    assert broader(of("DOID:2")) == ["sample disease"]


def test_a_dry_run_reports_the_same_and_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    before = rows()
    said = run(path, dry_run=True)
    assert rows() == before
    assert "nothing was written" in said.out
    assert said.outcome() == run(path).outcome() == (2, 0, 0)


def test_search_finds_what_was_imported_by_every_name_and_code(tmp_path: Path) -> None:
    known.known()
    run(write(tmp_path, *WHOLE))
    for typed in ("sample-fukase", "SFS", "nerve trouble", "D47.7", "d477", "ICD10CM:D47.7", "DOID:2"):
        assert [found.condition for found in known.known().find(typed)] == [of("DOID:2").pk], typed


# Which condition it is


def test_a_condition_with_the_code_of_the_term_is_that_condition_and_loses_nothing(tmp_path: Path) -> None:
    mine = make.condition("my-page", "My own name")
    mine.codes.create(system="DOID", code="2")
    Condition.objects.filter(pk=mine.pk).update(definition="My own words.")
    said = run(write(tmp_path, *WHOLE))
    assert said.outcome() == (1, 1, 0)
    mine.refresh_from_db()
    assert of("DOID:2") == mine
    assert (mine.slug, mine.definition, mine.origin) == ("my-page", "My own words.", "DOID:2")
    assert names(mine)["My own name"] == "preferred"
    assert names(mine)["Sample-Fukase syndrome"] == "synonym"


def test_a_code_that_came_round_the_forms_is_known_in_whatever_form_it_stands(tmp_path: Path) -> None:
    mine = make.condition("my-page", "Sample-Fukase syndrome")
    mine.codes.create(system="DOID", code="DOID:2")
    assert run(write(tmp_path, *WHOLE)).count("In doubt, left out") == 0
    assert of("DOID:2") == mine


def test_a_condition_called_exactly_so_is_that_condition(tmp_path: Path) -> None:
    mine = make.condition("my-page", "sample-fukase SYNDROME")
    assert run(write(tmp_path, *WHOLE)).outcome() == (1, 1, 0)
    assert of("DOID:2") == mine
    assert "Sample-Fukase syndrome" not in names(mine)


def test_two_conditions_called_so_are_a_doubt_and_nothing_is_made(tmp_path: Path) -> None:
    for slug in ("one", "two"):
        make.condition(slug, "Sample-Fukase syndrome")
    said = run(write(tmp_path, *WHOLE))
    assert said.count("In doubt, left out") == 1
    assert "one, two are called so. Give the code DOID:2 to the one that is meant" in said.out
    assert not SourceTerm.objects.filter(identifier="DOID:2").exists()
    assert Condition.objects.count() == 3


def test_the_doubt_is_over_once_one_of_them_bears_the_code(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    one, _ = (make.condition(slug, "Sample-Fukase syndrome") for slug in ("one", "two"))
    run(path)
    one.codes.create(system="DOID", code="2")
    assert run(path).outcome() == (0, 1, 0)
    assert of("DOID:2") == one


def test_the_doubt_is_over_once_one_of_them_took_the_others_place(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    one, two = (make.condition(slug, "Sample-Fukase syndrome") for slug in ("one", "two"))
    run(path)
    one.successor = two
    one.save()
    assert run(path).outcome() == (0, 1, 0)
    assert of("DOID:2") == two


def test_two_conditions_with_its_code_are_a_doubt(tmp_path: Path) -> None:
    for slug in ("one", "two"):
        make.condition(slug, slug).codes.create(system="DOID", code="2")
    said = run(write(tmp_path, *WHOLE))
    assert "one, two bear its code. Leave it to one of them" in said.out
    assert Condition.objects.count() == 3


def test_a_condition_called_so_that_bears_another_code_of_the_source_is_a_doubt(tmp_path: Path) -> None:
    make.condition("one", "Sample-Fukase syndrome").codes.create(system="DOID", code="77")
    assert run(write(tmp_path, *WHOLE)).count("In doubt, left out") == 1


def test_a_code_that_is_not_exact_names_no_condition(tmp_path: Path) -> None:
    make.condition("one", "Another").codes.create(system="DOID", code="2", match="broad")
    assert run(write(tmp_path, *WHOLE)).outcome() == (2, 0, 0)


def test_another_name_that_is_the_same_is_reported_to_be_looked_at(tmp_path: Path) -> None:
    make.condition("one", "Another", "Sample-Fukase syndrome")
    said = run(write(tmp_path, *WHOLE))
    assert said.outcome() == (2, 0, 0)
    assert "one bears this as another name" in said.out


def test_another_ontology_joins_the_conditions_that_it_says_are_the_same(tmp_path: Path) -> None:
    run(write(tmp_path, *WHOLE))
    other = (
        '[Term]\nid: MONDO:0000002\nname: something else\nsynonym: "SFS2" EXACT []\n'
        'xref: DOID:2 {source="MONDO:equivalentTo"}\nis_a: MONDO:0000001\n\n[Term]\nid: MONDO:0000001\nname: top\n'
    )
    assert run(write(tmp_path, other, release="2026-02-02")).outcome() == (1, 1, 0)
    assert of("MONDO:0000002") == of("DOID:2")
    assert names(of("DOID:2"))["SFS2"] == "synonym"
    assert codes(of("DOID:2"))["MONDO 0000002"] == "exact"
    assert of("DOID:2").origin == "DOID:2"


# Addresses


def test_an_address_is_made_of_the_name_and_is_nobody_elses(tmp_path: Path) -> None:
    renamed = make.condition("sample-disease", "Older")
    renamed.slug = "older"
    renamed.save()
    run(write(tmp_path, *WHOLE))
    assert of("DOID:1").slug == "sample-disease-2"
    assert ConditionSlug.objects.get(slug="sample-disease").condition == renamed


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("α-thalassemia", "alpha-thalassemia"),
        ("Ménière’s disease", "meniere-disease"),
        ("病", "doid-1"),
        ("w" * 250, "w" * 94),
        ("word " * 50, ("word-" * 18).rstrip("-")),
    ],
)
def test_every_name_makes_an_address(name: str, slug: str) -> None:
    assert ontology.free_slug(name, "DOID:1", set()) == slug


def test_the_same_name_twice_makes_two_addresses_that_stay(tmp_path: Path) -> None:
    again = ROOT.replace("DOID:1", "DOID:3")
    run(write(tmp_path, ROOT, again))
    assert {of("DOID:1").slug, of("DOID:3").slug} == {"sample-disease", "sample-disease-2"}
    before = of("DOID:1").slug
    run(write(tmp_path, ROOT.replace("sample disease", "other name"), again, release="2026-02-02"))
    assert of("DOID:1").slug == before


# What is left out


def test_a_code_that_its_system_cannot_have_is_left_out_with_its_line(tmp_path: Path) -> None:
    said = run(write(tmp_path, ROOT, POEMS.replace("MESH:D016878\nxref", "MESH:nonsense\nxref")))
    assert said.failure == ""
    assert "line 17  “nonsense” is not a code of MeSH." in said.out


def test_a_parent_that_is_nowhere_is_left_out_with_its_line(tmp_path: Path) -> None:
    said = run(write(tmp_path, ROOT, POEMS.replace("is_a: DOID:1", "is_a: DOID:404")))
    assert said.outcome() == (2, 0, 0)
    assert "line 9  DOID:404, of which DOID:2 is a kind, is not here." in said.out
    assert not BroaderCondition.objects.exists()


def test_terms_of_other_ontologies_in_the_file_are_counted_and_left_out(tmp_path: Path) -> None:
    said = run(write(tmp_path, *WHOLE, "[Term]\nid: HP:1\nname: a sign\n"))
    assert "1 terms of other ontologies in the file were left out." in said.out
    assert Condition.objects.count() == 2


def test_parents_in_a_circle_break_nothing(tmp_path: Path) -> None:
    circle = ROOT + "is_a: DOID:2\nis_a: DOID:1\n"
    said = run(write(tmp_path, circle, POEMS))
    assert said.outcome() == (2, 0, 0)
    assert broader(of("DOID:1")) == ["Sample-Fukase syndrome"]


# How far it is


@pytest.mark.once
@pytest.mark.parametrize("watched", [True, False])
def test_it_tells_how_far_it_is_on_a_terminal_and_is_silent_elsewhere(watched: bool) -> None:
    err = io.StringIO()
    err.isatty = lambda: watched  # type: ignore[method-assign]
    progress = Progress(OutputWrapper(err), "terms", every=5)
    progress.advance(500, 1_000)
    progress.end()
    assert err.getvalue() == (f"\r[{'#' * 15}{'.' * 15}] 500 of 1,000 terms\n" if watched else "")


@pytest.mark.once
def test_long_work_that_nobody_watches_says_a_line_now_and_then() -> None:
    err = io.StringIO()
    progress = Progress(OutputWrapper(err), "terms", every=5)
    progress.last -= 60
    progress.advance(500, 1_000)
    assert err.getvalue() == "500 of 1,000 terms\n"


# Two at once


@pytest.mark.parametrize("problem", [OperationalError("database is locked"), IntegrityError("UNIQUE")])
def test_whoever_is_in_the_way_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def refuse(*args: object) -> None:
        raise problem

    monkeypatch.setattr(ontology._Load, "_retire", refuse)
    before = rows()
    said = run(write(tmp_path, *WHOLE))
    assert said.failure == "Nothing was imported; see above."
    assert "Nothing was written; run the import again." in said.err
    assert rows() == before


def _import(path: str) -> str:
    out = io.StringIO()
    try:
        call_command("import_conditions", path, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return str(error)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_each_condition_once(tmp_path: Path) -> None:
    many = [
        f"[Term]\nid: DOID:{number}\nname: sample {number}\nxref: MIM:{100_000 + number}\n" for number in range(300)
    ]
    path = write(tmp_path, *many)
    said = together([partial(_import, str(path)) for _ in range(3)])
    assert sorted("Nothing to do." in str(each) for each in said) == [False, True, True], said
    assert Condition.objects.count() == SourceTerm.objects.count() == ConditionName.objects.count() == 300
