"""Many queries that see one moment: nothing is written inside, and everything can be written again afterwards."""

import pytest
from django.db import DatabaseError, connection, transaction

from articles.models import Condition
from pages.snapshot import snapshot
from tests import make
from tests.crowd import Thread

pytestmark = pytest.mark.django_db(transaction=True)


def slugs() -> list[str]:
    """The conditions that are there now."""
    return list(Condition.objects.order_by("slug").values_list("slug", flat=True))


def add(slug: str) -> str:
    """A condition more, by somebody else."""
    Condition.objects.create(slug=slug)
    return slug


def test_what_others_write_is_seen_after_it_and_not_inside() -> None:
    with snapshot():
        assert slugs() == []
        assert Thread(lambda: add("meanwhile")).outcome() == "meanwhile"
        assert slugs() == []
    assert slugs() == ["meanwhile"]


def test_nothing_is_written_inside_and_everything_can_be_afterwards() -> None:
    with pytest.raises(DatabaseError, match=r"read-?only"), snapshot():
        add("inside")
    add("afterwards")
    assert slugs() == ["afterwards"]


def test_it_ends_whatever_happens_inside() -> None:
    with pytest.raises(RuntimeError, match="power cut"), snapshot():
        raise RuntimeError("power cut")
    assert not connection.in_atomic_block
    add("afterwards")
    if connection.vendor == "sqlite":
        assert connection.transaction_mode == "IMMEDIATE"


def test_inside_somebodys_transaction_that_one_decides() -> None:
    with transaction.atomic():
        add("mine")
        with snapshot():
            assert slugs() == ["mine"]
            add("mine-too")
    assert slugs() == ["mine", "mine-too"]


def test_two_snapshots_follow_each_other() -> None:
    make.condition()
    for _ in range(2):
        with snapshot():
            assert slugs() == ["poems-syndrome"]
