"""The record is its own audit: with the admin's log gone, every decision still says who, when and on what."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from reviews.models import CredentialCheck, Publication, Review, ReviewRequest, Withdrawal
from reviews.record import faults
from tests import make, people

pytestmark = pytest.mark.django_db

DECISIONS = [CredentialCheck, ReviewRequest, Review, Publication, Withdrawal]


def test_an_emptied_admin_log_takes_nothing_from_the_record(client: Client) -> None:
    # way 33
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    for row in DECISIONS:
        LogEntry.objects.create(user=people.superuser(), action_flag=2, object_repr=str(row), change_message="Seen.")
    before = {model: list(model.objects.order_by("pk").values()) for model in DECISIONS}
    page = client.get(publication.article.get_absolute_url()).content
    LogEntry.objects.all().delete()
    assert {model: list(model.objects.order_by("pk").values()) for model in DECISIONS} == before
    assert all(before.values())
    assert client.get(publication.article.get_absolute_url()).content == page
    assert list(faults()) == []
