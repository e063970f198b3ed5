"""A file loaded straight into the tables goes past every form and verb, and not past the database."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import serializers
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from articles.models import Revision
from reviews.models import Publication, Review
from tests import make, people

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


def load(path: Path, *rows: dict[str, Any]) -> None:
    """Load these rows, in a transaction of their own."""
    path.write_text(json.dumps(rows))
    with transaction.atomic():
        call_command("loaddata", str(path), verbosity=0)


def as_fixture(row: Any, **changes: Any) -> dict[str, Any]:
    """A stored row as a file has it, with something changed."""
    (found,) = json.loads(serializers.serialize("json", [row]))
    return {**found, "pk": changes.pop("pk", row.pk), "fields": {**found["fields"], **changes}}


def test_no_file_writes_over_an_approved_text(tmp_path: Path, client: Client) -> None:
    # way 12
    publication = make.publication()
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    revision = Revision.objects.get()
    with pytest.raises(DatabaseError, match="articles_revision_refuses_"):
        load(tmp_path / "rows.json", as_fixture(revision, body="Never reviewed.", html="<p>Never reviewed.</p>"))
    assert client.get(address).content == before


def test_no_file_brings_an_approval_by_the_author_or_of_another_text(tmp_path: Path) -> None:
    # ways 4 and 12
    lawful = make.review()
    draft = make.request(make.revision(lawful.revision.article, body="Never reviewed."))
    forged = {"pk": 900, "revision": draft.revision_id, "request": draft.pk, "recorded_at": None}
    clara = lawful.reviewer.user
    clara.groups.add(Group.objects.get(name="Authors"))
    own = make.request(make.revision(make.article("own"), by=User.objects.get(pk=clara.pk)))
    lies = {
        "review_bears_the_digest": as_fixture(lawful, **forged),
        "reviewer_is_not_(author|contributor)": as_fixture(
            lawful, pk=900, revision=own.revision_id, request=own.pk, digest=own.revision.digest
        ),
    }
    for guard, row in lies.items():
        row["fields"].pop("recorded_at")
        with pytest.raises(DatabaseError, match=guard):
            load(tmp_path / "rows.json", row)
    assert Review.objects.get() == lawful


def test_no_file_publishes_a_text_that_was_sent_back(tmp_path: Path, client: Client) -> None:
    # way 12
    published = make.publication()
    draft = make.request(make.revision(make.article("survival")))
    refused = draft.ask_for_changes(by=people.clinician().user, digest=draft.revision.digest, reason="Too long.")
    row = as_fixture(published, pk=900, article=draft.revision.article_id, review=refused.pk)
    for name in ("published_at", "live_from"):
        row["fields"].pop(name)
    with pytest.raises(DatabaseError, match="publication_needs_an_approval"):
        load(tmp_path / "rows.json", row)
    assert Publication.objects.get() == published
    assert client.get("/conditions/poems-syndrome/survival/").status_code == 404
