"""Opening a public file as it was downloaded: plain, or alone of its kind in a zip archive."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from portal.core.errors import Invalid
from portal.core.i18n import N_

_MOST_BYTES: Final = 2 * 1024**3
_MOST_MEMBERS: Final = 2000


@contextmanager
def open_public_file(path: Path, wanted: str) -> Iterator[tuple[BinaryIO, int]]:
    """The stream and its size in bytes; of an archive, the largest member whose name begins with `wanted`.

    Raises `Invalid` for a file that is absent, and for an archive that is damaged, too large or without such a member.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as plain:
                yield plain, path.stat().st_size
            return
    except OSError as error:
        raise Invalid(N_("%(path)s cannot be read.") % {"path": path}) from error
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member(archive, wanted)
            with archive.open(member) as packed:
                yield cast("BinaryIO", packed), member.file_size
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise Invalid(N_("The zip archive is damaged or needs a password.")) from error


def _member(archive: zipfile.ZipFile, wanted: str) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise Invalid(N_("The zip archive holds too many files."))
    named = [one for one in members if Path(one.filename).name.lower().startswith(wanted.lower())]
    fitting = [one for one in named if one.filename.lower().endswith(".csv")]
    if not fitting:
        raise Invalid(N_("The zip archive holds no CSV file named %(name)s…") % {"name": wanted})
    largest = max(fitting, key=lambda one: one.file_size)
    if largest.file_size > _MOST_BYTES:
        raise Invalid(N_("The file inside the zip archive is too large."))
    return largest
