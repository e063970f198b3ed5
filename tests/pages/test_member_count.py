"""The number of members, in the prose and in the panel: a closed list of forms, one number everywhere."""

from xml.etree.ElementTree import Element

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.refusals import Refusal
from community.models import Community
from tests import make, people

from . import dom

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "/conditions/poems-syndrome/prognosis/"
COMMUNITY = "/conditions/poems-syndrome/community/"


def with_members(client: Client, members: int) -> Element:
    """The page of a condition whose community has so many members."""
    make.community(members=members)
    make.publication()
    return dom.read(client, ADDRESS)


def test_without_a_community_the_prose_says_members_and_there_is_no_panel(client: Client) -> None:
    # way 19: every form of the sentence
    make.publication()
    root = dom.read(client, ADDRESS)
    assert "with members to ask." in dom.words(dom.only(root, "prose"))
    assert not dom.having(root, "live-count")
    assert not dom.having(root, "panel-people")


def test_below_the_threshold_no_figure_is_shown(client: Client) -> None:
    # way 19
    root = with_members(client, 3)
    assert "with members (fewer than 11) to ask." in dom.words(dom.only(root, "prose"))
    panel = dom.only(root, "panel-people")
    assert "Fewer than 11 members of the POEMS syndrome community" in dom.words(panel)
    assert "Whoever lives with it, or cares for someone who does, can join." in dom.words(panel)
    assert COMMUNITY in dom.links(panel)
    assert not list(root.iter("data"))


def test_no_member_and_ten_make_the_same_page(client: Client) -> None:
    make.publication()
    community = make.community(members=0)
    none = client.get(ADDRESS).content
    for number in range(10):
        community.join(by=people.person(f"more{number}@example.org"), relation="self", consent_version="1")
    assert Community.objects.get().member_count == 10
    assert client.get(ADDRESS).content == none


def test_from_the_threshold_the_exact_number_stands_in_prose_and_panel(client: Client) -> None:
    # way 19
    root = with_members(client, 59)
    today = make.today()
    prose = dom.only(root, "prose")
    assert f"with 59 members (counted {dom.spelled(today)}) to ask." in dom.words(prose)
    count = dom.only(prose, "live-count")
    assert (count.tag, count.get("href")) == ("a", COMMUNITY)
    panel = dom.only(root, "panel-people")
    assert "59 members of the POEMS syndrome community" in dom.words(panel)
    assert f"Counted {dom.spelled(today)}" in dom.words(panel)
    assert COMMUNITY in dom.links(panel)
    assert [data.get("value") for data in root.iter("data")] == ["59", "59"]


def test_eleven_is_the_first_number_shown(client: Client) -> None:
    assert "with 11 members" in dom.words(dom.only(with_members(client, 11), "prose"))


def test_who_joins_or_leaves_shows_at_once_and_voids_no_review(client: Client) -> None:
    # way 19: the digest covers the token, not the number
    with_members(client, 12)
    community, rosa = Community.objects.get(), people.reader()
    community.join(by=rosa, relation="self", consent_version="1")
    root = dom.read(client, ADDRESS)
    assert "with 13 members" in dom.words(dom.only(root, "prose"))
    assert "in date" in dom.words(dom.only(root, "review-stamp"))
    community.leave(by=rosa)
    rosa.delete()
    assert "with 12 members" in dom.words(dom.only(dom.read(client, ADDRESS), "prose"))


def test_an_operator_may_round_the_number_down(client: Client, settings: Settings) -> None:
    settings.MEMBER_COUNT_ROUND_TO = 5
    root = with_members(client, 14)
    assert "with at least 11 members" in dom.words(dom.only(root, "prose"))
    assert "At least 11 members" in dom.words(dom.only(root, "panel-people"))
    assert "14" not in dom.words(dom.only(root, "panel-people")).split()


def test_an_operator_may_raise_the_threshold(client: Client, settings: Settings) -> None:
    settings.MEMBER_COUNT_THRESHOLD = 20
    root = with_members(client, 14)
    assert "with members (fewer than 20) to ask." in dom.words(dom.only(root, "prose"))
    assert not list(root.iter("data"))


def test_one_number_stands_everywhere(client: Client) -> None:
    with_members(client, 12)
    make.publication(make.review(make.revision(make.article("overview", topic="overview"))))
    for address in ("/", "/conditions/poems-syndrome/", COMMUNITY, ADDRESS):
        root = dom.read(client, address)
        figures = {data.get("value") for data in root.iter("data")}
        shown = [dom.words(count).removesuffix(" members") for count in dom.having(root, "live-count")]
        assert figures | set(shown) == {"12"}, address


@pytest.mark.parametrize(
    "body",
    [
        "You must {\\{ never take more than 5 mg }} of it.",
        "You must {\\{ never take more than 5 mg \\}} of it.",
        "You must &#123;&#123; never take more than 5 mg &#125;&#125; of it.",
        "You must &lbrace;{ never take more than 5 mg }} of it.",
        "You must {&#x7b; never take more than 5 mg }} of it.",
    ],
)
def test_no_approved_word_gives_way_to_the_number(client: Client, body: str) -> None:
    # way 19: no other token passes, however its braces are written
    make.community(members=12)
    try:
        make.publication(make.review(make.revision(body=body, sources=())))
    except Refusal:
        return
    assert "never take more than 5 mg" in dom.words(dom.only(dom.read(client, ADDRESS), "prose"))


@pytest.mark.parametrize(
    "body",
    [
        "Ask [one of {{ members }}](https://charity.example.org/ask).",
        "Ask [them](https://charity.example.org/&#123;&#123;members&#125;&#125;).",
        "Ask [them](https://charity.example.org/&lbrace;&lbrace;members}}).",
        "Ask [them](/ask?{&#x7b;members}&#125;).",
        "Ask [them].\n\n[them]: https://charity.example.org/&#123;&#123;members&#125;&#125;",
        'Ask [them](https://charity.example.org/ask "{{ members }}").',
    ],
)
def test_the_number_never_stands_inside_a_link_or_a_tag(client: Client, body: str) -> None:
    # way 19
    make.community(members=12)
    try:
        publication = make.publication(make.review(make.revision(body=body, sources=())))
    except Refusal:
        return
    prose = dom.only(dom.read(client, publication.article.get_absolute_url()), "prose")
    assert not [link for outer in prose.iter("a") for link in outer.iter("a") if link is not outer]
    counts = dom.having(prose, "live-count")
    assert all(count.get("href") == COMMUNITY for count in counts)
