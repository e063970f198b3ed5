"""A prepared query answers as the queryset it was made from would, each time for the values it is given."""

import threading

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.prepared import Prepared
from articles.models import Condition, ConditionName
from tests import make, people

pytestmark = pytest.mark.django_db


def test_it_answers_for_each_value_and_asks_the_database_each_time() -> None:
    called = Prepared(lambda email: User.objects.filter(email=email))
    ada, alan = people.author(), people.second_author()
    with CaptureQueriesContext(connection) as queries:
        assert called(email=ada.email) == [ada]
        assert called(email=alan.email) == [alan]
        assert called(email="nobody@example.org") == []
    assert len(queries) == 3
    User.objects.filter(pk=ada.pk).update(name="Ada the Second")
    found = called.first(email=ada.email)
    assert found is not None
    assert found.name == "Ada the Second"


def test_it_brings_what_the_queryset_joins_annotates_and_defers() -> None:
    condition = make.condition("poems-syndrome", "POEMS syndrome", "Crow-Fukase syndrome")
    names = Prepared(
        lambda condition, kind: (
            ConditionName.objects.filter(condition=condition, kind=kind)
            .select_related("condition")
            .defer("language")
            .annotate(length=models.functions.Length("text"))
        )
    )
    (name,) = names(condition=condition.pk, kind="synonym")
    assert (name.text, name.length, name.get_deferred_fields()) == ("Crow-Fukase syndrome", 20, {"language"})
    with CaptureQueriesContext(connection) as queries:
        assert name.condition.slug == "poems-syndrome"
    assert not queries


@pytest.mark.parametrize("words", ["", "' OR 1=1 --", "%s", "%(x)s", "stand-in-0\x01", "é" * 500])
def test_a_value_is_never_read_as_sql(words: str) -> None:
    make.condition()
    assert Prepared(lambda slug: Condition.objects.filter(slug=slug))(slug=words) == []


def test_a_value_that_the_queryset_alters_is_an_error_when_it_is_made() -> None:
    altered = Prepared(lambda slug: Condition.objects.filter(slug=slug[:3]))
    with pytest.raises(ValueError, match="do not stand in the query as they were given"):
        altered(slug="poems")


@pytest.mark.parametrize("fixed", ["", "it's", "100%", "%s", "%%", "%(x)s", "\\", "$1", "é"])
def test_a_value_that_is_always_the_same_stays_what_it_is(fixed: str) -> None:
    here, other = make.condition("here", "Here"), make.condition("other", "Other")
    Condition.objects.filter(pk=here.pk).update(origin=fixed)
    Condition.objects.filter(pk=other.pk).update(origin=f"{fixed} no")
    of_origin = Prepared(lambda slug: Condition.objects.filter(slug=slug, origin=fixed))
    assert of_origin(slug="here") == [here]
    assert of_origin(slug="other") == []


@pytest.mark.parametrize("length", [0, 1, 2, 3, 255, 256, 257])
def test_a_list_brings_each_row_once_whatever_its_length(length: int) -> None:
    wanted = [make.condition(f"condition-{number}", f"Condition {number}").pk for number in range(3)][:length]
    by_number = Prepared(lambda **numbers: Condition.objects.filter(pk__in=numbers.values()))
    with CaptureQueriesContext(connection) as queries:
        found = by_number.among([*wanted, *range(1_000_000, 1_000_000 + length - len(wanted))])
    assert sorted(row.pk for row in found) == wanted
    assert len(queries) == -(-length // 256)


def test_few_statements_do_for_lists_of_every_length() -> None:
    by_number = Prepared(lambda **numbers: Condition.objects.filter(pk__in=numbers.values()))
    for length in range(256):
        by_number.among(range(length))
    assert len(by_number._compilers) <= 9


@pytest.mark.django_db(transaction=True)
def test_threads_share_it() -> None:
    slugs = [make.condition(f"condition-{number}", f"Condition {number}").slug for number in range(8)]
    by_slug = Prepared(lambda slug: Condition.objects.filter(slug=slug))
    together = threading.Barrier(len(slugs))
    wrong: list[Condition] = []

    def look(slug: str) -> None:
        try:
            together.wait()
            wrong.extend(found for _ in range(20) for found in by_slug(slug=slug) if found.slug != slug)
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=(slug,)) for slug in slugs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.postgresql
def test_the_server_plans_it_once_a_connection_unless_a_pool_hands_connections_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = "SELECT count(*), sum(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement LIKE %s"
    by_email = Prepared(lambda email: User.objects.filter(email=email, closed_at__isnull=True))

    def times() -> tuple[int, int | None]:
        with connection.cursor() as cursor:
            cursor.execute(planned, ['%FROM "accounts_user"%"closed_at" IS NULL%'])
            found: tuple[int, int | None] = cursor.fetchone()
            return found

    ada, alan = people.author(), people.second_author()
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    assert by_email(email=ada.email) == [ada]
    assert times() == (0, None)
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", False)
    assert [by_email(email=user.email) for user in (ada, alan, ada)] == [[ada], [alan], [ada]]
    assert times() == (1, 3)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_plan_outlives_a_transaction_that_is_undone() -> None:
    by_email = Prepared(lambda email: User.objects.filter(email=email, joined_at__isnull=False))
    ada = people.author()
    for _ in range(3):
        with transaction.atomic():
            assert by_email(email=ada.email) == [ada]
            transaction.set_rollback(True)
    assert by_email(email=ada.email) == [ada]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ['%"joined_at" IS NOT NULL%'],
        )
        assert cursor.fetchall() == [(4, 0)]
