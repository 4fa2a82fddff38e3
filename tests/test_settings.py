"""A setting that is wrong stops the start with one line that says which and why."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.core.errors import SettingsError
from portal.settings import DOCUMENTATION, ROOT, load, names

KEY = "k" * 40
PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_SECRET_KEY": KEY,
    "PORTAL_BASE_URL": "https://privacy.example.gov.uk",
    "PORTAL_DATABASE_URL": "postgresql://portal_web:one@localhost/portal",
    "PORTAL_DATABASE_OWNER_URL": "postgresql://portal_owner:two@localhost/portal",
}


def example():
    lines = (ROOT / "deploy/portal.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture
def given(tmp_path):
    return lambda **environment: load({"PORTAL_DATA_DIR": str(tmp_path / "data"), **environment})


def test_nothing_has_to_be_set_to_try_the_portal(given):
    settings = given()
    assert settings.mail_from == "no-reply@localhost"
    assert settings.base_url == "http://localhost:8000"
    assert given().secret_keys == settings.secret_keys


def test_every_setting_is_documented():
    assert sorted(names()) == sorted(DOCUMENTATION)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_ENV", "staging"),
        ("PORTAL_ENV", ""),
        ("PORTAL_DATABASE_URL", "mysql://host/portal"),
        ("PORTAL_DATABASE_URL", "sqlite:///"),
        ("PORTAL_DATABASE_URL", "sqlite:///:memory:"),
        ("PORTAL_DATABASE_URL", "postgresql://user:pass@host:port/portal"),
        ("PORTAL_DATABASE_URL", "postgresql://user:pass@host"),
        ("PORTAL_DATABASE_OWNER_URL", "sqlite:////tmp/owner.sqlite"),
        ("PORTAL_DATABASE_OWNER_URL", "postgresql://owner@host/portal"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_SECRET_KEY", f"{KEY},short"),
        ("PORTAL_BASE_URL", "localhost:8000"),
        ("PORTAL_BASE_URL", "http://localhost:port"),
        ("PORTAL_BASE_URL", "http://[::1"),
        ("PORTAL_BASE_URL", "https://privacy.example/path"),
        ("PORTAL_BASE_URL", "https://user@privacy.example"),
        ("PORTAL_SMTP_URL", "http://mail.example"),
        ("PORTAL_SMTP_URL", "smtp://mail.example:port"),
        ("PORTAL_SMTP_URL", "mail.example"),
        ("PORTAL_MAIL_FROM", "nobody"),
        ("PORTAL_MAIL_FROM", "The portal <portal@example.org>"),
        ("PORTAL_MAIL_FROM", "a@example.org, b@example.org"),
        ("PORTAL_MAIL_FROM", "a@example.org\nBcc: everybody@example.org"),
        ("PORTAL_TRUSTED_PROXIES", "6"),
        ("PORTAL_TRUSTED_PROXIES", "one"),
        ("PORTAL_HOSTS", "https://notices.example"),
        ("PORTAL_HOSTS", "notices.example:443"),
        ("PORTAL_TENANTS_DIR", "/nowhere/at/all"),
        ("PORTAL_CLAMD", "clamd"),
        ("PORTAL_CLAMD", "localhost:port"),
        ("PORTAL_S3_URL", "s3://bucket"),
        ("PORTAL_S3_URL", "https://host/bucket"),
        ("PORTAL_S3_URL", "https://key:secret@host"),
        ("PORTAL_IMAP_URL", "pop3://host"),
        ("PORTAL_IMAP_URL", "imaps://"),
        ("PORTAL_OIDC_MICROSOFT", "https://login.example|client"),
        ("PORTAL_OIDC_MICROSOFT", "https://login.example||secret"),
        ("PORTAL_OIDC_GOOGLE", "accounts.example|client|secret"),
        ("PORTAL_NONSENSE", "1"),
    ],
)
def test_a_wrong_value_is_refused_by_the_settings_name(given, name, value):
    with pytest.raises(SettingsError) as caught:
        given(**{name: value})
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_a_data_folder_that_is_a_file_is_refused(given, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"^PORTAL_DATA_DIR: .* is not a folder"):
        given(PORTAL_DATA_DIR=str(tmp_path / "file"))


def test_a_damaged_made_secret_is_not_taken_for_a_key(given, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("")
    with pytest.raises(SettingsError, match="damaged"):
        given()


def test_settings_of_production_are_accepted(given):
    assert given(**PRODUCTION).is_production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_SECRET_KEY", ""),
        ("PORTAL_BASE_URL", "http://privacy.example.gov.uk"),
        ("PORTAL_DATABASE_OWNER_URL", ""),
    ],
)
def test_production_is_strict(given, name, value):
    with pytest.raises(SettingsError, match=f"^{name}: "):
        given(**PRODUCTION | {name: value})


def test_the_examples_key_is_refused_wherever_it_stands(given):
    published = example()["PORTAL_SECRET_KEY"]
    for value in (published, f"{KEY},{published}"):
        with pytest.raises(SettingsError, match=r"^PORTAL_SECRET_KEY: .*portal\.env\.example"):
            given(**PRODUCTION | {"PORTAL_SECRET_KEY": value})


def test_with_a_key_of_ones_own_the_example_is_accepted(given):
    assert given(**example() | {"PORTAL_SECRET_KEY": KEY}).is_production


@pytest.mark.parametrize("command", [["init"], ["serve"], ["worker"], ["school", "list"], ["settings", "--check"]])
@pytest.mark.parametrize(
    "url",
    ["postgresql://portal:hidden-word@127.0.0.1:1/portal", "sqlite:////nowhere/at/all.sqlite", "sqlite:////etc/passwd"],
)
def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(monkeypatch, tmp_path, command, url):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORTAL_DATABASE_URL", url)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("portal: PORTAL_DATABASE_URL: the database cannot be reached: ")
    assert "hidden-word" not in line


@pytest.fixture
def ready(settings, monkeypatch):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    return settings


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_port_in_use_is_said_before_anything_starts(ready, backend):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("portal: --port: cannot listen on 127.0.0.1")
    assert "in use" in done.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("host", ["203.0.113.9", "nowhere.invalid", "x" * 300, ""])
def test_a_host_that_is_not_this_machines_is_said_before_anything_starts(ready, backend, host):
    done = CliRunner().invoke(main, ["serve", "--host", host])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("portal: --host: ")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_web_servers_own_settings_are_checked_too(ready, backend, monkeypatch):
    assert CliRunner().invoke(main, ["settings", "--check"]).exit_code == 0
    monkeypatch.setenv("WEB_CONCURRENCY", "many")
    done = CliRunner().invoke(main, ["settings", "--check"])
    assert done.stderr == "portal: WEB_CONCURRENCY: must be a number from 1 to 1000.\n"


def test_gunicorn_stops_with_the_reason_and_without_a_traceback(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    environment |= {"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_MAIL_FROM": "nobody", "GUNICORN_BIND": "127.0.0.1:0"}
    environment["WEB_CONCURRENCY"] = "1"  # two that fail in the same moment can make gunicorn stumble over itself
    config = Path(ROOT, "deploy/gunicorn.conf.py")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", str(config), "portal.wsgi:application"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "portal: PORTAL_MAIL_FROM: must be one e-mail address" in done.stderr
    assert "Traceback" not in done.stderr
