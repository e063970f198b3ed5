"""Which addresses the checker of links may ask: public web pages by name, and nothing behind anybody's wall."""

import ipaddress
import socket
import threading

import pytest

from community.fetching import addresses, outside
from community.fetching.addresses import is_public, judged, place
from community.fetching.outcomes import Outcome, Stopped

pytestmark = pytest.mark.once


def refused(url: str) -> bool:
    """Whether an address is refused before anybody is asked anything."""
    try:
        place(url)
    except Stopped as stopped:
        return stopped.outcome is Outcome.ADDRESS
    return False


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG/A?b=c#d", "https://example.org/A?b=c"),
        ("http://example.org:80/", "http://example.org/"),
        ("https://example.org:443?x", "https://example.org/?x"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://example.org./", "https://example.org/"),
        # A real end of names, unlike "home" or "lan".
        ("https://example.host/", "https://example.host/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://my_page.example.org/~x/%20;a=(b)[c]'!*@", "https://my_page.example.org/~x/%20;a=(b)[c]'!*@"),
        ("https://example.org//127.0.0.1/", "https://example.org//127.0.0.1/"),
    ],
)
def test_the_page_of_a_public_name_may_be_asked_for(url: str, asked: str) -> None:
    assert place(url).url == asked
    assert place(place(url).url) == place(url)


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:text/html,x", "javascript:1"),
        *("//example.org/", "example.org", "", "https:example.org", "https:/example.org", "https:///example.org"),
        *("http+unix://example.org/", "view-source:https://example.org/", " https://example.org/"),
    ],
)
def test_another_scheme_is_refused(url: str) -> None:
    assert refused(url)


@pytest.mark.parametrize(
    "port", ["22", "25", "81", "6379", "8000", "8443", "0", "65536", "99999", "", "-1", "+80", "8٠"]
)
def test_another_port_is_refused(port: str) -> None:
    assert refused(f"http://example.org:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        *("https://user@example.org/", "https://user:word@example.org/", "https://@example.org/"),
        *("https://example.org@127.0.0.1/", "https://127.0.0.1\\@example.org/", "https://example.org\\.evil/"),
        *("https://example.org:80@127.0.0.1/", "https://example.org%40127.0.0.1/", "https://example.org:443:443/"),
    ],
)
def test_an_address_with_a_user_or_what_others_may_read_so_is_refused(url: str) -> None:
    assert refused(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "0177.0.0.1", "127.1", "1.1.1.1"),
        *(
            "0",
            "0.0.0.0",  # noqa: S104
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[fe80::1%25eth0]",
            "[2606:2800:220:1::1]",
            "1e100.0x7f",
        ),
        *("example.127", "example.0x1", "127.0.0.1.", "127.0.0.1..", "①②⑦.⓪.⓪.①", "127。0。0。1", "169.254.169.254"),
    ],
)
def test_a_number_is_no_name_however_it_is_written(host: str) -> None:
    assert refused(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "a.localhost", "printer.local", "metadata.google.internal", "router.lan"),
        *("intranet", "wiki.corp", "nas.home", "1.0.0.127.in-addr.arpa", "hidden.onion", "a.test", "a.invalid"),
    ],
)
def test_a_name_of_somebodys_own_network_is_refused(host: str) -> None:
    assert refused(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("ⓔxample.org", "examplе.org", "bücher.example", "example。org", "ex\u00adample.org", "ex\u200dample.org"),
        *(
            "ﬀ.example",
            "ß.example",
            "\u212a.example",
            "\u017fite.example",
            "exa mple.org",
            "exa\tmple.org",
            "exa\nmple.org",
            "exa\0mple.org",
        ),
        *("exam%70le.org", "example.org%00", "example.org%2f", "-a.example.org", "a-.example.org", "a..example.org"),
        *(".example.org", f"{'a' * 64}.example.org", f"{'a.' * 130}org", "example.o", "example.-org", "exa,mple.org"),
    ],
)
def test_a_host_in_anything_but_plain_letters_is_refused(host: str) -> None:
    assert refused(f"https://{host}/")


@pytest.mark.parametrize(
    "rest", ["a b", "a\r\nHost: evil", "a\nb", "a\0", "a\x7f", "a\\b", "ü", "a\u2028b", "a#b#c\\", "a" * 2000]
)
def test_nothing_rides_along_in_a_path(rest: str) -> None:
    assert refused(f"https://example.org/{rest}")


