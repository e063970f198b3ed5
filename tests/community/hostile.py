"""A web in which everybody may be hostile, on this machine alone: servers, certificates, a resolver, a clock."""

import datetime as dt
import functools
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from community.fetching.following import follow
from community.fetching.outcomes import Answer
from community.fetching.outside import OCTETS, Budget, Outside

# Public addresses as far as anybody can tell; the dial of the tests leads both to this machine.
PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1::1"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><html lang='es'><title>Hola</title>"
Says = bytes | Callable[[socket.socket], None]


def to(location: str | bytes) -> bytes:
    """A redirect."""
    location = location if isinstance(location, bytes) else location.encode()
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


def endless(piece: bytes, before: bytes = b"") -> Callable[[socket.socket], None]:
    """Says the same for as long as anybody listens."""

    def say(line: socket.socket) -> None:
        line.sendall(before)
        while True:
            line.sendall(piece)

    return say


def stays_silent(line: socket.socket) -> None:
    """Takes the call and waits until the other side has enough."""
    while line.recv(1024):
        pass


def resets(line: socket.socket) -> None:
    """Breaks the connection off."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def then(said: bytes, act: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Says something first."""

    def say(line: socket.socket) -> None:
        line.sendall(said)
        act(line)

    return say


class Server:
    """Answers each request as the test told it to, by host and path; what it was asked stands in `requests`."""

    def __init__(self) -> None:
        self.pages: dict[str, Says] = {}
        self.requests: list[bytes] = []
        self.certificate = "good"
        _authority()  # one for both sides, before either asks for it
        self.listening = {port: socket.create_server(("127.0.0.1", 0), backlog=64) for port in (80, 443)}
        for port in self.listening:
            threading.Thread(target=self._listen, args=[port], daemon=True).start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *problem: object) -> None:
        for door in self.listening.values():
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()

    def number(self, port: int) -> int:
        """Where a port of the web stands on this machine."""
        number: int = self.listening[port].getsockname()[1]
        return number

    def _listen(self, port: int) -> None:
        with suppress(OSError):
            while True:
                line, _ = self.listening[port].accept()
                threading.Thread(target=self._answer, args=[line, port], daemon=True).start()

    def _answer(self, line: socket.socket, port: int) -> None:
        with suppress(OSError), line:
            line.settimeout(20)
            if port == 443:
                with certified(self.certificate).wrap_socket(line, server_side=True) as sealed:
                    self._say(sealed)
            else:
                self._say(line)

    def _say(self, line: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            if not (came := line.recv(4096)):
                return
            asked += came
        self.requests.append(asked)
        path = asked.split(b" ")[1].decode()
        host = asked.split(b"\r\nHost: ")[1].split(b"\r\n")[0].decode()
        says = self.pages.get(f"{host}{path}", self.pages.get(path, b"HTTP/1.1 404 Not Found\r\n\r\n"))
        if isinstance(says, bytes):
            line.sendall(says)
        else:
            says(line)


class World:
    """What stands outside of the checker: a resolver that says what it is told to, and calls that are noted."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.names: dict[str, list[str] | Iterator[list[str]]] = {}
        self.resolved: list[str] = []
        self.called: list[tuple[str, int]] = []
        self.dead: set[str] = set()
        self.seconds, self.octets = 12.0, OCTETS
        # The clock stands still, or goes on a little each time somebody looks at it.
        self.moment, self.step = 0.0, 0.0

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        answers = self.names.get(host, [PUBLIC])
        return answers if isinstance(answers, list) else next(answers)

    def dial(self, address: str, port: int, seconds: float) -> socket.socket:
        self.called.append((address, port))
        if address in self.dead:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.server.number(port)), seconds)

    def now(self) -> float:
        self.moment += self.step
        return self.moment

    def outside(self) -> Outside:
        return Outside(resolve=self.resolve, dial=self.dial, trust=trusting, now=self.now)

    def ask(self, url: str) -> Answer:
        """What a check comes to."""
        outside = self.outside()
        budget = Budget(outside.now, seconds=self.seconds, octets=self.octets)
        return follow(url, agent="Rounds-LinkCheck/1 (+https://rounds.example.org/)", outside=outside, budget=budget)


# Certificates


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _certificate(
    names: list[str], *, by: "tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None", days: tuple[int, int]
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate for some names, or an authority's where there are none; signed by one, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    today = dt.datetime.now(dt.UTC)
    subject = _name(names[0] if names else "An authority of the tests")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + dt.timedelta(days[0]))
        .not_valid_after(today + dt.timedelta(days[1]))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    return builder.sign(by[1] if by else key, hashes.SHA256()), key


@functools.cache
def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    return _certificate([], by=None, days=(-30, 30))


@functools.cache
def certified(kind: str) -> ssl.SSLContext:
    """How a server shows itself: good, expired, wrong-name, self-signed, or anonymous (with no certificate at all)."""
    names = ["other.example.org"] if kind == "wrong-name" else ["good.example.org", "www.good.example.org"]
    days = (-30, -1) if kind == "expired" else (-1, 30)
    certificate, key = _certificate(names, by=None if kind == "self-signed" else _authority(), days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == "anonymous":
        context.set_ciphers("aNULL:@SECLEVEL=0")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.NamedTemporaryFile() as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context.load_cert_chain(Path(file.name))
    return context


def trusting() -> ssl.SSLContext:
    """The checker's own demands, with the authority of the tests for those of the system."""
    from community.fetching import outside

    context = outside.trust()
    context.load_verify_locations(cadata=_authority()[0].public_bytes(serialization.Encoding.PEM).decode())
    return context
