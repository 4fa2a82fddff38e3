"""A school that a command does not know is said so, with the way to its right name."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal.cli import main
from portal.core import clock
from portal.tenancy.actions import rename
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def portal(settings, monkeypatch):
    monkeypatch.setenv("PORTAL_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    return lambda *words: CliRunner().invoke(main, list(words))


@pytest.mark.parametrize(
    "words",
    [
        ("notice", "show", "atlantis"),
        ("notice", "versions", "atlantis"),
        ("notice", "verify", "atlantis"),
        ("notice", "lint", "atlantis"),
        ("directory", "resolve", "--school", "atlantis"),
    ],
)
def test_an_unknown_school_is_named_with_the_command_that_lists_them(portal, words):
    done = portal(*words)
    assert done.exit_code == 2
    assert "There is no school 'atlantis'." in done.stderr
    assert "`portal school list`" in done.stderr


@pytest.mark.parametrize("words", [("notice", "versions"), ("directory", "resolve", "--school")])
def test_a_school_is_known_by_its_former_address_too(portal, database, words):
    with database.transaction() as session, every_tenant(session, "tests"):
        birch = session.scalars(select(Tenant).where(Tenant.slug == "birch-academy")).one()
        rename(session, birch, name="Larch Academy", now=clock.now())
    assert portal(*words, "birch-academy").exit_code == 0


@pytest.mark.parametrize("typed", ["st-thomas", "st-tomas-of-canterbury"])
def test_a_name_that_is_nearly_right_is_put_right(portal, typed):
    assert "Did you mean st-thomas-of-canterbury?" in portal("notice", "show", typed).stderr


def test_the_two_commands_about_schools_say_which_is_which(portal):
    assert "`portal schools` brings schools in" in portal("school", "--help").stdout
    assert "`portal school` shows those" in portal("schools", "--help").stdout
    listed = portal("--help").stdout
    assert "Look at the schools that are here." in listed
    assert "Bring schools in from the national register." in listed
