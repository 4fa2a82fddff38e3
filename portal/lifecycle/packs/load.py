"""`tenants/` as a whole: everything is read before anything is written."""

from datetime import datetime
from pathlib import Path

from portal.audit.actions import SYSTEM, record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.lifecycle.packs.authorities import load_authorities, read_authorities
from portal.lifecycle.packs.library import load_library, read_library
from portal.lifecycle.packs.reading import PackError
from portal.lifecycle.packs.report import LoadReport
from portal.lifecycle.packs.tenants import load_school, load_service, load_trust, read_service, read_tenants


def load_packs(session: PortalSession, folder: Path, *, now: datetime) -> LoadReport:
    """Create what is absent, keep what a person changed, report both.

    Raises `PackError` naming file, line and reason; the caller's transaction is then rolled back, so nothing changes.
    """
    report = LoadReport()
    service_table = read_service(folder / "service.toml")
    authorities = read_authorities(folder / "authorities")
    if not (folder / "library").is_dir():
        raise PackError(folder / "library", "the folder is missing")
    library = read_library(folder / "library")
    trusts = read_tenants(folder / "trusts", "trust.toml", needed=("slug", "name"))
    schools = read_tenants(folder / "schools", "school.toml", needed=("slug", "name", "law", "authority"))
    service = load_service(session, service_table, report, now=now)
    load_authorities(session, authorities, report)
    load_library(session, library, report, now=now)
    session.flush()  # schools refer to councils, trusts and clauses
    for pack in trusts:
        load_trust(session, pack, report, now=now)
    for pack in schools:
        load_school(session, pack, report, now=now)
    if report.created:
        record(
            session, SYSTEM, AuditKind.PACK_LOADED, tenant_id=service.id, subject=("pack", "tenants"), now=now,
            created=len(report.created), kept=len(report.kept),
        )  # fmt: skip
    return report
