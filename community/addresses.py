"""Web addresses that strangers type: one written form of each, and a refusal for what no reader should be led to.

It asks nobody and opens nothing: who fetches an address judges where it really leads.
"""

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from accounts.refusals import Refusal
from articles import text

MOST_CHARACTERS = 500
PORTS = {80, 443}
STANDARD_PORT = {"http": 80, "https": 443}
# Names that mean nothing, or something else, outside one's own network (RFC 6761 and others). What opens addresses has
# a list of its own (fetching/addresses.py): the two share nothing, so that the site need not load it.
NOT_TAKEN_NAMES = {
    *("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "alt"),
    *("test", "invalid", "example"),
}
NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
ALLOWED = "!#$%&'()*+,/:;=?@[]~"


class AddressRefused(Refusal):
    """A web address cannot be taken; the message says why."""


def normalise(typed: str) -> str:
    """The address in the one form that is kept: ASCII, lower-case host, no port that goes without saying.

    Raises AddressRefused.
    """
    address = unicodedata.normalize("NFC", typed.strip())
    _check_words(address)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise AddressRefused("This is no web address. Copy it from your browser once more.") from None
    scheme = parts.scheme.lower()
    if scheme not in STANDARD_PORT:
        raise AddressRefused("A web address begins with https:// or http://.")
    if "@" in parts.netloc:
        raise AddressRefused(
            "A web address with a user name in it cannot be taken. Leave out what stands before the @."
        )
    if port is not None and port not in PORTS:
        raise AddressRefused("Only addresses at the usual ports can be taken, 80 and 443.")
    host = _host(parts)
    where = host if port in {None, STANDARD_PORT[scheme]} else f"{host}:{port}"
    pieces = (quote(piece, safe=ALLOWED) for piece in (parts.path or "/", parts.query, parts.fragment))
    written = urlunsplit((scheme, where, *pieces))
    if len(written) > MOST_CHARACTERS:
        raise AddressRefused(f"This web address has {len(written):,} characters; at most {MOST_CHARACTERS} fit.")
    return written


def host_of(address: str) -> str:
    """The host of an address in its written form."""
    return urlsplit(address).hostname or ""


def _check_words(address: str) -> None:
    """Refuse what hides in an address: blanks, control and zero-width characters, a backslash."""
    if not address:
        raise AddressRefused("Type the web address.")
    if len(address) > 4 * MOST_CHARACTERS:
        raise AddressRefused(f"This web address is too long; at most {MOST_CHARACTERS} characters fit.")
    try:
        text.check_characters(address, "The web address")
    except text.TextRefused as refusal:
        raise AddressRefused(str(refusal)) from None
    if re.search(r"[\s\\<>\"^`{|}]", address):
        raise AddressRefused('A web address holds no blanks, and none of < > " \\ ^ ` { | }.')


def _host(parts: SplitResult) -> str:
    """The host as a name in ASCII. Raises AddressRefused: a number, or a name of somebody's own network."""
    if "[" in parts.netloc:
        raise AddressRefused("A web address needs a name, not a number, such as https://example.org/.")
    try:
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise AddressRefused("The name in this web address is not one that a site can have.") from None
    labels = host.split(".")
    # A browser reads a last part of digits, 0x7f too, as an address in numbers, however few parts there are.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise AddressRefused("A web address needs a name, not a number, such as https://example.org/.")
    if len(labels) < 2 or labels[-1] in NOT_TAKEN_NAMES:
        raise AddressRefused("This web address leads nowhere outside somebody’s own network.")
    if len(host) > 253 or not all(NAME.fullmatch(label) for label in labels):
        raise AddressRefused("The name in this web address is not one that a site can have.")
    return host
