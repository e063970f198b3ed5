"""Infobutton: whatever is sent, nothing breaks, and what is said in answer is whole."""

import json
import random
from urllib.parse import quote_from_bytes, urlencode
from xml.etree.ElementTree import fromstring

import pytest
from django.test import Client
from pytest_django import Settings

from tests import knowledge
from tests.knowledge import ADDRESS, OIDS

from . import site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ELEMENTS = ["mainSearchCriteria", "subTopic", "mainsearchcriteria", "age", "observation", "", "informationRecipient"]
ATTRIBUTES = ["v", "c", "languageCode", "", "V"]
COMPONENTS = ["c", "cs", "dn", "ot", "c1", "cs1", "c2", "cs2", "dn1", "c0", "c99", "c100", "c\u0661", "zz", ""]
OTHERS = [
    *("knowledgeResponseType", "callback", "informationRecipient.languageCode.c", "performer.languageCode.c"),
    *("age.v.v", "age.v.u", "taskContext.c.c", "mainSearchCriteria", "mainSearchCriteria.v", "__proto__"),
    *("\x00", "\u2028"),
]
TYPES = ["text/xml", "application/json", "application/javascript", "text/html"]
VALUES = [
    *OIDS.values(),
    *OIDS,
    *("https://www.orpha.net", "urn:oid:", "1.2.3", "D016878", "d016878", "D011379", "Q000628", "47965005"),
    *("ORPHA:2905", "D47.7", "D477", "G35", ":", "DOID:", "0" * 400, "found", "a.b", "alert(1)", "en", "es", "xx-yy"),
    *("POEMS syndrome", "poems", "p", "syndrome", "", " ", "\x00", "\x1f", "\ufffe", "\U0001f600", "\u202e", "\u2028"),
    *("<b>&'\"]]>", "%", "%00", "+", "\\", "{}", "[]", "null", "-1", "1e999", "١٢٣٤٥٦", "ı", "ß" * 80, "a" * 5000),
    *TYPES,
]
BYTES = [b"\xff", b"\xed\xa0\x80", b"%", b"%zz", b"&", b"=", b"==", b";", b"\xc0\xaf", b"+", b"a=b=c", b"&&&"]


def name(chance: random.Random) -> str:
    """A name of a parameter, often a true one."""
    if chance.random() < 0.3:
        return chance.choice(OTHERS)
    first = 2 if chance.random() < 0.8 else None
    parts = [chance.choice(ELEMENTS[:first]), chance.choice(ATTRIBUTES[:first]), chance.choice(COMPONENTS)]
    return ".".join(parts)


def value(chance: random.Random) -> str:
    """A value, sometimes of two, sometimes with odd characters anywhere."""
    found = chance.choice(VALUES)
    if chance.random() < 0.2:
        found += chance.choice(VALUES)
    if chance.random() < 0.1:
        found += "".join(chr(chance.randrange(0xD7FF)) for _ in range(chance.randrange(20)))
    return found


def query(chance: random.Random) -> str:
    """A query as somebody may send it."""
    sent = [(name(chance), value(chance)) for _ in range(chance.randrange(8))]
    if chance.random() < 0.6:
        sent += [("mainSearchCriteria.v.c", value(chance)), ("mainSearchCriteria.v.cs", value(chance))]
    if chance.random() < 0.5:
        sent.append(("knowledgeResponseType", chance.choice(TYPES[:3])))
    if chance.random() < 0.5:
        sent.append(("callback", "found"))
    chance.shuffle(sent)
    found = urlencode(sent, errors="surrogatepass")
    if chance.random() < 0.1:
        raw = chance.choice(BYTES)
        found += "&" + (quote_from_bytes(raw) if chance.random() < 0.5 else raw.decode("latin-1"))
    return found


def whole(content: bytes, kind: str) -> bool:
    """Whether an answer is what it says it is, and if it is a feed, a right one."""
    if kind == "text/xml":
        root = fromstring(content)  # noqa: S314  our own answer
        return root.tag == "error" or knowledge.faults(root) == []
    words = content.decode("ascii")
    if kind == "application/javascript":
        assert words.startswith("/**/")
        words = words[words.index("(") + 1 : -2]
    found = json.loads(words)
    assert not set("<>=&") & set(words)
    return set(found) in ({"feed"}, {"error"})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_odd_requests_are_answered_or_refused_with_a_reason(
    client: Client, settings: Settings, seed: int
) -> None:
    settings.INFOBUTTON_A_MINUTE = 100_000
    site.build()
    chance = random.Random(seed)  # noqa: S311  what it tries must be the same each time
    statuses: dict[int, int] = {}
    for _ in range(1000):
        sent = query(chance)
        if chance.random() < 0.3:
            response = client.post(ADDRESS, sent, content_type="application/x-www-form-urlencoded")
        else:
            response = client.generic("GET", ADDRESS, QUERY_STRING=sent)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        kind, _, charset = response.headers["Content-Type"].partition("; ")
        assert response.status_code in {200, 400}, sent
        assert charset == "charset=utf-8"
        assert whole(response.content, kind), sent
    assert set(statuses) == {200, 400}
    assert min(statuses.values()) > 100, f"odd requests that are answered, and that are not: {statuses}"
