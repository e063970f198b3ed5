"""An address once used is remembered for ever and never becomes another's, however the slug was changed."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from articles.models import Article, ArticleSlug, Condition, ConditionSlug
from tests import make

pytestmark = pytest.mark.django_db

Thing = Condition | Article
Rename = Callable[[Thing, str], None]


def by_saving(thing: Thing, slug: str) -> None:
    """As the admin does."""
    thing.slug = slug
    thing.full_clean()
    thing.save()


def by_saving_unchecked(thing: Thing, slug: str) -> None:
    """As a shell does."""
    thing.slug = slug
    thing.save()


def by_update(thing: Thing, slug: str) -> None:
    """As a bulk action does."""
    type(thing)._default_manager.filter(pk=thing.pk).update(slug=slug)


def by_bulk_update(thing: Thing, slug: str) -> None:
    """As an import does."""
    thing.slug = slug
    type(thing)._default_manager.bulk_update([thing], ["slug"])  # type: ignore[arg-type,list-item]


def by_sql(thing: Thing, slug: str) -> None:
    """As an operator does."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {thing._meta.db_table} SET slug = %s WHERE id = %s", [slug, thing.pk])


UNCHECKED = [by_saving_unchecked, by_update, by_bulk_update, by_sql]
every_way = pytest.mark.parametrize("rename", [by_saving, *UNCHECKED])
every_unchecked_way = pytest.mark.parametrize("rename", UNCHECKED)


def kept(thing: Thing) -> list[str]:
    """The slugs a thing has or had, in order of time."""
    return list(thing.slugs.order_by("pk").values_list("slug", flat=True))


# Conditions


def test_a_new_condition_has_its_address_kept() -> None:
    assert kept(make.condition("poems-syndrome")) == ["poems-syndrome"]


def test_conditions_made_in_bulk_have_their_addresses_kept() -> None:
    Condition.objects.bulk_create([Condition(slug="one"), Condition(slug="two")])
    assert set(ConditionSlug.objects.values_list("slug", "condition__slug")) == {("one", "one"), ("two", "two")}


@every_way
def test_a_renamed_condition_keeps_every_old_address(rename: Rename) -> None:
    condition = make.condition("first")
    rename(condition, "second")
    rename(condition, "third")
    assert kept(condition) == ["first", "second", "third"]


@every_way
def test_a_condition_may_go_back_to_an_address_of_its_own(rename: Rename) -> None:
    condition = make.condition("first")
    rename(condition, "second")
    rename(condition, "first")
    condition.refresh_from_db()
    assert condition.slug == "first"
    assert kept(condition) == ["first", "second"]


def test_a_condition_changed_otherwise_keeps_one_address() -> None:
    condition = make.condition("first")
    condition.definition = "For editors."
    condition.save()
    assert kept(condition) == ["first"]


def test_another_conditions_old_address_is_refused_with_the_remedy() -> None:
    first, other = make.condition("first"), make.condition("other", "Other")
    by_saving(first, "second")
    with pytest.raises(ValidationError, match=r"“first” is or was the address of another condition\. Choose another"):
        by_saving(other, "first")
    with pytest.raises(ValidationError, match="“first” is or was the address of another condition"):
        Condition(slug="first").full_clean()


@every_unchecked_way
def test_another_conditions_old_address_is_refused_by_the_database(rename: Rename) -> None:
    first, other = make.condition("first"), make.condition("other", "Other")
    by_update(first, "second")
    with pytest.raises(IntegrityError), transaction.atomic():
        rename(other, "first")
    other.refresh_from_db()
    assert other.slug == "other"
    assert (kept(first), kept(other)) == (["first", "second"], ["other"])


def test_a_new_condition_at_anothers_old_address_is_refused_by_the_database() -> None:
    first = make.condition("first")
    by_update(first, "second")
    with pytest.raises(IntegrityError), transaction.atomic():
        Condition.objects.create(slug="first")
    assert Condition.objects.count() == 1
    assert kept(first) == ["first", "second"]


# Articles


def test_a_new_article_has_its_address_kept_with_its_condition() -> None:
    article = make.article("prognosis")
    row = article.slugs.get()
    assert (row.slug, row.condition) == ("prognosis", article.condition)


@every_way
def test_a_renamed_article_keeps_every_old_address(rename: Rename) -> None:
    article = make.article("first")
    rename(article, "second")
    rename(article, "third")
    assert kept(article) == ["first", "second", "third"]


@every_way
def test_an_article_may_go_back_to_an_address_of_its_own(rename: Rename) -> None:
    article = make.article("first")
    rename(article, "second")
    rename(article, "first")
    article.refresh_from_db()
    assert article.slug == "first"
    assert kept(article) == ["first", "second"]


def test_another_articles_old_address_is_refused_with_the_remedy() -> None:
    first, other = make.article("first"), make.article("other")
    by_saving(first, "second")
    with pytest.raises(ValidationError, match=r"“first” is or was the address of another page\. Choose another"):
        by_saving(other, "first")


@every_unchecked_way
def test_another_articles_old_address_is_refused_by_the_database(rename: Rename) -> None:
    first, other = make.article("first"), make.article("other")
    by_update(first, "second")
    with pytest.raises(IntegrityError), transaction.atomic():
        rename(other, "first")
    other.refresh_from_db()
    assert other.slug == "other"
    assert (kept(first), kept(other)) == (["first", "second"], ["other"])


@every_unchecked_way
@pytest.mark.parametrize("slug", ["community", "feed", "history", "feedback"])
def test_a_reserved_address_is_refused_by_the_database(rename: Rename, slug: str) -> None:
    article = make.article("first")
    with pytest.raises(IntegrityError), transaction.atomic():
        rename(article, slug)
    assert kept(article) == ["first"]


def test_an_old_address_of_another_conditions_page_is_free() -> None:
    first = make.article("first")
    by_update(first, "second")
    other = make.article("first", of=make.condition("amyloidosis", "Amyloidosis"))
    assert (kept(first), kept(other)) == (["first", "second"], ["first"])


def test_a_renamed_condition_keeps_the_addresses_of_its_articles() -> None:
    article = make.article("prognosis")
    by_update(article.condition, "renamed")
    assert ArticleSlug.objects.get(condition__slug="renamed").article == article


# What may not die


def raw_delete(row: Thing) -> None:
    """Delete past Django's protection, and ask the database at once."""
    with transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk)._raw_delete("default")  # type: ignore[attr-defined]
        connection.check_constraints()


@pytest.mark.parametrize("made", [make.condition, make.article])
@pytest.mark.parametrize("delete", [lambda row: row.delete(), raw_delete])
def test_whatever_had_an_address_is_not_deleted(made: Callable[[], Thing], delete: Callable[[Thing], None]) -> None:
    row = made()
    with pytest.raises(IntegrityError):
        delete(row)
    assert type(row)._default_manager.filter(pk=row.pk).exists()
    assert len(kept(row)) == 1


UPDATES = ["UPDATE OR REPLACE", "UPDATE OR IGNORE"] if connection.vendor == "sqlite" else ["UPDATE"]


@pytest.mark.parametrize("update", UPDATES)
def test_no_conflict_policy_takes_anothers_old_address(update: str) -> None:
    first, other = make.condition("first"), make.condition("other", "Other")
    by_update(first, "second")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{update} articles_condition SET slug = 'first' WHERE id = %s", [other.pk])
    assert (kept(first), kept(other)) == (["first", "second"], ["other"])
