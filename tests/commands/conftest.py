"""The command line on the test's own installation."""

import pytest
from click.testing import CliRunner

from portal.cli import main


@pytest.fixture
def portal(settings, monkeypatch):
    """Run one command by its words, on the test's database."""
    for name, value in {
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_SECRET_KEY": settings.secret_keys[0],
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])
