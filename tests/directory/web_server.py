"""A real local web server that plays every public site, so that the link checker's own guard stays in place.

Names resolve to public addresses, as they would outside; `connect`, the seam below the guard, leads those addresses to
the local server. An address that is not one of them is never connected, and every attempt is recorded.
"""

import contextlib
import http.server
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "93.184.216.35"
UNTRUSTED = "93.184.216.36"
EXPIRED = "93.184.216.37"
SILENT = "93.184.216.38"


@dataclass
class Page:
    """What a path answers. `raw` bytes are sent as they are; `hold` waits until the test is over."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "text/html; charset=utf-8"
    head_status: int | None = None
    raw: bytes = b""
    hold: bool = False


@dataclass
class PretendWeb:
    """`sites[host][path]` is a Page; the path "*" answers everything else. `names` holds what the resolver says."""

    sites: dict[str, dict[str, Page]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    visits: list[tuple[str, str]] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    ports: dict[tuple[str, int], int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def resolve(self, host: str, port: int) -> list[str]:
        if host not in self.names and host not in self.sites:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.names.get(host, [PUBLIC])

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.attempts.append(address)
        if (address, port) not in self.ports:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.ports[address, port]), timeout=seconds)

    def find(self, host: str, path: str) -> Page:
        pages = self.sites.get(host, {})
        missing = Page("<title>Not found</title>", 404)
        return pages.get(path, missing if path == "/robots.txt" else pages.get("*", missing))


@contextlib.contextmanager
def pretend_web() -> Iterator[PretendWeb]:
    web = PretendWeb()
    authority = _Authority()
    web.tls = ssl.create_default_context(cadata=authority.pem)
    good = authority.context(["council.example", "www.council.example", "new.example"])
    expired = authority.context(["expired.example"], days=-1)
    untrusted = _Authority().context(["untrusted.example"])
    listeners = {
        (PUBLIC, 80): None,
        (OTHER_PUBLIC, 80): None,
        (PUBLIC, 443): good,
        (EXPIRED, 443): expired,
        (UNTRUSTED, 443): untrusted,
    }
    servers = []
    try:
        for place, context in listeners.items():
            server = _Server(("127.0.0.1", 0), _handler(web))
            servers.append(server)
            if context is not None:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            web.ports[place] = server.server_address[1]
        yield web
    finally:
        web.over.set()
        for server in servers:
            server.shutdown()
            server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""


def _handler(web: PretendWeb) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            host = self.headers["Host"]
            web.visits.append((self.command, f"{host}{self.path}"))
            page = web.find(host, self.path)
            if page.hold:
                web.over.wait(10)
            if page.raw:
                self.wfile.write(page.raw)
                return
            body = page.body if isinstance(page.body, bytes) else page.body.encode()
            self.send_response(page.head_status or page.status if self.command == "HEAD" else page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, format, *args):  # noqa: A002 - the name the base class calls it by
            """Nothing: the test's own record is `visits`."""

    return Handler


class _Authority:
    """A certificate authority made for one test run."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pretend authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        usage = _usage(signs_certificates=True)
        builder = _builder(self.name, self.name, self.key, 10).add_extension(constraints, critical=True)
        self.certificate = builder.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, hosts: list[str], days: int = 10) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = _builder(subject, self.name, key, days).add_extension(names, critical=False)
        builder = builder.add_extension(issuer_key, critical=False)
        certificate = builder.add_extension(_usage(signs_certificates=False), critical=True).sign(
            self.key, hashes.SHA256()
        )
        return _server_context(certificate, key)


def _builder(subject, issuer, key, days):
    now = datetime.now(UTC)  # noqa: TID251 - certificates hold for real time
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=30))
    builder = builder.not_valid_after(now + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs_certificates):
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encoded_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(encoded_key + certificate.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    return context
