"""The five groups and their rights stand after every `migrate`."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts.groups import GROUPS
from accounts.models import User
from tests import people

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

EVERY_RIGHT = sorted({right for rights in GROUPS.values() for right in rights})


def rights_of(group: str) -> set[str]:
    """What a group may do, as the database has it."""
    rows = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


@pytest.mark.parametrize("right", EVERY_RIGHT)
def test_every_right_that_a_group_should_have_exists(right: str) -> None:
    app, codename = right.split(".")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).count() == 1


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_its_rights_and_no_other_after_migrate(group: str) -> None:
    assert rights_of(group) == set(GROUPS[group])


def test_the_groups_are_the_five_of_the_desk() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {
        "Authors",
        "Clinicians",
        "Publishers",
        "Registrars",
        "Moderators",
    }


@pytest.mark.parametrize(
    ("group", "may_not"),
    [
        ("Authors", ["reviews.add_review", "reviews.add_publication", "reviews.add_credentialcheck"]),
        ("Clinicians", ["articles.change_article", "reviews.add_publication", "reviews.add_credentialcheck"]),
        ("Publishers", ["articles.change_article", "reviews.add_review", "reviews.add_credentialcheck"]),
        ("Registrars", ["articles.change_article", "reviews.add_review", "reviews.add_publication"]),
        ("Moderators", ["articles.change_article", "reviews.add_review", "reviews.add_publication"]),
    ],
)
def test_no_group_may_do_the_work_of_another(group: str, may_not: list[str]) -> None:
    person = people.person("somebody@example.org", group)
    assert [right for right in may_not if person.has_perm(right)] == []


def test_no_group_may_change_accounts_or_rights() -> None:
    everything = people.person("everybody@example.org", *GROUPS)
    assert not any(everything.has_module_perms(app) for app in ("accounts", "auth", "admin", "mfa", "account"))


def test_no_group_may_change_or_delete_what_never_changes() -> None:
    never = {"revision", "citation", "review", "publication", "withdrawal", "credentialcheck", "reviewcontributor"}
    assert [
        right
        for right in EVERY_RIGHT
        if right.split(".")[1].startswith(("change_", "delete_")) and right.split("_")[-1] in never
    ] == []


def test_an_author_may_hold_the_right_to_publish_too() -> None:
    both = people.person("both@example.org", "Authors", "Publishers")
    assert both.has_perms(["articles.change_article", "reviews.add_publication"])


def test_migrate_gives_back_a_right_that_was_taken_and_a_group_that_was_deleted() -> None:
    Group.objects.get(name="Authors").permissions.clear()
    Group.objects.get(name="Publishers").delete()
    call_command("migrate", verbosity=0)
    assert rights_of("Authors") == set(GROUPS["Authors"])
    assert rights_of("Publishers") == set(GROUPS["Publishers"])


def test_migrate_takes_nothing_away_that_an_administrator_gave() -> None:
    given = Permission.objects.get(content_type__app_label="community", codename="add_community")
    Group.objects.get(name="Authors").permissions.add(given)
    Group.objects.create(name="Friends").user_set.add(people.reader())
    call_command("migrate", verbosity=0)
    assert rights_of("Authors") == {*GROUPS["Authors"], "community.add_community"}
    assert User.objects.get(groups__name="Friends") == people.reader()
