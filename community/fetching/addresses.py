"""Which addresses may be asked: public web pages, by their name, and nothing behind anybody's wall."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .outcomes import Outcome, Stopped

PORTS = {"http": 80, "https": 443}
LONGEST = 2_000

# The whole of an address, after which nothing is left to be read otherwise by anybody else: printable ASCII without
# a backslash, no user, a host of two labels or more.
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)\.?(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>[/?][!-\"$-\[\]-~]*)?(?:#[!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# It begins with a letter: 127.1, 0x7f.1 and 0300.0250.1.1 are numbers to a resolver.
LAST_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
# Names that mean something on one machine or in one house only (RFC 6761, RFC 6762, RFC 8375, RFC 9476 and habit).
NOT_PUBLIC_NAMES = {
    *("localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp"),
    *("invalid", "test", "onion", "alt", "arpa"),
}


@dataclass(frozen=True)
class Place:
    """A page that may be asked for."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def site(self) -> str:
        """The host, with the port where it does not go without saying."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Its address, in one form."""
        return f"{self.scheme}://{self.site}{self.path}"


def place(url: str) -> Place:
    """The page at an address. Raises Stopped(ADDRESS) for one that may not be asked."""
    match = ADDRESS.fullmatch(url) if len(url) <= LONGEST else None
    if match is None:
        raise Stopped(Outcome.ADDRESS)
    scheme, host, path = match["scheme"].lower(), match["host"].lower(), match["path"] or "/"
    port = int(match["port"] or PORTS[scheme])
    *labels, last = host.split(".")
    if (
        len(host) > 253
        or not all(LABEL.fullmatch(label) for label in labels)
        or not LAST_LABEL.fullmatch(last)
        or last in NOT_PUBLIC_NAMES
        or port not in PORTS.values()
    ):
        raise Stopped(Outcome.ADDRESS)
    return Place(scheme, host, port, path if path.startswith("/") else f"/{path}")


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The special-purpose registries of IANA, and what else no public page stands at. Said here in full: which of them
# `is_global` knows differs from one release of Python to the next.
NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host (RFC 1122)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carriers' own (RFC 6598)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # looks public, and is a cloud's door to its own machines
        "169.254.0.0/16",  # link-local, and every cloud's metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and 255.255.255.255 to everybody
        "::/96",  # unspecified, loopback, IPv4 put in as it was done once (RFC 4291)
        "::ffff:0:0/96",  # IPv4 in the dress of IPv6
        "::ffff:0:0:0/96",  # IPv4 translated (RFC 2765)
        "64:ff9b::/96",  # IPv4 behind a translator (RFC 6052)
        "64:ff9b:1::/48",  # the same, of one house (RFC 8215)
        "100::/64",  # discarded (RFC 6666)
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, with any IPv4 in it (RFC 3056)
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, closed (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fc00::/7",  # private (RFC 4193)
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, as it was called (RFC 3879)
        "ff00::/8",  # multicast
    )
)
# All of IPv6 that has ever been given to public networks.
GIVEN_OUT = ipaddress.ip_network("2000::/3")


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the public internet: by `is_global`, by our own list, and so what is in it.

    An IPv4 address that stands inside an IPv6 one is judged as well.
    """
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(read, ipaddress.IPv6Address) and (read.scope_id is not None or read not in GIVEN_OUT):
        return False
    return all(
        each.is_global and not each.is_multicast and not any(each in network for network in NOT_PUBLIC)
        for each in (read, *_inside(read))
    )


def _inside(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to (RFC 4291, 3056, 4380, 6052, 5214)."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    teredo = address.teredo or ()
    yield from (found for found in (address.ipv4_mapped, address.sixtofour, *teredo) if found is not None)
    number = int(address)
    if address in ipaddress.ip_network("64:ff9b::/96") or address in ipaddress.ip_network("::/96"):
        yield ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if (number >> 32) & 0xFDFFFFFF == 0x00005EFE:  # ISATAP: a router of that network may unpack it
        yield ipaddress.IPv4Address(number & 0xFFFFFFFF)


def judged(answers: Sequence[str], most: int = 4) -> list[str]:
    """The addresses to try, of all that a name was answered with: a few, of both families, in the resolver's order.

    One that is not public spoils them all: whoever mixes them means no good. Raises Stopped.
    """
    if not answers:
        raise Stopped(Outcome.NAME)
    if not all(map(is_public, answers)):
        raise Stopped(Outcome.INSIDE)
    first, *_ = answers
    same = [answer for answer in dict.fromkeys(answers) if (":" in answer) == (":" in first)]
    other = [answer for answer in dict.fromkeys(answers) if (":" in answer) != (":" in first)]
    return [*same[:1], *other[:1], *same[1:], *other[1:]][:most]