SPECIAL = {
    "this host": ["0.0.0.0", "0.1.2.3", "0.255.255.255"],  # noqa: S104
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "carriers": ["100.64.0.1", "100.100.100.200", "100.127.255.255"],
    "loopback": ["127.0.0.1", "127.0.0.53", "127.255.255.255"],
    "link-local": ["169.254.169.254", "169.254.0.1", "169.254.170.2"],
    "a cloud's own": ["168.63.129.16"],
    "protocols": ["192.0.0.1", "192.0.0.9", "192.0.0.170", "192.0.0.192"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.255"],
    "anycast of others": ["192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "233.252.0.1"],
    "reserved": ["240.0.0.1", "255.255.255.254"],
    "broadcast": ["255.255.255.255"],
    "unspecified 6": ["::"],
    "loopback 6": ["::1"],
    "compatible": ["::7f00:1", "::127.0.0.1", "::10.0.0.1", "::93.184.216.34"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "::ffff:93.184.216.34"],
    "translated": ["::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::93.184.216.34"],
    "translated at home": ["64:ff9b:1::1", "64:ff9b:1:ffff::10.0.0.1"],
    "discarded": ["100::1"],
    "Teredo": ["2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001::1"],
    "protocols 6": ["2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff::1"],
    "documentation 6": ["2001:db8::1", "3fff::1", "3fff:fff::1"],
    "6to4": ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:5db8:d822::1"],
    "AS112 6": ["2620:4f:8000::1"],
    "6bone": ["3ffe::1"],
    "routing": ["5f00::1"],
    "not given out": ["4000::1", "8000::1", "1::1", "e000::1"],
    "unique local": ["fc00::1", "fd00:ec2::254", "fdff::1"],
    "link-local 6": ["fe80::1", "fe80::1%eth0", "febf::1"],
    "site-local": ["fec0::1", "feff::1"],
    "multicast 6": ["ff02::1", "ff0e::1"],
    "with a scope": ["2606:2800:220:1::1%eth0", "2606:2800:220:1::1%1"],
    "ISATAP": ["2606:2800::5efe:10.0.0.1", "2606:2800::200:5efe:7f00:1"],
    "no address": ["", "localhost", "127.1", "0x7f000001", "2130706433", "93.184.216.034", "93.184.216.34 ", "::g"],
}


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, several in SPECIAL.items() for each in several])
def test_an_address_that_is_not_public_is_refused(kind: str, address: str) -> None:
    assert not is_public(address), kind


@pytest.mark.parametrize(
    "address",
    [
        *("93.184.216.34", "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1"),
        *("223.255.255.1", "2606:2800:220:1::1", "2001:4860:4860::8888", "2a00:1450:4001::1", "2001:200::1"),
        "2606:2800::5efe:93.184.216.34",
    ],
)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("network", addresses.NOT_PUBLIC, ids=str)
def test_both_ends_of_each_network_of_the_list_are_refused(network: "addresses.Network") -> None:
    assert not is_public(str(network[0]))
    assert not is_public(str(network[-1]))


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "2001:db8::1"])
def test_python_judges_beside_the_list(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(addresses, "NOT_PUBLIC", ())
    assert not is_public(address)


def test_the_list_refuses_what_is_global_alone_lets_pass() -> None:
    let_pass = [
        network
        for network in addresses.NOT_PUBLIC
        if any(ipaddress.ip_address(str(end)).is_global for end in (network[0], network[-1]))
    ]
    assert {"224.0.0.0/4", "64:ff9b::/96", "2002::/16", "fec0::/10", "168.63.129.16/32"} <= {
        str(each) for each in let_pass
    }


@pytest.mark.parametrize(
    "answers",
    [
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["2606:2800:220:1::1", "::1"],
        ["93.184.216.34"] * 400 + ["10.0.0.1"],
        ["93.184.216.34", "fe80::1%eth0"],
        ["93.184.216.34", "not an address"],
    ],
    ids=["private last", "private first", "IPv6", "after hundreds", "a scope", "nonsense"],
)
def test_one_answer_that_is_not_public_spoils_them_all(answers: list[str]) -> None:
    with pytest.raises(Stopped) as stopped:
        judged(answers)
    assert stopped.value.outcome is Outcome.INSIDE


def test_of_hundreds_of_answers_a_few_of_both_families_are_tried_in_the_resolvers_order() -> None:
    four = [f"93.184.{number // 250}.{number % 250 + 1}" for number in range(1000)]
    assert judged([*four, *four, "2606:2800:220:1::1"]) == [four[0], "2606:2800:220:1::1", four[1], four[2]]
    assert judged(["2606:2800:220:1::1", *four])[:2] == ["2606:2800:220:1::1", four[0]]
    assert judged(four[:1]) == four[:1]


def test_a_name_without_an_answer_is_not_known() -> None:
    with pytest.raises(Stopped) as stopped:
        judged([])
    assert stopped.value.outcome is Outcome.NAME


# The resolver and the network themselves


def test_the_resolver_is_asked_for_the_whole_name_and_every_answer_is_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def getaddrinfo(host: str, port: object, **_: object) -> list[object]:
        asked.append(host)
        stream = (socket.SOCK_STREAM, 6, "")
        return [
            (socket.AF_INET, *stream, ("93.184.216.34", 0)),
            (socket.AF_INET6, *stream, ("2606:2800:220:1::1", 0, 0, 0)),
            (socket.AF_INET6, *stream, ("fe80::1", 0, 0, 3)),
            (socket.AF_INET6, *stream, ("fe80::2%eth0", 0, 0, 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert outside.resolve("example.org") == ["93.184.216.34", "2606:2800:220:1::1", "fe80::1%3", "fe80::2%eth0"]
    assert asked == ["example.org."]  # no search domain makes another name of it


def test_a_name_that_the_resolver_does_not_know_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert outside.resolve("example.org") == []


def test_a_call_that_ends_at_this_machine_is_hung_up_before_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def listen() -> None:
            line, _ = door.accept()
            with line:
                heard.append(line.recv(100))

        listener = threading.Thread(target=listen)
        listener.start()
        with pytest.raises(Stopped) as stopped:
            outside.dial("127.0.0.1", door.getsockname()[1], 5)
        listener.join(10)
    assert stopped.value.outcome is Outcome.INSIDE
    assert heard == [b""]


def test_certificates_are_demanded_and_old_protocols_refused() -> None:
    import ssl

    context = outside.trust()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
