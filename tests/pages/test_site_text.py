"""The operator's words: versions that never change, one number for them all, what is missing told to publishers."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts import guards
from accounts.refusals import NotAllowed, Refusal
from pages.guards import GUARDS
from pages.models import SiteText
from tests import people
from tests.crowd import PEOPLE, together
from tests.database import refused_by, sql, sqlite

pytestmark = pytest.mark.django_db
Key = SiteText.Key


def written(words: str = "A foundation pays.", key: str = "funding") -> SiteText:
    """A version of a text."""
    return SiteText.objects.write(key, words, by=people.publisher())


@pytest.fixture
def publisher(client: Client, settings: Any) -> Client:
    """A publisher at the desk."""
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    client.force_login(people.publisher())
    return client


def test_a_change_is_a_new_version_and_the_newest_is_in_force() -> None:
    first, second = written(" A foundation pays. \r\n\r\nNobody else. "), written("Two foundations pay.")
    assert SiteText.objects.in_force() == {"funding": second}
    assert (first.number, second.number) == (1, 2)
    assert SiteText.objects.get(pk=first.pk).words == "A foundation pays.\n\nNobody else."
    assert second.written_by == people.publisher()


def test_without_words_it_is_taken_back() -> None:
    with pytest.raises(Refusal, match="readers get already"):
        written("  \n ")
    written()
    taken_back = written("")
    assert SiteText.objects.in_force() == {}
    assert Key.FUNDING in SiteText.objects.missing()
    assert SiteText.objects.version() == taken_back.pk
    assert written().number == 3


def test_one_number_tells_all_versions_of_all_texts_apart(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert SiteText.objects.version() == 0
    seen = []
    for number in range(3):
        for key in Key:
            written(f"Version {number}.", key)
            seen.append(SiteText.objects.version())
    assert seen == list(range(1, 3 * len(Key) + 1))
    with django_assert_num_queries(1):
        SiteText.objects.version()
    with django_assert_num_queries(1):
        assert {row.words for row in SiteText.objects.in_force().values()} == {"Version 2."}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a" * 5001, "5,001 characters"),
        ("A hidden\u200b sign.", "Text, line 1"),
        ("Turned \u202e round.", "Text, line 1"),
        ("A foundation pays.", "readers get already"),
    ],
)
def test_it_is_refused_with_the_reason(words: str, said: str) -> None:
    before = written()
    with pytest.raises(Refusal, match=said):
        written(words)
    assert SiteText.objects.get() == before


def test_publishers_alone_write_it() -> None:
    for person in (people.author(), people.clinician().user, people.registrar(), people.moderator()):
        with pytest.raises(NotAllowed, match="Publishers do"):
            SiteText.objects.write("funding", "Mine.", by=person)
    assert not SiteText.objects.exists()


def test_a_publisher_gets_the_words_in_force_to_change_and_sees_each_version(publisher: Client) -> None:
    written()
    add = reverse("admin:pages_sitetext_add")
    assert "A foundation pays.</textarea>" in publisher.get(f"{add}?key=funding").content.decode()
    assert (
        "readers get already" in publisher.post(add, {"key": "funding", "words": "A foundation pays."}).content.decode()
    )
    assert publisher.post(add, {"key": "funding", "words": "Two pay."}).status_code == 302
    versions = publisher.get(reverse("admin:pages_sitetext_changelist"), {"key": "funding"}).content.decode()
    assert "A foundation pays." in versions
    assert "Two pay." in versions
    assert "Petra" in versions


def test_an_address_that_names_no_text_opens_an_empty_form(publisher: Client) -> None:
    response = publisher.get(reverse("admin:pages_sitetext_add"), {"key": "nothing"})
    assert response.status_code == 200
    assert "></textarea>" in re.sub(r"\s", "", response.content.decode())


def test_what_is_missing_is_named_to_publishers_and_goes_away_as_it_is_written(publisher: Client) -> None:
    def named() -> set[str]:
        page = publisher.get(reverse("admin:index")).content.decode()
        return {key for key in Key.values if f"/admin/pages/sitetext/add/?key={key}" in unescape(page)}

    assert named() == set(Key.values)
    written()
    assert named() == set(Key.values) - {"funding"}
    for key in set(Key.values) - {"funding"}:
        written(key=key)
    assert named() == set()
    assert "Not said to readers yet" not in publisher.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("person", [people.author, lambda: people.clinician().user, people.registrar])
def test_nobody_else_is_told_what_is_missing(client: Client, settings: Any, person: Callable[[], Any]) -> None:
    settings.ROUNDS_DEMO = True
    client.force_login(person())
    assert "sitetext" not in client.get(reverse("admin:index")).content.decode()


# At once


@pytest.mark.django_db(transaction=True)
def test_versions_written_at_once_follow_each_other() -> None:
    publisher = people.publisher()
    results = together(
        [partial(SiteText.objects.write, "funding", f"Version {n}.", by=publisher) for n in range(PEOPLE)]
    )
    assert {type(result) for result in results} == {SiteText}
    rows = SiteText.objects.order_by("pk")
    assert [(row.pk, row.number) for row in rows] == [(n, n) for n in range(1, PEOPLE + 1)]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_higher_number_is_seen_before_a_lower_one() -> None:
    publisher = people.publisher()
    other: Any = connection.get_new_connection({**connection.get_connection_params()})
    try:
        with transaction.atomic():
            written("The first.")
            # Somebody round the verb, on a connection of their own, cannot overtake it.
            other.execute("SET lock_timeout = '200ms'")
            other.commit()
            statement = (
                "INSERT INTO pages_sitetext (id, key, number, words, written_by_id, written_at) "
                "VALUES (%s, 'contact', 1, 'x', %s, now())"
            )
            for number, error in ((2, "site_text_follows_the_last"), (1, "lock timeout")):
                with pytest.raises(connection.Database.Error, match=error):  # type: ignore[attr-defined]
                    other.execute(statement, [number, publisher.pk])
                other.rollback()
    finally:
        other.close()
    assert SiteText.objects.get().words == "The first."


# Guards


def test_every_guard_of_this_app_is_tried_here() -> None:
    ways = ("refuses_update", "refuses_delete", "refuses_truncate", "refuses_replace", "written_at_is_now")
    tried = {f"pages_sitetext_{way}" for way in ways} | {"site_text_follows_the_last", "site_text_counts_its_versions"}
    assert {guard.name for guard in GUARDS} == tried
    assert guards.missing() == []


CHANGES: dict[str, Callable[[SiteText], object]] = {
    "save": lambda row: row.save(),
    "update": lambda row: SiteText.objects.filter(pk=row.pk).update(words="Nobody pays."),
    "update with an expression": lambda row: SiteText.objects.update(number=models.F("number")),
    "bulk_update": lambda row: SiteText.objects.bulk_update([row], ["words"]),
    "update_or_create": lambda row: SiteText.objects.update_or_create({"words": "Nobody pays."}, pk=row.pk),
    "SQL": lambda row: sql("UPDATE pages_sitetext SET id = id + 1000"),
}
DELETIONS: dict[str, Callable[[SiteText], object]] = {
    "delete": lambda row: row.delete(),
    "QuerySet.delete": lambda row: SiteText.objects.all().delete(),
    "SQL": lambda row: sql("DELETE FROM pages_sitetext"),
}


@pytest.mark.owner
@pytest.mark.parametrize("way", CHANGES)
def test_no_back_door_changes_a_version(way: str) -> None:
    row = written()
    row.words = "Nobody pays."
    with refused_by("pages_sitetext_refuses_update"):
        CHANGES[way](row)
    assert SiteText.objects.values_list("pk", "words").get() == (row.pk, "A foundation pays.")


@pytest.mark.owner
@pytest.mark.parametrize("way", DELETIONS)
def test_no_back_door_deletes_a_version(way: str) -> None:
    row = written()
    with refused_by("pages_sitetext_refuses_delete"):
        DELETIONS[way](row)
    assert SiteText.objects.exists()


@pytest.mark.owner
@pytest.mark.postgresql
def test_the_table_is_not_truncated() -> None:
    written()
    connection.check_constraints()
    with refused_by("pages_sitetext_refuses_truncate"):
        sql("TRUNCATE pages_sitetext CASCADE")


def replacing(row: SiteText, pk: int) -> None:
    """Write another row over one, by its id or by its other key, as SQL can."""
    values = "(%s, 'funding', 1, 'Nobody pays.', %s, CURRENT_TIMESTAMP)"
    columns = "(id, key, number, words, written_by_id, written_at)"
    if sqlite():
        sql(f"INSERT OR REPLACE INTO pages_sitetext {columns} VALUES {values}", pk, row.written_by_id)
    else:
        sql(
            f"INSERT INTO pages_sitetext {columns} VALUES {values} ON CONFLICT DO NOTHING",
            pk,
            row.written_by_id,
        )


@pytest.mark.owner
@pytest.mark.parametrize("by", ["id", "number"])
@pytest.mark.parametrize("recursive", [True, False])
def test_a_version_is_not_replaced(by: str, recursive: bool) -> None:
    row = written()
    for other in ("site_text_follows_the_last", "site_text_counts_its_versions"):
        sql(f"DROP TRIGGER IF EXISTS {other}" + ("" if sqlite() else " ON pages_sitetext"))
    if sqlite() and not recursive:
        sql("PRAGMA recursive_triggers = OFF")
    try:
        with refused_by("pages_sitetext_refuses_replace"):
            replacing(row, row.pk if by == "id" else row.pk + 1)
    finally:
        if sqlite():
            sql("PRAGMA recursive_triggers = ON")
        guards.install()
    assert SiteText.objects.values_list("pk", "words").get() == (row.pk, "A foundation pays.")


def row_after(row: SiteText, **lie: Any) -> dict[str, Any]:
    """The lawful next version of a text, with a lie in it."""
    return {"pk": row.pk + 1, "key": row.key, "number": 2, "words": "x", "written_by": row.written_by, **lie}


@pytest.mark.parametrize(
    ("guard", "lie"),
    [
        ("site_text_follows_the_last", {"pk": 3}),
        ("site_text_follows_the_last", {"pk": 0}),
        ("site_text_follows_the_last", {"pk": -1}),
        ("site_text_counts_its_versions", {"number": 3}),
        ("site_text_counts_its_versions", {"number": 1, "key": "funding"}),
        ("site_text_counts_its_versions", {"number": 2, "key": "contact"}),
        ("pages_sitetext_written_at_is_now", {"written_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}),
        ("pages_sitetext_written_at_is_now", {"written_at": dt.datetime(2090, 1, 1, tzinfo=dt.UTC)}),
    ],
)
def test_a_version_that_lies_is_refused_by_name(guard: str, lie: dict[str, Any]) -> None:
    row = written()
    if guard == "site_text_counts_its_versions" and lie == {"number": 1, "key": "funding"}:
        guard = "pages_sitetext_refuses_replace|site_text_counts_its_versions"
    with pytest.raises(IntegrityError, match=guard), transaction.atomic():
        SiteText.objects.create(**row_after(row, **lie))
    SiteText.objects.create(**row_after(row))


def test_a_version_without_a_text_before_it_is_the_first() -> None:
    with refused_by("site_text_counts_its_versions"):
        SiteText.objects.create(pk=1, key="funding", number=0, words="x", written_by=people.publisher())
    assert not SiteText.objects.exists()
