"""The child process of `rendering.py`: one JSON text in, one JSON answer out, inside hard limits.

Run as `python -I -S markdown_child.py SITE_PACKAGES...`; answers {"html": ...} or {"refused": reason}. It knows
nothing of Django, the database or the environment.
"""

import json
import re
import resource
import sys
from typing import Any

CPU_SECONDS = 2
MEMORY = 512 * 1024 * 1024
OUTPUT = 1_000_000

TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "blockquote", "pre", "hr", "br"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *("a", "abbr", "code", "del", "em", "strong", "sub", "sup"),
}
CLASSES = {
    "div": {"admonition note", "admonition warning", "footnote"},
    "p": {"admonition-title"},
    "a": {"footnote-ref", "footnote-backref"},
}
IDS = {"h": re.compile(r"s-[\w-]+"), "footnote": re.compile(r"fn(ref\d*)?:[\w-]+")}
LINK = re.compile(r"(https?://[^\s/]|mailto:[^\s@]+@|/(?![/\\])|#[\w:-])")


def allowed(tag: str, name: str, value: str) -> bool:
    """The one allow list of attributes, for both sanitisers."""
    match name:
        case "class":
            return value in CLASSES.get(tag, ())
        case "id":
            pattern = IDS["h"] if re.fullmatch("h[1-6]", tag) else IDS["footnote"] if tag in {"li", "sup"} else None
            return pattern is not None and pattern.fullmatch(value) is not None
        case "href":
            return tag == "a" and LINK.match(value) is not None
        case "rel":
            return tag == "a" and value == "noopener noreferrer"
        case "aria-label":
            return tag == "a" and re.fullmatch(r"Source \d+", value) is not None
        case "start":
            return tag == "ol" and value.isascii() and value.isdecimal()
    return False


class Lost(Exception):
    """A part of the text would not be shown; the message says which."""


def check_shapes(text: str) -> None:
    """Raise Lost for what python-markdown would leave out without a word."""
    for line in text.split("\n"):
        if line.lstrip().startswith("!!!") and not re.fullmatch(r'\s*!!! ?(note|warning)( +"[^"]*")?\s*', line):
            raise Lost(
                f"“{line.strip()[:60]}” is no callout. Begin it with !!! note or !!! warning, its title in quotes."
            )
    notes = re.findall(r"^ {0,3}\[\^([^\]]+)\]:", text, re.MULTILINE)
    for label in notes:
        if notes.count(label) > 1:
            raise Lost(f"the footnote [^{label}] is written twice. Keep one.")


def convert(text: str) -> str:
    """Markdown to HTML with raw HTML escaped; the result is not yet clean. Raises Lost."""
    import markdown
    from markdown.extensions.tables import TableProcessor
    from markdown.extensions.toc import TocExtension, slugify_unicode

    check_shapes(text)
    table: Any = TableProcessor
    build_row = table._build_row

    def whole_row(self: Any, row: str, parent: Any, align: Any) -> None:
        if len(self._split_row(row)) > len(align):
            raise Lost(f"the table row “{row.strip()[:60]}” has more cells than the head of the table.")
        build_row(self, row, parent, align)

    table._build_row = whole_row

    def prefixed(value: str, separator: str) -> str:
        return "s-" + (slugify_unicode(value, separator) or "section")

    machine = markdown.Markdown(
        extensions=[
            TocExtension(slugify=prefixed, marker=""),
            "footnotes",
            "tables",
            "def_list",
            "sane_lists",
            "admonition",
        ],
        extension_configs={"footnotes": {"BACKLINK_TEXT": "Back to the text", "BACKLINK_TITLE": ""}},
        output_format="html",
    )
    # Definitions apart from their links can vanish unseen, or be used to make a page of a thousand times its size.
    machine.parser.blockprocessors.deregister("reference")
    machine.preprocessors.deregister("html_block")
    machine.inlinePatterns.deregister("html")
    html = machine.convert(text)
    # A link to a source of the page becomes the raised number of the design.
    return re.sub(
        r'\s*<a href="#source-(\d+)">\1</a>',
        r'<sup><a href="#source-\1" aria-label="Source \1">\1</a></sup>',
        html,
    )


def clean(html: str) -> str:
    """HTML that only holds what the allow list names, by two sanitisers of different descent."""
    import bleach
    import nh3

    attributes = {tag: {"class", "id", "href", "aria-label", "start"} for tag in TAGS}
    html = nh3.clean(
        html,
        tags=TAGS,
        attributes=attributes,
        attribute_filter=lambda tag, name, value: value if allowed(tag, name, value) else None,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    # To drop bleach, delete this line.
    return bleach.clean(html, tags=TAGS, attributes=allowed, protocols={"http", "https", "mailto"}, strip=False)


def words(html: str) -> str:
    """Every character a reader sees, blanks left out."""
    from html.parser import HTMLParser

    class Collector(HTMLParser):
        def __init__(self) -> None:
            super().__init__(convert_charrefs=True)
            self.seen: list[str] = []

        def handle_data(self, data: str) -> None:
            self.seen.append(data)

    collector = Collector()
    collector.feed(html)
    collector.close()
    return "".join("".join(collector.seen).split())


def answer(text: str) -> dict[str, str]:
    """The clean HTML of a text, or why there is none."""
    from html import unescape

    try:
        raw = convert(text)
    except Lost as lost:
        return {"refused": str(lost)}
    if len(raw) > OUTPUT:
        return {"refused": "it becomes too long as a page. Use fewer repeated links or definitions."}
    if "<img" in raw:
        return {"refused": "it holds an image. Images are not possible yet; describe it in words."}
    for href in re.findall(r'<a [^>]*?href="([^"]*)"', raw):
        if not LINK.match(unescape(href)) or "{{" in href:
            return {"refused": f"the link address “{unescape(href)[:80]}” is not allowed. Begin with https:// or /."}
    if re.search(r'<a [^>]*title="[^"]', raw):
        return {"refused": "a link has a title in quotes, which nobody would see. Write it into the text."}
    html = clean(raw)
    if len(re.findall(r"<a [^>]*href=", html)) != len(re.findall(r"<a [^>]*href=", raw)):
        return {"refused": "it holds a link address that no browser opens. Correct it, or take the link out."}
    if words(html) != words(raw):
        return {"refused": "some of its words would be lost on the page. Write < as &lt; and try again."}
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", html):
        return {"refused": "it holds a control character. Delete it."}
    return {"html": html}


def main() -> None:
    """Read, limit, answer."""
    sys.path.extend(sys.argv[1:])
    text = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.write(json.dumps(answer(text)))


if __name__ == "__main__":
    main()
