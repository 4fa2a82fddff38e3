"""Extracts of the register written to files, and the import run on them."""

from datetime import date

import pytest

from portal.core import clock
from portal.identity.permissions import SYSTEM
from portal.lifecycle.register_import import Order, import_register, refresh_register
from portal.tenancy.scope import every_tenant
from tests.directory.builders import links_file, register_file


@pytest.fixture
def imported(session, tmp_path):
    """Imports rows of the register, with links between URNs where given, as on a day."""

    def run(*rows, links=(), today=date(2026, 9, 1), dry_run=False, authorities=(), live=True, **how):
        path = tmp_path / "edubasealldata.csv"
        path.write_bytes(register_file(rows, **how).getvalue())
        beside = None
        if links:
            beside = tmp_path / "links.csv"
            beside.write_bytes(links_file(*links).getvalue())
        order = Order(path, beside, frozenset(authorities), is_dry_run=dry_run, goes_live=live)
        with every_tenant(session, "tests"):
            return import_register(session, SYSTEM, order, today=today, now=clock.now())

    return run


@pytest.fixture
def refreshed(session, tmp_path):
    """Keeps rows of the register for searching."""

    def run(*rows):
        path = tmp_path / "refresh.csv"
        path.write_bytes(register_file(rows).getvalue())
        with every_tenant(session, "tests"):
            return refresh_register(session, SYSTEM, path, now=clock.now())

    return run
