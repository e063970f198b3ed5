"""A newer release of a source changes what came from it, and nothing that editors added or overruled."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from articles.models import BroaderCondition, Condition, ConditionCode, ConditionName, SourceTerm
from tests import make

from .ontologies import POEMS, ROOT, as_json, broader, codes, names, of, run, write

pytestmark = pytest.mark.django_db

OTHER = "[Term]\nid: DOID:3\nname: other disease\n"
NEXT = "2026-02-02"


@pytest.fixture(autouse=True)
def _first(tmp_path: Path) -> None:
    """The first release is here."""
    assert run(write(tmp_path, ROOT, POEMS, OTHER)).outcome() == (3, 0, 0)


def release(folder: Path, poems: str = POEMS, *more: str) -> tuple[int, int, int]:
    """Import the next release; the outcome, after a second run of it found nothing to do."""
    path = write(folder, ROOT, poems, *(more or (OTHER,)), release=NEXT)
    said = run(path)
    assert run(path).outcome() == (0, 0, 0)
    return said.outcome()


def edit_name(name: str, **values: str) -> None:
    """As an editor does."""
    row = ConditionName.objects.get(condition=of("DOID:2"), text=name)
    for field, value in values.items():
        setattr(row, field, value)
    row.full_clean()
    row.save()


# What the source says anew


def test_a_release_that_says_the_same_changes_nothing_but_the_release(tmp_path: Path) -> None:
    assert release(tmp_path) == (0, 0, 0)
    assert set(SourceTerm.objects.values_list("release", flat=True)) == {NEXT}


def test_names_codes_and_definitions_follow_the_source(tmp_path: Path) -> None:
    newer = (
        POEMS.replace('"Sample neuropathy" EXACT', '"Sample polyneuropathy" EXACT')
        .replace('"SFS" EXACT OMO:0003012', '"SFS" EXACT')
        .replace("one of many", "one of few")
        .replace("skos:broadMatch", "skos:closeMatch")
        .replace("SNOMEDCT_US_2025_09_01:79268002", "SNOMEDCT_US_2026_03_01:79268003")
    )
    assert release(tmp_path, newer) == (0, 1, 0)
    condition = of("DOID:2")
    assert names(condition) == {
        "Sample-Fukase syndrome": "preferred",
        "Sample polyneuropathy": "synonym",
        "SFS": "synonym",
        "nerve trouble": "related",
    }
    assert codes(condition) == {
        "DOID 2": "exact",
        "ICD-10-CM D47.7": "close",
        "MeSH D016878": "exact",
        "SNOMED CT 79268003": "unstated",
    }
    assert condition.definition.endswith("one of few.")


def test_a_new_name_of_the_source_becomes_the_preferred_one_and_the_address_stays(tmp_path: Path) -> None:
    newer = POEMS.replace(
        "name: Sample-Fukase syndrome", 'name: Fukase disease\nsynonym: "Sample-Fukase syndrome" EXACT []'
    )
    assert release(tmp_path, newer) == (0, 1, 0)
    assert names(of("DOID:2"))["Fukase disease"] == "preferred"
    assert names(of("DOID:2"))["Sample-Fukase syndrome"] == "synonym"
    assert of("DOID:2").slug == "sample-fukase-syndrome"


def test_a_name_that_the_source_drops_goes(tmp_path: Path) -> None:
    assert release(tmp_path, POEMS.replace("name: Sample-Fukase syndrome", "name: Fukase disease")) == (0, 1, 0)
    assert "Sample-Fukase syndrome" not in names(of("DOID:2"))


def test_two_names_that_change_places_do_so(tmp_path: Path) -> None:
    newer = POEMS.replace("Sample-Fukase syndrome", "@").replace("Sample neuropathy", "Sample-Fukase syndrome")
    assert release(tmp_path, newer.replace("@", "Sample neuropathy")) == (0, 1, 0)
    assert names(of("DOID:2"))["Sample neuropathy"] == "preferred"
    assert names(of("DOID:2"))["Sample-Fukase syndrome"] == "synonym"


def test_broader_conditions_follow_the_source(tmp_path: Path) -> None:
    assert release(tmp_path, POEMS.replace("is_a: DOID:1 ! sample disease", "is_a: DOID:3")) == (0, 1, 0)
    assert broader(of("DOID:2")) == ["other disease"]


def test_a_parent_that_comes_with_a_later_release_is_joined_then(tmp_path: Path) -> None:
    newer = POEMS + "is_a: DOID:4\n"
    release(tmp_path, newer)
    assert broader(of("DOID:2")) == ["sample disease"]
    assert release(tmp_path, newer, OTHER, "[Term]\nid: DOID:4\nname: late disease\n") == (1, 1, 0)
    assert broader(of("DOID:2")) == ["late disease", "sample disease"]


def test_a_new_release_in_the_other_format_is_the_same_source(tmp_path: Path) -> None:
    path = as_json(write(tmp_path, ROOT, POEMS.replace("one of many", "one of few"), OTHER, release=NEXT))
    assert run(path).outcome() == (0, 1, 0)
    assert of("DOID:2").definition.endswith("one of few.")


def test_the_report_says_what_changed(tmp_path: Path) -> None:
    newer = POEMS.replace('synonym: "SFS" EXACT OMO:0003012 []', 'synonym: "SF" EXACT []').replace("many", "few")
    said = run(write(tmp_path, ROOT, newer, OTHER, release=NEXT), dry_run=True)
    assert "DOID:2  Sample-Fukase syndrome  line 9  1 name added, 1 name removed, definition" in said.out
    assert "SFS" in names(of("DOID:2"))


def test_an_older_release_is_told_to_be_older(tmp_path: Path) -> None:
    path = write(tmp_path, ROOT, POEMS, OTHER, release="2025-01-01")
    assert "This release is older than that of 2026-01-01" in run(path, dry_run=True).out


# What editors did


def test_what_editors_added_stays(tmp_path: Path) -> None:
    condition = of("DOID:2")
    make_row = ConditionName.objects.create(condition=condition, text="Our name", kind="synonym")
    ConditionCode.objects.create(condition=condition, system="GARD", code="7411")
    BroaderCondition.objects.create(condition=condition, broader=of("DOID:3"))
    release(tmp_path, POEMS.replace("one of many", "one of few").replace("Sample neuropathy", "Other neuropathy"))
    assert names(condition)[make_row.text] == "synonym"
    assert codes(condition)["GARD 7411"] == "exact"
    assert broader(condition) == ["other disease", "sample disease"]


def test_what_editors_took_away_stays_away(tmp_path: Path) -> None:
    condition = of("DOID:2")
    condition.names.filter(text="Sample neuropathy").delete()
    condition.codes.filter(system="MeSH").delete()
    condition.broader_rows.all().delete()
    release(tmp_path, POEMS.replace("one of many", "one of few"))
    assert "Sample neuropathy" not in names(condition)
    assert "MeSH D016878" not in codes(condition)
    assert broader(condition) == []


def test_the_preferred_name_that_editors_chose_stays(tmp_path: Path) -> None:
    edit_name("Sample-Fukase syndrome", kind="synonym")
    edit_name("Sample neuropathy", kind="preferred")
    release(tmp_path, POEMS.replace("name: Sample-Fukase syndrome", "name: Newest name"))
    found = names(of("DOID:2"))
    assert found["Sample neuropathy"] == "preferred"
    assert found["Newest name"] == "synonym"
    assert list(found.values()).count("preferred") == 1


def test_a_name_that_editors_mended_in_its_place_stays(tmp_path: Path) -> None:
    edit_name("Sample-Fukase syndrome", text="Sample–Fukase syndrome")
    release(tmp_path, POEMS.replace("one of many", "one of few"))
    assert names(of("DOID:2"))["Sample–Fukase syndrome"] == "preferred"
    assert "Sample-Fukase syndrome" not in names(of("DOID:2"))


def test_there_is_a_preferred_name_whatever_both_did(tmp_path: Path) -> None:
    of("DOID:2").names.filter(text="Sample neuropathy").delete()
    newer = POEMS.replace("Sample-Fukase syndrome", "@").replace("Sample neuropathy", "Sample-Fukase syndrome")
    release(tmp_path, newer.replace("@", "Sample neuropathy"))
    assert list(names(of("DOID:2")).values()).count("preferred") == 1


def test_the_definition_that_editors_wrote_stays(tmp_path: Path) -> None:
    Condition.objects.filter(pk=of("DOID:2").pk).update(definition="Ours.")
    release(tmp_path, POEMS.replace("one of many", "one of few"))
    assert of("DOID:2").definition == "Ours."


def test_how_exact_editors_said_a_code_is_stays(tmp_path: Path) -> None:
    of("DOID:2").codes.filter(system="ICD-10-CM").update(match="related")
    release(tmp_path, POEMS.replace("skos:broadMatch", "skos:closeMatch"))
    assert codes(of("DOID:2"))["ICD-10-CM D47.7"] == "related"


def test_what_stood_here_before_the_source_said_it_stays_when_the_source_says_it_no_more(tmp_path: Path) -> None:
    mine = make.condition("mine", "Fourth disease", "Shared name")
    mine.codes.create(system="GARD", code="4")
    fourth = '[Term]\nid: DOID:4\nname: Fourth disease\nsynonym: "Shared name" EXACT []\nxref: GARD:4\n'
    release(tmp_path, POEMS, OTHER, fourth)
    assert of("DOID:4") == mine
    bare = "[Term]\nid: DOID:4\nname: Fourth disorder\n"
    assert run(write(tmp_path, ROOT, POEMS, OTHER, bare, release="2026-03-03")).failure == ""
    assert names(mine) == {"Fourth disease": "preferred", "Shared name": "synonym", "Fourth disorder": "synonym"}
    assert codes(mine) == {"GARD 4": "exact", "DOID 4": "exact"}


# What the source gave up


GONE = "[Term]\nid: DOID:3\nname: obsolete other disease\nis_obsolete: true\nreplaced_by: DOID:2\n"


def test_a_term_that_was_replaced_leads_to_the_other_and_keeps_all_it_has(tmp_path: Path) -> None:
    before = names(of("DOID:3")), codes(of("DOID:3"))
    assert release(tmp_path, POEMS, GONE) == (0, 0, 1)
    assert of("DOID:3").successor == of("DOID:2")
    assert SourceTerm.objects.get(identifier="DOID:3").retired_at is not None
    assert (names(of("DOID:3")), codes(of("DOID:3"))) == before


def test_a_term_that_was_given_up_without_another_keeps_its_page(tmp_path: Path) -> None:
    path = write(tmp_path, ROOT, POEMS, GONE.replace("replaced_by: DOID:2\n", ""), release=NEXT)
    said = run(path)
    assert "DOID:3  other disease  line 24  keeps its page" in said.out
    assert of("DOID:3").successor is None
    assert run(path).outcome() == (0, 0, 0)


def test_a_term_that_was_merged_into_another_leads_there(tmp_path: Path) -> None:
    assert release(tmp_path, POEMS + "alt_id: DOID:3\n", "[Term]\nid: DOID:5\nname: fifth\n") == (1, 0, 1)
    assert of("DOID:3").successor == of("DOID:2")


def test_a_term_that_is_not_in_the_file_stays_as_it_is_and_is_counted(tmp_path: Path) -> None:
    said = run(write(tmp_path, ROOT, POEMS, release=NEXT))
    assert said.outcome() == (0, 0, 0)
    assert said.count("Not in this file, kept") == 1
    assert SourceTerm.objects.get(identifier="DOID:3").retired_at is None


def test_a_term_that_comes_back_is_itself_again(tmp_path: Path) -> None:
    release(tmp_path, POEMS, GONE)
    said = run(write(tmp_path, ROOT, POEMS, OTHER, release="2026-03-03"))
    assert said.outcome() == (0, 1, 0)
    assert "in use again" in said.out
    assert of("DOID:3").successor is None
    assert SourceTerm.objects.get(identifier="DOID:3").retired_at is None


def test_what_editors_said_of_a_successor_stays(tmp_path: Path) -> None:
    Condition.objects.filter(pk=of("DOID:3").pk).update(successor=of("DOID:1"))
    release(tmp_path, POEMS, GONE)
    assert of("DOID:3").successor == of("DOID:1")


def test_a_successor_that_editors_took_away_stays_away(tmp_path: Path) -> None:
    release(tmp_path, POEMS, GONE)
    Condition.objects.filter(pk=of("DOID:3").pk).update(successor=None)
    assert run(write(tmp_path, ROOT, POEMS, GONE, release="2026-03-03")).outcome() == (0, 0, 0)
    assert of("DOID:3").successor is None


def test_two_terms_that_replace_each_other_do_not_lead_in_a_circle(tmp_path: Path) -> None:
    circle = GONE.replace("DOID:2", "DOID:1"), "[Term]\nid: DOID:1\nis_obsolete: true\nreplaced_by: DOID:3\n"
    path = write(tmp_path, POEMS, *circle, release=NEXT)
    said = run(path)
    assert said.outcome() == (0, 0, 2)
    assert "leads back to it" in said.out
    assert [of("DOID:1").successor, of("DOID:3").successor].count(None) == 1
    assert run(path).outcome() == (0, 0, 0)


def test_the_replacing_term_may_come_later(tmp_path: Path) -> None:
    later = GONE.replace("DOID:2", "DOID:6")
    assert release(tmp_path, POEMS, later) == (0, 0, 1)
    assert of("DOID:3").successor is None
    assert release(tmp_path, POEMS, later, "[Term]\nid: DOID:6\nname: sixth\n") == (1, 0, 1)
    assert of("DOID:3").successor == of("DOID:6")


# The rows


def test_no_condition_takes_its_own_place_or_is_broader_than_itself() -> None:
    condition = of("DOID:1")
    with pytest.raises(IntegrityError, match="condition_is_not_its_successor"), transaction.atomic():
        Condition.objects.filter(pk=condition.pk).update(successor=condition)
    with pytest.raises(IntegrityError, match="condition_is_not_broader_than_itself"), transaction.atomic():
        BroaderCondition.objects.create(condition=condition, broader=condition)
