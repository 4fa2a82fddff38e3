"""Encrypting a stream in chunks: AES-256-GCM, each chunk bound to its place, the last one marked (STREAM, RFC 5116).

A stream is: 7 random bytes, then chunks of 64 KiB and their 16-byte tags. A missing, moved or cut chunk is noticed.
"""

import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.core.errors import PortalError

SIZE = 64 * 1024
PREFIX = 7
TAG = 16


class Damaged(PortalError):
    """The stored bytes are not those that were written."""


def encrypt(key: bytes, name: str, plain: Iterable[bytes]) -> Iterator[bytes]:
    """`plain` encrypted under `key`; `name` must be the same to decrypt."""
    prefix = os.urandom(PREFIX)
    yield prefix
    for number, chunk, is_last in _numbered(plain, SIZE):
        yield AESGCM(key).encrypt(_nonce(prefix, number, is_last=is_last), chunk, name.encode())


def decrypt(key: bytes, name: str, stored: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes, each chunk only after it was found to be genuine. Raises `Damaged`."""
    prefix, rest = _split(stored)
    for number, chunk, is_last in _numbered(rest, SIZE + TAG):
        try:
            yield AESGCM(key).decrypt(_nonce(prefix, number, is_last=is_last), chunk, name.encode())
        except InvalidTag as error:
            raise Damaged("This file is damaged and cannot be opened.") from error


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\1" if is_last else b"\0")


def _numbered(parts: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Pieces of exactly `size`, the last one shorter or empty and marked."""
    held, number = b"", 0
    for part in parts:
        held += part
        while len(held) > size:
            yield number, held[:size], False
            held, number = held[size:], number + 1
    yield number, held, True


def _split(stored: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    parts = iter(stored)
    head = b""
    while len(head) < PREFIX:
        part = next(parts, None)
        if part is None:
            raise Damaged("This file is damaged and cannot be opened.")
        head += part

    def rest() -> Iterator[bytes]:
        yield head[PREFIX:]
        yield from parts

    return head[:PREFIX], rest()
