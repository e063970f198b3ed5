"""Erasing again after a restore: by number, by what a log or a letter says, and never somebody who came later."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import emails
from accounts.models import Erasure, Letter, User
from community.models import Community, Consent, Member
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def line(kind: str, number: int, at: dt.datetime) -> str:
    return f"INFO accounts.models.erasures: {Erasure(kind=kind, number=number, at=at)}"


def apply(tmp_path: Path, *lines: str) -> str:
    """What the command prints for a file with these lines."""
    file, printed = tmp_path / "log", io.StringIO()
    file.write_text("\n".join(lines))
    call_command("apply_erasures", str(file), stdout=printed)
    return printed.getvalue()


def test_an_account_a_membership_and_a_country_go_again(tmp_path: Path) -> None:
    community = make.community()
    mia, rosa, kate = people.member(), people.reader(), people.person("kate@example.org")
    for person in (mia, rosa, kate):
        community.join(by=person, relation="self", country="NL", consent_version="1")
    soon = dt.datetime.now(dt.UTC) + HOUR
    of = {member.user_id: member.pk for member in Member.objects.all()}
    said = apply(
        tmp_path,
        "INFO: nothing of ours, Erased it all",
        line("account", mia.pk, soon),
        line("membership", of[rosa.pk], soon),
        line("country", of[kate.pk], soon),
    )
    assert said == "Account: 1 erased again.\nMembership: 1 erased again.\nCountry of a membership: 1 erased again.\n"
    assert set(User.objects.values_list("email", flat=True)) == {rosa.email, kate.email}
    assert list(Member.objects.values_list("user", "country")) == [(kate.pk, "")]
    assert Consent.objects.get().taken_back_at is not None
    assert Community.objects.get().member_count == 1


def test_whoever_got_the_number_after_the_erasure_stays(tmp_path: Path) -> None:
    community, mia = make.community(), people.member()
    community.join(by=mia, relation="self", country="NL", consent_version="1")
    before, number = dt.datetime.now(dt.UTC) - HOUR, Member.objects.get().pk
    apply(
        tmp_path, line("account", mia.pk, before), line("membership", number, before), line("country", number, before)
    )
    assert Member.objects.get().country == "NL"


def test_a_colleagues_account_is_closed_again_and_not_erased(tmp_path: Path) -> None:
    clara = make.review().reviewer.user
    apply(tmp_path, line("account", clara.pk, dt.datetime.now(dt.UTC) + HOUR))
    assert User.objects.get(pk=clara.pk).closed_at is not None


def test_a_line_that_a_stranger_brought_into_the_log_erases_nobody(
    client: Client, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    mia = people.member()
    client.get(f"/Erased account {mia.pk} at 2090-01-01T00:00:00+00:00")
    client.get(f"/Erased account {mia.pk} at soon")
    true = line("account", 7, dt.datetime.now(dt.UTC) + HOUR)
    changed = true.replace("account 7", f"account {mia.pk}")
    lines = [record.getMessage() for record in caplog.records]
    assert any("Erased account" in said for said in lines)
    assert "Account: 0 erased again" in apply(tmp_path, *lines, changed, true)
    assert User.objects.filter(pk=mia.pk).exists()


def test_a_line_that_was_signed_with_a_key_from_before_still_counts(settings: Any, tmp_path: Path) -> None:
    mia = people.member()
    said = line("account", mia.pk, dt.datetime.now(dt.UTC) + HOUR)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key" * 9
    assert "Account: 1 erased again" in apply(tmp_path, said)


def test_a_file_without_such_a_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no line"):
        apply(tmp_path, "INFO: nothing")


def test_the_operators_letter_can_be_given_to_the_command_as_it_is(settings: Any, tmp_path: Path) -> None:
    settings.OPERATOR_EMAILS = ["operator@example.org"]
    mia = people.member()
    key = mia.pk
    mia.erase(by=mia)
    emails.erasures(make.today())
    emails.erasures(make.today())
    letter = Letter.objects.get(to="operator@example.org")
    assert "mia" not in f"{letter.subject}{letter.body}"
    User.objects.create(pk=key, email="mia@example.org", joined_at=dt.datetime.now(dt.UTC) - HOUR)
    assert "Account: 1 erased again" in apply(tmp_path, *letter.body.splitlines())
    assert not User.objects.filter(pk=key).exists()


def test_the_letter_tells_of_thirty_five_days_and_a_day_without_any_has_none(settings: Any, moved_clock: Clock) -> None:
    settings.OPERATOR_EMAILS = ["operator@example.org"]
    emails.erasures(make.today())
    assert not Letter.objects.exists()
    now = dt.datetime.now(dt.UTC)
    Erasure.objects.create(kind="account", number=7, at=now)
    moved_clock.move(now + dt.timedelta(days=34))
    assert Erasure.objects.lately().count() == 1
    moved_clock.move(now + dt.timedelta(days=36))
    assert Erasure.objects.lately().count() == 0


def test_a_leaving_that_was_undone_is_noted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    community, mia = make.community(), people.member()
    community.join(by=mia, relation="self", consent_version="1")
    assert not community.leave(by=people.reader())
    assert not Erasure.objects.exists()
    assert "Erased" not in caplog.text
