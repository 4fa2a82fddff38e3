"""`portal serve` (web and worker) and `portal worker`."""

import os
import signal
import subprocess
import sys
import threading

import click

from portal import tables  # noqa: F401 - makes every table known
from portal.commands.house import current_settings
from portal.core.assets import assets_missing
from portal.core.database import Database
from portal.core.errors import SettingsError
from portal.lifecycle.schema import is_current
from portal.settings import ROOT, Settings
from portal.tenancy.walls import check_serving_role
from portal.worker import run


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--no-worker", is_flag=True, help="Serve pages only; run `portal worker` elsewhere.")
def serve(host: str, port: int, *, no_worker: bool) -> None:
    """Serve the portal: web pages by gunicorn, letters and timed work by a worker beside it."""
    settings = current_settings()
    _check(settings)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    children = [subprocess.Popen([*gunicorn, "--bind", f"{host}:{port}", "portal.wsgi:application"])]  # noqa: S603 - our own server
    if not no_worker:
        children.append(subprocess.Popen([sys.executable, "-m", "portal", "worker"]))
    click.echo(f"Serving {settings.base_url} (listening on {host}:{port}). Press Ctrl+C to stop.")
    sys.exit(_wait(children))


@click.command()
def worker() -> None:
    """Deliver letters and do timed work until stopped."""
    settings = current_settings()
    _check(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run(settings, Database(settings.database_url), stop)


def _check(settings: Settings) -> None:
    missing = assets_missing()
    if missing:
        raise SettingsError(missing)
    database = Database(settings.database_url)
    if not is_current(database):
        raise SettingsError("The database is not set up, or not for this version: run `portal init`.")
    if settings.database_owner_url:
        with database.engine.connect() as connection:
            check_serving_role(connection)
    database.dispose()


def _wait(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait for the first child to end, then stop the others."""

    def stop(*_: object) -> None:
        for child in children:
            child.terminate()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    pid, status = os.wait()
    stop()
    for child in children:
        if child.pid != pid:
            child.wait()
    return os.waitstatus_to_exitcode(status)
