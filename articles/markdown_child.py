"""The child process of `rendering.py`: one JSON text in, one JSON answer out, inside hard limits.

Run as `python -I -S markdown_child.py SITE_PACKAGES...`; answers {"html": ...} or {"refused": reason}. It knows
nothing of Django, the database or the environment.
"""

import json
import re
import resource
import sys

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


def convert(text: str) -> str:
    """Markdown to HTML with raw HTML escaped; the result is not yet clean."""
    import markdown
    from markdown.extensions.toc import TocExtension, slugify_unicode

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
        extension_configs={"footnotes": {"BACKLINK_TEXT": "Back to the text"}},
        output_format="html",
    )
    machine.preprocessors.deregister("html_block")
    machine.inlinePatterns.deregister("html")
    html = machine.convert(text)
    # A link to a source of the page becomes the raised number of the design.
    return re.sub(
        r'\s*<a href="#source-(\d+)">(\d+)</a>',
        r'<sup><a href="#source-\1" aria-label="Source \1">\2</a></sup>',
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

    raw = convert(text)
    if len(raw) > OUTPUT:
        return {"refused": "it becomes too long as a page. Use fewer repeated links or definitions."}
    if "<img" in raw:
        return {"refused": "it holds an image. Images are not possible yet; describe it in words."}
    for href in re.findall(r'<a [^>]*?href="([^"]*)"', raw):
        if not LINK.match(unescape(href)) or "{{" in href:
            return {"refused": f"the link address “{unescape(href)[:80]}” is not allowed. Begin with https:// or /."}
    html = clean(raw)
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
