"""Nobody draws the badge with words: what an author types stays words, inside the text."""

import re
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from articles.digest import Source
from articles.models import ConditionName
from tests import make, people

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "/conditions/poems-syndrome/prognosis/"
# Each must be on the page as words, and as nothing else.
FORGED = {
    "section": '<section class="review-stamp is-current">Medically reviewed, in date</section>',
    "section in a line": 'So <section class="review-stamp">Medically reviewed</section> it is.',
    "division": '<div class="review-stamp is-current" id="main"><p class="review-status">Medically reviewed</p></div>',
    "markdown in html": '<div markdown="1" class="review-stamp">\n\n**Medically reviewed**\n\n</div>',
    "attribute list": "A line. {: .review-stamp .is-current #main }",
    "attribute list of a heading": "## A heading {: #sources .review-stamp }",
    "attribute list in a line": "A *word*{: .review-stamp #main } more.",
    "mark": '<span class="review-mark is-current"><span>Reviewed <time>1 Jan 2030</time></span></span>',
    "drawing": '<svg class="review-dial"><path class="dial-left" d="M48 13"/></svg>',
    "link with a class": '<a class="button" href="/accounts/login/">Sign in</a>',
    "form": '<form action="/accounts/login/"><input name="password"></form>',
    "style": "<style>.prose::before { content: 'Medically reviewed' }</style>",
    "script": "<script>document.title = 'Medically reviewed'</script>",
    "end of the text": '</div></article><section class="review-stamp">Medically reviewed</section>',
    "comment": "<!-- --><section class='review-stamp'>Medically reviewed</section>",
    "entities": "&lt;section class=&quot;review-stamp&quot;&gt;Medically reviewed&lt;/section&gt;",
    "heading called main": "## main\n\nWords.",
    "heading called sources": "## Sources\n\nWords.",
    "heading called as a part of the page": "## people-title\n\n## short-answer-title\n\n## contents-title\n\nWords.",
    "the same heading three times": "## Again\n\nOne.\n\n## Again\n\nTwo.\n\n## Again_1\n\nThree.",
    "footnotes called as parts of the page": "One[^main] two[^sources] three[^main].\n\n[^main]: A.\n\n[^sources]: B.",
    "link to the badge": "[Medically reviewed](#review-stamp)",
    "definition list": 'Medically reviewed\n:   <dl class="review-facts"><dt>Reviewed</dt></dl>',
    "table": '| <td class="review-stamp"> | b |\n| --- | --- |\n| Medically reviewed | d |',
    "code": '`<section class="review-stamp">`\n\n    <section class="review-stamp">',
    "the door of the page itself": "{% include 'pages/_stamp.html' %}",
}
CLASSES_OF_A_TEXT = {
    "admonition",
    "note",
    "warning",
    "admonition-title",
    "footnote",
    "footnote-ref",
    "footnote-backref",
    "live-count",
}
TAGS_OF_A_TEXT = (
    "a abbr blockquote br code data dd del div dl dt em h2 h3 h4 h5 h6 hr li ol p pre strong sub sup "
    "table tbody td th thead time tr ul"
)


def assert_one_honest_badge(root: Element) -> None:
    """The page has the one stamp the site drew, above the text; the text has nothing of the site's own."""
    stamp = dom.only(root, "review-stamp")
    prose = dom.only(root, "prose")
    assert stamp not in list(prose.iter())
    assert prose not in list(stamp.iter())
    inside = [element for element in prose.iter() if element is not prose]
    assert {name for element in inside for name in element.get("class", "").split()} <= CLASSES_OF_A_TEXT
    assert {element.tag for element in inside} <= set(TAGS_OF_A_TEXT.split())
    for element in inside:
        assert set(element.keys()) <= {"class", "id", "href", "rel", "aria-label", "start", "datetime", "value"}
        if name := element.get("id"):
            assert re.match(r"s-|fn:|fnref\d*:", name), name
    twice = [name for name, times in Counter(dom.ids(root)).items() if times > 1]
    assert not twice
    assert len(dom.having(root, "short-answer")) == len(list(root.iter("main"))) == len(list(root.iter("h1"))) == 1


def letters(text: str) -> str:
    """The letters and digits of a text."""
    return re.sub(r"\W", "", text)


