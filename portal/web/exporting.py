"""Sending a school's export: written to a file first, so that a large school fits any memory."""

import tempfile
from typing import IO, cast

from flask import Response, send_file

from portal.core.clock import london
from portal.lifecycle.leaving import export_school
from portal.tenancy.models import Tenant
from portal.web.files import filing
from portal.web.session import desk


def send_export(school: Tenant) -> Response:
    """The archive as a download. Raises `Forbidden`."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever sends it
    export_school(desk.session, desk.actor, school, cast("IO[bytes]", file), filing=filing(), now=desk.now)
    file.seek(0)
    name = f"{school.slug}-{london(desk.now).date().isoformat()}.zip"
    answer = send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)
    answer.call_on_close(file.close)
    return answer
