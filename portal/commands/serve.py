"""`portal serve` (web and worker) and `portal worker`."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping

import click

from portal import tables  # noqa: F401 - makes every table known
from portal.commands.house import current_settings, open_database
from portal.core.assets import assets_missing
from portal.core.database import Database
from portal.core.errors import SettingsError
from portal.settings import ROOT, Settings
from portal.tenancy.walls import check_serving_role
from portal.worker import run

_LEVELS = ("debug", "info", "warning", "error", "critical")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--no-worker", is_flag=True, help="Serve pages only; run `portal worker` elsewhere.")
def serve(host: str, port: int, *, no_worker: bool) -> None:
    """Serve the portal: web pages by gunicorn, letters and timed work by a worker beside it."""
    settings = current_settings()
    check(settings)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    _check_place(host, port)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    children = [subprocess.Popen([*gunicorn, "--bind", place, "portal.wsgi:application"])]  # noqa: S603 - our own server
    if not no_worker:
        children.append(subprocess.Popen([sys.executable, "-m", "portal", "worker"]))
    click.echo(f"Serving {settings.base_url} (listening on {place}). Press Ctrl+C to stop.")
    sys.exit(_wait(children))


@click.command()
def worker() -> None:
    """Deliver letters and do timed work until stopped."""
    settings = current_settings()
    check(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run(settings, Database(settings.database_url), stop)


def check(settings: Settings) -> None:
    """Raises `PortalError` with the reason why the portal would not start."""
    missing = assets_missing()
    if missing:
        raise SettingsError(missing)
    _check_server(os.environ)
    database = open_database(settings)
    try:
        if settings.database_owner_url:
            with database.engine.connect() as connection:
                check_serving_role(connection)
    finally:
        database.dispose()


def _check_server(environment: Mapping[str, str]) -> None:
    for name in ("WEB_CONCURRENCY", "GUNICORN_THREADS"):
        text = environment.get(name, "1")
        if not text.isdecimal() or not 0 < int(text) <= 1000:
            raise SettingsError(f"{name}: must be a number from 1 to 1000.")
    if environment.get("GUNICORN_LOG_LEVEL", "warning") not in _LEVELS:
        raise SettingsError(f"GUNICORN_LOG_LEVEL: must be one of {', '.join(_LEVELS)}.")


def _check_place(host: str, port: int) -> None:
    """Raises `SettingsError` where nobody can listen; gunicorn would try again for seconds and say it five times."""
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except UnicodeError as error:
        raise SettingsError(f"--host: {host} is not a host name.") from error
    except socket.gaierror as error:
        raise SettingsError(f"--host: {host} is not known: {error.strerror}.") from error
    except OSError as error:
        name = "--port" if error.errno in {errno.EADDRINUSE, errno.EACCES} else "--host"
        raise SettingsError(
            f"{name}: cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}."
        ) from error


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
