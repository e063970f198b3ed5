"""Conditions are found by every name and code they have, however those came to be as they are."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts import guards
from articles import names
from articles.models import Condition, ConditionCode, ConditionName, NameChange
from articles.names import Fit, Names
from tests import make
from tests.database import sql

pytestmark = pytest.mark.django_db

SOME = Names(
    [
        (1, "Multiple myeloma", "preferred"),
        (1, "Myeloma with POEMS syndrome features", "synonym"),
        (2, "POEMS syndrome", "preferred"),
        (2, "Crow–Fukase syndrome", "synonym"),
        (2, "Takatsuki syndrome", "synonym"),
        (2, "PEP", "abbreviation"),
        (3, "Ménière disease", "preferred"),
        (4, "Guillain-Barré syndrome", "preferred"),
        (5, "22q11.2 deletion syndrome", "preferred"),
        (6, "α-thalassemia", "preferred"),
        (7, "Sjögren syndrome", "preferred"),
        (8, "Haemophilia A", "preferred"),
        (9, "bare lymphocyte syndrome", "preferred"),
    ],
    [
        (2, "MeSH", "D016878"),
        (2, "DOID", "DOID:14039"),
        (2, "ORPHA", "ORPHA:2905"),
        (2, "ICD-10-CM", "D47.7"),
        (2, "GARD", "7411"),
        (2, "SNOMED CT", "79268002"),
    ],
)


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "condition", "fit"),
    [
        ("POEMS syndrome", 2, Fit.EXACT),
        ("poems SYNDROMES", 2, Fit.EXACT),
        ("takatsuki", 2, Fit.BEGINS),
        ("crow fukase", 2, Fit.BEGINS),
        ("pep", 2, Fit.EXACT),
        ("poem syndrom", 2, Fit.PARTS),
        ("syndrome poems", 2, Fit.WORDS),
        ("meniere's disease", 3, Fit.EXACT),
        ("MÉNIÈRE", 3, Fit.BEGINS),
        ("guillain barre", 4, Fit.BEGINS),
        ("22q11.2", 5, Fit.BEGINS),
        ("alpha thalassaemia", 6, Fit.EXACT),
        ("sjogren", 7, Fit.BEGINS),
        ("hemophilia a", 8, Fit.EXACT),
        ("D016878", 2, Fit.EXACT),
        ("mesh:d016878", 2, Fit.EXACT),
        ("MeSH D016878", 2, Fit.EXACT),
        ("DOID:14039", 2, Fit.EXACT),
        ("14039", 2, Fit.EXACT),
        ("ORPHA:2905", 2, Fit.EXACT),
        ("orphanet 2905", 2, Fit.EXACT),
        ("icd10 d47.7", 2, Fit.EXACT),
        ("ICD-10-CM D47.7", 2, Fit.EXACT),
        ("d47.7", 2, Fit.EXACT),
        ("gard 7411", 2, Fit.EXACT),
    ],
)
def test_a_name_or_code_leads_to_its_condition(typed: str, condition: int, fit: Fit) -> None:
    found = SOME.find(typed)
    assert (found[0].condition, found[0].fit) == (condition, fit)


@pytest.mark.once
def test_the_condition_whose_name_is_the_query_comes_before_those_that_mention_it() -> None:
    assert [found.condition for found in SOME.find("poems syndrome")] == [2, 1]


@pytest.mark.once
def test_a_code_of_a_licensed_system_is_found_only_where_it_may_be() -> None:
    assert [found.condition for found in SOME.find("79268002")] == [2]
    assert SOME.find("79268002", without=["SNOMED CT"]) == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("menier disease", "Ménière disease"),
        ("Guillain Bare", "Guillain-Barré syndrome"),
        ("sjorgen syndrome", "Sjögren syndrome"),
        ("poems sindrome", "POEMS syndrome"),
        ("takasuki", "Takatsuki syndrome"),
        ("zeisig", None),
        ("", None),
        ("%", None),
    ],
)
def test_a_mistyped_name_resembles_the_one_that_was_meant(typed: str, meant: str | None) -> None:
    found = SOME.resembling(typed)
    assert (found and found.text) == meant


def found(typed: str) -> set[str]:
    """The slugs of what is found now."""
    keys = [one.condition for one in names.known().find(typed)]
    return set(Condition.objects.filter(pk__in=keys).values_list("slug", flat=True))


def added(condition: Condition) -> None:
    """By the model."""
    ConditionName.objects.create(condition=condition, text="Zeisig syndrome", kind="synonym")


def in_bulk(condition: Condition) -> None:
    """Past save()."""
    ConditionName.objects.bulk_create([ConditionName(condition=condition, text="Zeisig syndrome", kind="synonym")])


def updated(condition: Condition) -> None:
    """By a queryset."""
    condition.names.filter(kind="preferred").update(text="Zeisig syndrome")


def with_sql(condition: Condition) -> None:
    """Past the site."""
    columns = "condition_id, language, text, kind"
    sql(f"INSERT INTO articles_conditionname ({columns}) VALUES (%s, 'en', 'Zeisig', 'synonym')", condition.pk)


def coded(condition: Condition) -> None:
    """A code."""
    ConditionCode.objects.create(condition=condition, system="MeSH", code="Zeisig")


@pytest.mark.parametrize("change", [added, in_bulk, updated, with_sql, coded])
def test_a_name_is_found_at_once_however_it_came(change: Callable[[Condition], None]) -> None:
    condition = make.condition()
    assert found("zeisig") == set()
    change(condition)
    assert found("zeisig") == {"poems-syndrome"}


def test_a_name_that_went_is_not_found_any_more() -> None:
    condition = make.condition("one", "One", "Zeisig", "Stieglitz")
    ConditionCode.objects.create(condition=condition, system="MeSH", code="D1")
    assert found("zeisig") == found("d1") == {"one"}
    condition.names.filter(text="Zeisig").delete()
    assert found("zeisig") == set()
    ConditionCode.objects.filter(code="D1").update(code="D2")
    assert (found("d1"), found("d2")) == (set(), {"one"})
    sql("DELETE FROM articles_conditioncode")
    assert found("d2") == set()
    sql("UPDATE articles_conditionname SET text = 'Kleiber' WHERE text = 'Stieglitz'")
    assert (found("stieglitz"), found("kleiber")) == (set(), {"one"})


@pytest.mark.owner
@pytest.mark.postgresql
@pytest.mark.parametrize("table", ["articles_conditionname", "articles_conditioncode"])
def test_an_emptied_table_is_told_too(table: str) -> None:
    condition = make.condition("one", "Zeisig")
    ConditionCode.objects.create(condition=condition, system="MeSH", code="D1")
    assert (found("zeisig"), found("d1")) == ({"one"}, {"one"})
    connection.check_constraints()  # nothing may wait to be checked in a table that is emptied
    sql(f"TRUNCATE {table}")
    assert (found("zeisig") if table.endswith("name") else found("d1")) == set()


def test_a_change_that_is_undone_leaves_no_trace() -> None:
    condition = make.condition()
    assert found("zeisig") == set()
    with transaction.atomic():
        added(condition)
        assert found("zeisig") == {"poems-syndrome"}
        transaction.set_rollback(True)
    assert found("zeisig") == set()
    with transaction.atomic():
        ConditionName.objects.create(condition=condition, text="Stieglitz", kind="synonym")
    assert (found("zeisig"), found("stieglitz")) == (set(), {"poems-syndrome"})


def test_names_are_read_again_only_when_one_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    make.condition()
    first = names.known()
    monkeypatch.setattr(names, "_read", lambda: pytest.fail("They are read again."))
    assert names.known() is first


def test_nothing_is_missing_among_as_many_conditions_as_an_ontology_names() -> None:
    conditions = Condition.objects.bulk_create(Condition(slug=f"rarity-{number}") for number in range(3458))
    ConditionName.objects.bulk_create(
        ConditionName(condition=row, text=f"Rarity {number} {kind}", kind=kind)
        for number, row in enumerate(conditions)
        for kind in ("preferred", "synonym", "abbreviation")
    )
    known = names.known()
    assert len(known.preferred) == 3458
    for number in (0, 1, 1729, 3457):
        assert known.find(f"rarity {number} synonym")[0].condition == conditions[number].pk
    assert len(known.find("rarity")) == 3458
    assert NameChange.objects.count() <= 1000


def test_the_table_of_changes_stays_small_and_says_more_with_each() -> None:
    condition = make.condition()
    seen = {NameChange.objects.newest()}
    for number in range(5):
        ConditionName.objects.create(condition=condition, text=f"Name {number}", kind="synonym")
        seen.add(NameChange.objects.newest())
    assert len(seen) == 6


def test_the_guards_that_tell_of_a_change_stand() -> None:
    told = {guard.name for guard in guards.registered() if "articles_namechange" in {guard.table, *guard.reads}}
    assert len(told) == 9
    assert not told & set(guards.missing())
