"""Serving files of cases: the one function that does, always as an attachment, neither run nor shown."""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from flask import Response

from portal.casework.files import Filing
from portal.casework.models import Attachment
from portal.casework.stores import store_of
from portal.web.session import desk


def filing() -> Filing:
    """Where this installation keeps files."""
    return Filing(store_of(desk.settings), desk.house.keys, has_scanner=bool(desk.settings.clamd))


def serve(row: Attachment, parts: Iterator[bytes]) -> Response:
    """The file as a stream; its first part is read before the answer begins, so that what is missing is an error."""
    first = next(parts, b"")
    return _attached(row.name, row.size, chain((first,), parts))


def serve_bytes(name: str, content: bytes) -> Response:
    """A message as it came, in the same way as a file."""
    return _attached(name, len(content), iter((content,)))


def _attached(name: str, size: int, parts: Iterator[bytes]) -> Response:
    plain = "".join(each if each.isascii() and (each.isalnum() or each in "._- ") else "_" for each in name)
    return Response(
        parts,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
