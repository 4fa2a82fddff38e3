"""A document named on the command line, read within the limits of an upload."""

from pathlib import Path

from portal.core.errors import Invalid
from portal.core.limits import FILE_BYTES, MEGABYTE
from portal.notices.importing.blocks import Block
from portal.notices.importing.documents import document_blocks


def read_document(path: Path) -> tuple[Block, ...]:
    """Raises `Invalid`, naming the file."""
    try:
        size = path.stat().st_size
        if size > FILE_BYTES:
            most = FILE_BYTES // MEGABYTE
            raise Invalid(f"{path}: this file has {size / MEGABYTE:.0f} MB. A notice may have at most {most} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror}.") from error
    try:
        return document_blocks(path.name, data)
    except Invalid as refused:
        raise Invalid(f"{path}: {refused.message}") from refused
