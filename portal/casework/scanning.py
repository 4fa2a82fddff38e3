"""Asking the virus scanner (clamd, INSTREAM) about a file; one that cannot answer leaves the file in quarantine."""

import socket
import struct
from collections.abc import Iterable

from portal.core.errors import PortalError

TIMEOUT = 60.0


class ScannerSilent(PortalError):
    """The scanner cannot be reached or did not answer sensibly."""


def is_clean(address: str, parts: Iterable[bytes]) -> bool:
    """Whether clamd at `address` (`host:port` or a socket's path) finds nothing. Raises `ScannerSilent`."""
    try:
        with _connect(address) as connection:
            connection.sendall(b"zINSTREAM\0")
            for part in parts:
                if part:
                    connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = connection.makefile("rb").read().rstrip(b"\0\n").decode("utf-8", "replace")
    except OSError as error:
        raise ScannerSilent("The virus scanner does not answer.") from error
    if answer.endswith("FOUND"):
        return False
    if answer.endswith("OK"):
        return True
    raise ScannerSilent(f"The virus scanner answered: {answer[:100]}")


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        return socket.create_connection((host, int(port)), timeout=TIMEOUT)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT)
    connection.connect(address)
    return connection
