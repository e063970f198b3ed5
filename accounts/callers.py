"""Who asks, as far as a limit needs it: a block of addresses or a mailbox, under a name that nobody can undo."""

import datetime as dt
import hashlib
import ipaddress
import secrets

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

# So much shares a limit, so that changing one's address opens no new one. What a tunnel or a rented machine is given
# of IPv6 for nothing is a /48 at the most; of households it holds about as many as the block of IPv4.
IPV4_BLOCK, IPV6_BLOCK = 24, 48
NOWHERE = "nowhere"


def block(request: HttpRequest) -> str:
    """The block of the caller's address, hashed with a salt that is forgotten after a day.

    The address is the one that the limits on sign-in count: the proxy's word where the site stands behind one.
    """
    return nameless(network(request))


def nameless(words: str) -> str:
    """A network or an address under a name that counts it today, and from which nobody can tell it afterwards."""
    return hashlib.sha256(f"{_salt()} {words}".encode()).hexdigest()[:32]


def network(request: HttpRequest) -> str:
    """The block itself, which is written down nowhere. All share one whose proxy says nothing, or nonsense."""
    try:
        found = ipaddress.ip_address(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return NOWHERE
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = IPV4_BLOCK if found.version == 4 else IPV6_BLOCK
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))


def _salt() -> str:
    """The salt of the day, made by whichever process needs it first."""
    key = f"caller-salt-{timezone.now().date()}"
    salt = cache.get(key)
    if salt is None:
        cache.add(key, secrets.token_hex(16), dt.timedelta(days=1).total_seconds())
        salt = cache.get(key)
    return str(salt)
