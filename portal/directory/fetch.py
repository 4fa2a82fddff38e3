"""One bounded HTTP exchange with a public address: no redirect is followed here, and nothing is decided twice.

The name is resolved once, every address it has is checked, and the connection goes to a checked address: a name that
changes its answer between check and connection (DNS rebinding) gains nothing. Proxy settings of the environment are
not consulted, for the same reason.
"""

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from portal.core.errors import PortalError
from portal.core.i18n import N_
from portal.directory.addresses import Refused, Target, is_address, require_public, target_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 16 * 1024
_ADDRESSES_TRIED: Final = 3

Resolver = Callable[[str, int], list[str]]
"""Every address of a host name, as text. May raise `OSError`."""

Connector = Callable[[str, int, float], socket.socket]
"""Connects to an address that has been checked, at a port, within seconds. Tests lead it to their own server."""

Clock = Callable[[], float]


class Trouble(StrEnum):
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    BAD_CERTIFICATE = "bad-certificate"
    SLOW = "slow"


class NoAnswer(PortalError):
    """The exchange ended without an answer; `trouble` says how."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one exchange, in seconds and bytes."""

    connect_seconds: float = 5
    total_seconds: float = 15
    body_bytes: int = 512 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have small letters; `body` is at most the limit, and whole unless `is_cut_off`."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_cut_off: bool
    seconds: float


def resolve_name(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def connect_to(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
    except OSError:
        connection.close()
        raise
    return connection


@dataclass(slots=True)
class PublicFetcher:
    """Fetches from the public internet only. Every part that touches the world can be replaced in a test."""

    user_agent: str
    resolve: Resolver = resolve_name
    connect: Connector = connect_to
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    clock: Clock = time.monotonic
    limits: Limits = Limits()

    def fetch(self, url: str, method: str = "GET") -> Answer:
        """Raises `NoAnswer`."""
        started = self.clock()
        try:
            target = target_of(url)
            addresses = self._addresses(target)
        except Refused as refused:
            raise NoAnswer(Trouble.REFUSED, str(refused)) from refused
        deadline = started + self.limits.total_seconds
        try:
            with contextlib.closing(self._connected(target, addresses, deadline)) as connection:
                return self._exchange(target, connection, method, started)
        except ssl.SSLCertVerificationError as error:
            raise NoAnswer(Trouble.BAD_CERTIFICATE, N_("The site’s certificate cannot be trusted.")) from error
        except TimeoutError as error:
            raise NoAnswer(Trouble.SLOW, N_("The site took too long to answer.")) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(
                Trouble.UNREACHABLE, N_("The site did not answer in a way a browser understands.")
            ) from error

    def _addresses(self, target: Target) -> list[str]:
        if is_address(target.host):
            return [target.host]
        try:
            addresses = self.resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise NoAnswer(Trouble.UNREACHABLE, N_("There is no site of this name.")) from error
        if not addresses:
            raise NoAnswer(Trouble.UNREACHABLE, N_("There is no site of this name."))
        require_public(addresses)
        return addresses

    def _connected(self, target: Target, addresses: list[str], deadline: float) -> socket.socket:
        connection = self._first_open(target, addresses, deadline)
        if target.scheme == "http":
            return connection
        try:
            connection.settimeout(self._left(deadline))
            return self.tls.wrap_socket(connection, server_hostname=target.host)
        except (OSError, ValueError):
            connection.close()
            raise

    def _first_open(self, target: Target, addresses: list[str], deadline: float) -> socket.socket:
        failure: OSError = OSError()
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                return self.connect(address, target.port, min(self.limits.connect_seconds, self._left(deadline)))
            except OSError as error:
                failure = error
        raise OSError(str(failure)) from failure

    def _exchange(self, target: Target, connection: socket.socket, method: str, started: float) -> Answer:
        deadline = started + self.limits.total_seconds
        connection.settimeout(self._left(deadline))
        connection.sendall(self._request(target, method))
        timed = cast("socket.socket", _TimedSocket(connection, lambda: self._left(deadline)))
        with contextlib.closing(http.client.HTTPResponse(timed, method=method)) as response:
            response.begin()
            body = self._body(response)
            headers = {name.lower(): value for name, value in response.getheaders()}
            is_cut_off = len(body) > self.limits.body_bytes
            seconds = self.clock() - started
            return Answer(target.url, response.status, headers, body[: self.limits.body_bytes], is_cut_off, seconds)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        body = b""
        while len(body) <= self.limits.body_bytes and (chunk := response.read(_CHUNK)):
            body += chunk
        return body

    def _request(self, target: Target, method: str) -> bytes:
        host = f"[{target.host}]" if ":" in target.host else target.host
        lines = [
            f"{method} {target.resource} HTTP/1.1",
            f"Host: {host}",
            f"User-Agent: {self.user_agent}",
            "Accept: text/html, */*;q=0.5",
            "Accept-Language: en-GB, en;q=0.8",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _left(self, deadline: float) -> float:
        left = deadline - self.clock()
        if left <= 0:
            raise TimeoutError
        return left


class _TimedSocket:
    """What `http.client` needs of a socket, with one deadline over all reads: a server that drips cannot hold us."""

    def __init__(self, connection: socket.socket, left: Clock) -> None:
        self._connection = connection
        self._left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._connection, self._left))


class _TimedReader(io.RawIOBase):
    def __init__(self, connection: socket.socket, left: Clock) -> None:
        self._connection = connection
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._left())
        return self._connection.recv_into(buffer)
