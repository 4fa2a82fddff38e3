"""Loading the table of postcodes: the statistics office's file, or the made-up one of the demonstration."""

from datetime import datetime
from pathlib import Path

from portal.core.database import PortalSession
from portal.directory.actions import load_postcodes
from portal.directory.archives import open_public_file
from portal.directory.extracts import Progress
from portal.directory.models import PostcodeKind
from portal.directory.postcode_file import PostcodeFile, read_postcode_file
from portal.directory.queries import postcode_edition
from portal.identity.permissions import SYSTEM, Actor
from portal.notices.changes import new_generation


def import_postcodes(
    session: PortalSession, actor: Actor, path: Path, *, now: datetime, progress: Progress | None = None
) -> PostcodeFile:
    """Read the whole file, then replace what is stored. Raises `Invalid`, with nothing changed, for a bad file."""
    with open_public_file(path, "") as (stream, _):
        file = read_postcode_file(stream, progress)
    load_postcodes(session, actor, file.table, kind=PostcodeKind.REAL, name=path.name, count=file.english, now=now)
    new_generation(session)  # notices offer the search
    return file


def add_made_up_postcodes(session: PortalSession, path: Path, *, now: datetime) -> bool:
    """The demonstration's postcodes, unless some are loaded already."""
    if postcode_edition(session) is not None or not path.is_file():
        return False
    with path.open("rb") as stream:
        file = read_postcode_file(stream)
    load_postcodes(session, SYSTEM, file.table, kind=PostcodeKind.MADE_UP, name=path.name, count=file.english, now=now)
    return True
