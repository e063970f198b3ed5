"""The page of a community: how many joined, as far as that may be told, and nothing about any of them."""

import pytest
from django.test import Client

from tests import make, people

from . import dom

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/community/"


def test_below_the_threshold_it_names_no_figure(client: Client) -> None:
    make.community(members=3)
    root = dom.read(client, ADDRESS)
    assert "Fewer than 11 members worldwide" in dom.words(root)
    assert "Below 11 no number is shown" in dom.words(root)
    assert not list(root.iter("data"))


def test_below_the_threshold_it_is_the_same_for_none_and_for_ten(client: Client) -> None:
    community = make.community(members=0)
    none = client.get(ADDRESS).content
    for number in range(10):
        community.join(by=people.person(f"more{number}@example.org"), relation="self", consent_version="1")
    assert client.get(ADDRESS).content == none


def test_from_the_threshold_it_names_the_exact_number_and_the_day(client: Client) -> None:
    make.community(members=11)
    root = dom.read(client, ADDRESS)
    assert "11 members worldwide" in dom.words(root)
    assert [data.get("value") for data in root.iter("data")] == ["11"]
    assert f"Counted {dom.spelled(make.today())}." in dom.words(root)


def test_who_leaves_is_no_longer_counted(client: Client) -> None:
    community = make.community(members=12)
    assert "12 members" in dom.words(dom.read(client, ADDRESS))
    community.leave(by=people.person("member0@example.org"))
    assert "11 members" in dom.words(dom.read(client, ADDRESS))
    people.person("member1@example.org").delete()
    assert "Fewer than 11 members" in dom.words(dom.read(client, ADDRESS))


def test_it_says_that_no_clinician_has_reviewed_what_members_say(client: Client) -> None:
    make.community(members=12)
    root = dom.read(client, ADDRESS)
    assert "no clinician has reviewed it" in dom.words(root)
    assert not dom.having(root, "review-stamp")
    assert not dom.having(root, "is-current")


def test_it_tells_nothing_about_a_member(client: Client) -> None:
    community = make.community(members=12)
    community.join(
        by=people.person("runhild@example.net", name="Runhild Muster"),
        relation="family",
        consent_version="7",
        country="IS",
    )
    page = client.get(ADDRESS).content.decode()
    for private in ("Runhild", "Muster", "runhild", "example.net", "member0", "family", "Iceland", ">IS<"):
        assert private not in page


def test_a_condition_without_a_community_has_no_such_page(client: Client) -> None:
    make.condition()
    assert client.get(ADDRESS).status_code == 404
