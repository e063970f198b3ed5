"""A test that commits leaves nothing to the next one, whatever it did: see flush.py."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

from accounts import guards

from . import make
from .database import sql, sqlite

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.owner]

Held = tuple[dict[str, int], set[tuple[str, str]]]


def held() -> Held:
    """How many rows each model has, and what each group may do."""
    counts = {model._meta.label: model._base_manager.count() for model in apps.get_models(include_auto_created=True)}
    return counts, set(Group.objects.values_list("name", "permissions__codename"))


@pytest.fixture(scope="module")
def seen() -> list[Held]:
    """What each of these tests began with."""
    return []


@pytest.mark.parametrize("turn", range(3))
def test_each_begins_with_the_rows_and_guards_of_the_migrations(turn: int, seen: list[Held]) -> None:
    seen.append(held())
    assert seen[0] == seen[-1]
    assert guards.missing() == []
    counts, rights = seen[0]
    assert len(rights) > 40
    assert not [label for label, count in counts.items() if count and label.startswith(("articles.", "reviews."))]
    make.publication()
    Group.objects.all().delete()
    Permission.objects.earliest("pk").delete()
    if sqlite() or turn:
        guards.drop()
    else:
        sql("ALTER TABLE reviews_review DISABLE TRIGGER USER")
    connection.close()
