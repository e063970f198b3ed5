"""A reader of rendered text, who says what they see and names whatever must never be there."""

import re
import unicodedata
from html.parser import HTMLParser

from articles.rendering import render
from articles.text import SECTION_LIMIT, TextRefused, normalise

# All that a text may hold, said a second time: what the child allows is compared with this.
INLINE = {"a", "abbr", "br", "code", "del", "em", "strong", "sub", "sup"}
BLOCKS = {"blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "ul"}
TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = INLINE | BLOCKS | TABLE | {"h1", "h2", "h3", "h4", "h5", "h6"}
CLASSES = {"admonition note", "admonition warning", "admonition-title", "footnote", "footnote-ref", "footnote-backref"}
ADDRESS = re.compile(r"https?://[^/]|mailto:.|/[^/\\]|/$|#.")


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