@pytest.mark.parametrize("forged", FORGED)
def test_an_author_cannot_draw_the_badge(client: Client, forged: str) -> None:
    # way 29
    make.community(members=12)
    body = f"An opening.\n\n{FORGED[forged]}\n\nThe end, says one of {{{{ members }}}}."
    make.publication(make.review(make.revision(body=body)))
    root = dom.read(client, ADDRESS)
    assert_one_honest_badge(root)
    prose = dom.words(dom.only(root, "prose"))
    assert prose.startswith("An opening.")
    assert "The end, says one of 12 members" in prose


@pytest.mark.parametrize(
    "forged", ["section", "division", "attribute list", "script", "style", "end of the text", "comment", "drawing"]
)
def test_what_was_forged_is_shown_as_it_was_typed(client: Client, forged: str) -> None:
    # way 29: nothing is dropped in silence, so the clinician sees it too
    make.publication(make.review(make.revision(body=FORGED[forged])))
    assert letters(FORGED[forged]) in letters(dom.words(dom.only(dom.read(client, ADDRESS), "prose")))


def test_all_at_once_they_do_not_help_each_other(client: Client) -> None:
    # way 29
    make.community(members=12)
    make.publication(make.review(make.revision(body="An opening.\n\n" + "\n\n".join(FORGED.values()))))
    assert_one_honest_badge(dom.read(client, ADDRESS))


@pytest.mark.parametrize("field", ["question", "short_answer", "change_note"])
def test_no_other_field_of_a_text_draws_it(client: Client, field: str) -> None:
    # way 29
    text: dict[str, Any] = {field: f"What? {FORGED['division']}"}
    make.publication(make.review(make.revision(**text)))
    assert_one_honest_badge(dom.read(client, ADDRESS))


def test_no_source_draws_it(client: Client) -> None:
    # way 29
    source = Source(title=FORGED["section"], url="https://example.org/?a=<section>", doi="10.1000/<section>")
    make.publication(make.review(make.revision(sources=(source,))))
    root = dom.read(client, ADDRESS)
    assert_one_honest_badge(root)
    assert dom.words(dom.first(dom.by_id(root, "source-1"), "cite")) == FORGED["section"]


def test_no_name_draws_it(client: Client) -> None:
    # way 29: names and biographies are not reviewed, and cannot look as if they were
    poems = make.condition()
    publication = site.live(poems, "prognosis")
    site.live(poems, "overview", "overview")
    make.community(poems, members=12)
    ConditionName.objects.filter(condition=poems).update(text=FORGED["section"])
    reviewer = publication.review.reviewer
    reviewer.bio = reviewer.name = reviewer.specialty = FORGED["section"]
    reviewer.save()
    assert_one_honest_badge(dom.read(client, ADDRESS))
    for address, stamps in {
        "/conditions/poems-syndrome/": 1,
        "/conditions/": 0,
        "/": 0,
        "/reviewers/clara/": 0,
    }.items():
        root = dom.read(client, address)
        assert len(dom.having(root, "review-stamp")) == stamps, address
        assert FORGED["section"] in dom.words(root), address


def test_nothing_from_readers_stands_inside_the_text(client: Client) -> None:
    # way 28: what members and visitors give is beside the text, in a part of its own
    make.community(members=12)
    make.publication()
    root = dom.read(client, ADDRESS)
    panel = dom.only(root, "panel-people")
    for name in ("prose", "short-answer", "review-stamp"):
        reviewed = list(dom.only(root, name).iter())
        assert panel not in reviewed
        assert not [element for element in reviewed if element.tag in {"form", "input", "button", "textarea"}]
        assert not [element for element in reviewed if "ugc" in element.get("rel", "")]
    assert not [link for link in dom.only(root, "prose").iter("a") if link.get("rel") is None and not site_link(link)]


def site_link(link: Element) -> bool:
    """Whether a link stays on the page or the site."""
    return link.get("href", "").startswith(("#", "/"))


def test_a_stamp_stands_on_reviewed_pages_alone(client: Client) -> None:
    # way 25: the stamp is where a review is, and nowhere else
    site.build()
    people.clinician("Nova")
    stamped = {
        name
        for name, address in site.ADDRESSES.items()
        if dom.having(dom.tree(client.get(address).content), "review-stamp")
    }
    assert stamped == {
        "hub",
        "overview",
        "question in date",
        "question overdue",
        "question with a revoked credential",
    }
    assert not dom.having(dom.read(client, "/reviewers/nova/"), "review-stamp")
