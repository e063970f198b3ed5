"""Whoever has a page already is told so in a few bytes; whoever asks for it compressed gets the same page."""

import gzip
from typing import Any

import brotli
import pytest
from django.test import Client

from pages import encodings
from tests import make, people

from . import site
from .keeping import ADDRESS, etag, quoting

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def tag() -> str:
    """The version of a public page."""
    make.publication()
    return etag()


@pytest.mark.parametrize("quoted", ["{0}", "W/{0}", '"a", {0}', '"a", W/{0} , "b"', "*", "{0},"])
def test_whoever_has_it_gets_304_and_the_headers_alone(tag: str, quoted: str) -> None:
    whole, answer = Client().get(ADDRESS), quoting(quoted.format(tag))
    assert (answer.status_code, answer.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Last-Modified"):
        assert answer[name] == whole[name]
    assert "Content-Encoding" not in answer


@pytest.mark.parametrize("quoted", ["", "none", '"none"', "{1}", '"{0}"', "W/", '"', '"*"', '"a" {1}', "\x00"])
def test_whoever_has_another_gets_the_page(tag: str, quoted: str) -> None:
    assert quoting(quoted.format(tag, tag.strip('"'))).status_code == 200


def test_head_answers_304_too(tag: str) -> None:
    answer = Client().head(ADDRESS, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    whole, head = Client().get(ADDRESS), Client().head(ADDRESS)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(whole.headers))
    assert int(head["Content-Length"]) == len(whole.content)


def test_a_date_alone_is_never_believed(tag: str) -> None:
    # Two versions can have the same second, and one that was taken back is older than what it gave way to.
    date = Client().get(ADDRESS)["Last-Modified"]
    assert Client().get(ADDRESS, headers={"If-Modified-Since": date}).status_code == 200
    both = {"If-None-Match": '"none"', "If-Modified-Since": date}
    assert Client().get(ADDRESS, headers=both).status_code == 200
    assert Client().get(ADDRESS, headers={**both, "If-None-Match": tag}).status_code == 304


def test_the_date_stays_while_the_bytes_stay(tag: str) -> None:
    before = Client().get(ADDRESS)["Last-Modified"]
    make.revision(make.article("another"))
    make.review(make.revision(make.article("a-third")))
    assert Client().get(ADDRESS)["Last-Modified"] == before


ACCEPTED = {
    None: "",
    "": "",
    "identity": "",
    "br": "br",
    "BR": "br",
    "gzip": "gzip",
    "gzip, deflate": "gzip",
    "gzip, deflate, br, zstd": "br",
    "br;q=0.5, gzip;q=0.8": "gzip",
    "br;q=0, gzip": "gzip",
    "gzip;q=0": "",
    "gzip;q=0.0, br;q=0.000": "",
    "gzip;q=0, *": "br",
    "*": "br",
    "*;q=0": "",
    "*;q=0, gzip;q=0.1": "gzip",
    "identity;q=0, gzip;q=0": "",
    "identity, gzip;q=0.5": "",
    "gzip;q=nonsense": "",
    "gzip;q=nan": "",
    "gzip;q=2": "",
    "gzip; q=1": "gzip",
    "deflate, compress": "",
    ",;q=,": "",
}
OPEN: dict[str, Any] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


def test_every_encoding_is_the_same_page_under_a_tag_of_its_own(tag: str) -> None:
    plain = Client().get(ADDRESS).content
    tags: dict[str, set[str]] = {}
    for accepted, encoding in ACCEPTED.items():
        headers = {} if accepted is None else {"Accept-Encoding": accepted}
        answer = Client().get(ADDRESS, headers=headers)
        assert answer.headers.get("Content-Encoding", "") == encoding, accepted
        assert OPEN[encoding](answer.content) == plain, accepted
        assert int(answer["Content-Length"]) == len(answer.content)
        assert answer["Vary"] == "Accept-Encoding"
        tags.setdefault(encoding, set()).add(answer["ETag"])
        assert quoting(answer["ETag"], **headers).status_code == 304, accepted
        assert Client().head(ADDRESS, headers=headers).headers == answer.headers
    assert [len(found) for found in tags.values()] == [1, 1, 1]
    assert len(set.union(*tags.values())) == 3
    assert quoting(tag, **{"Accept-Encoding": "br"}).status_code == 200, "those are other bytes"


def test_compressing_again_gives_the_same_bytes() -> None:
    for compress in encodings.COMPRESS.values():
        assert compress(b"A page. " * 1000) == compress(b"A page. " * 1000)


def test_a_withdrawn_page_comes_compressed_too(client: Client) -> None:
    make.publication().withdraw(by=people.publisher(), why="A figure was wrong.")
    answer = client.get(ADDRESS, headers={"Accept-Encoding": "br"})
    assert (answer.status_code, answer["Content-Encoding"]) == (410, "br")
    assert b"A figure was wrong." in brotli.decompress(answer.content)
    assert quoting("*").status_code == 410


def test_every_page_of_the_site_can_be_asked_for_by_its_version(client: Client) -> None:
    site.build()
    for name, address in site.ADDRESSES.items():
        answer = client.get(address)
        if answer.status_code == 200:
            assert quoting(answer["ETag"], address).status_code == 304, name
        elif answer.status_code == 404:
            assert "ETag" not in answer, name
