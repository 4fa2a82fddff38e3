"""`portal drill kill`: parents send requests while web and worker are killed; then everything is counted."""

import html
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import requests
from sqlalchemy import select

from portal.casework.models import Case
from portal.commands.house import print_json
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import PortalError
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.schema import migrate
from portal.outbox.actions import LEASE
from portal.outbox.models import Letter, LetterStatus
from portal.settings import Settings, load
from portal.tenancy.models import Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant

_REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')
_ANSWERS = {
    "start": {"goal": "else"},
    "kind": {"kind": "question"},
    "details": {"details": "Which records does the school keep of school trips?"},
    "name": {"requester_name": "Robin Carter"},
    "answer": {"answer_form": "any"},
}
_PAUSE = (1.5, 3.0)
"""Seconds between two kills, at least and at most."""
_PATIENCE = 60.0
"""How many seconds a parent tries to get an answer."""


@dataclass
class Sink:
    """A mail server that keeps nothing but how often it took each message; slow enough to be killed in the middle."""

    taken: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's name and type
        self.taken[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        return "250 OK"


@dataclass(frozen=True)
class Post:
    """A portal under fire: where it answers, how it is started, and what its processes are called."""

    address: str
    environment: dict[str, str]
    log: Path

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """One of its processes, at the head of a group of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own server
                [sys.executable, "-m", "portal", *words], env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip


class Parent(threading.Thread):
    """Sends one request after another, and sends again whatever got no answer; notes each reference she was given."""

    def __init__(self, post: Post, schools: list[str], stop: threading.Event, number: int) -> None:
        super().__init__(daemon=True)
        self.post, self.schools, self.stop, self.number = post, schools, stop, number
        self.acknowledged: list[str] = []
        self._chance = random.Random(number)  # noqa: S311 - which school and when is no secret

    def run(self) -> None:
        while not self.stop.is_set():
            reference = self._journey()
            if reference:
                self.acknowledged.append(reference)

    def _journey(self) -> str:
        browser = requests.Session()
        home = f"10.{self.number}.{self._chance.randrange(256)}.{self._chance.randrange(256)}"
        browser.headers["X-Forwarded-For"] = home  # each request from another household, or the throttle would step in
        base = f"{self.post.address}/schools/{self._chance.choice(self.schools)}/requests"
        mark = secrets.token_hex(8)
        answers = {**_ANSWERS, "contact": {"email": f"{mark}@family.example"}}
        page = self._ask(browser, "GET", f"{base}/start")
        while page is not None:
            step = page.url.rsplit("/", 1)[-1].partition("?")[0]
            if step == "sent":
                found = _REFERENCE.search(page.text)
                return found.group() if found else ""
            if step not in {*answers, "check"}:
                return ""
            page = self._ask(browser, "POST", page.url, {**_hidden(page.text), **answers.get(step, {})})
        return ""

    def _ask(
        self, browser: requests.Session, method: str, url: str, data: dict[str, str] | None = None
    ) -> requests.Response | None:
        """The page that came; None when the portal refused. What got no answer is asked for again, the same way."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            try:
                answer = browser.request(method, url, data=data, timeout=10)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            return answer if answer.ok else None
        return None


@click.command("kill")
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(5, 3600), help="How long to go on.")
@click.option("--parents", default=6, show_default=True, type=click.IntRange(1, 50), help="How many send at once.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 4), help="How many workers deliver.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def kill(*, seconds: int, parents: int, workers: int, as_json: bool) -> None:
    """Kill -9 web and worker again and again while requests come in and letters go out; count what was lost.

    It uses a throw-away SQLite database, or the one PORTAL_DATABASE_URL names if that one is empty. Exit status 1 when
    an acknowledged request is lost or doubled, or a letter is lost or written twice. A letter whose sender died
    between the server's "250" and its own note may go out twice, with one Message-ID: those are `repeats`.
    """
    with tempfile.TemporaryDirectory(prefix="portal-kill-") as folder, _mail_server() as (sink, mail_port):
        settings = _settings(Path(folder), mail_port)
        schools = _fill(settings)
        post = Post(settings.base_url, _environment(settings), Path(folder, "server.log"))
        kills, sent = _under_fire(post, schools, seconds=seconds, parents=parents, workers=workers)
        figures = _count(settings, sink, sent, kills)
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            click.echo(f"{name.replace('_', ' '):28} {value}")
    if any(figures[name] for name in ("requests_lost", "requests_doubled", "letters_lost", "letters_doubled")):
        raise click.exceptions.Exit(1)


@contextmanager
def _mail_server() -> Iterator[tuple[Sink, int]]:
    try:
        smtp: Any = import_module("aiosmtpd.controller")
    except ImportError as error:
        raise PortalError("The drill needs the packages of the tests: run `make test` once.") from error
    sink = Sink()
    server = smtp.Controller(sink, hostname="127.0.0.1", port=_free_port())
    server.start()
    try:
        yield sink, server.port
    finally:
        server.stop()


def _settings(folder: Path, mail_port: int) -> Settings:
    kept = ("PORTAL_DATABASE_URL", "PORTAL_DATABASE_OWNER_URL")
    return load(
        {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_SECRET_KEY": secrets.token_urlsafe(48),
            "PORTAL_BASE_URL": f"http://localhost:{_free_port()}",
            "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
            "PORTAL_TRUSTED_PROXIES": "1",
        }
    )


def _environment(settings: Settings) -> dict[str, str]:
    ours = {
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_SECRET_KEY": ",".join(settings.secret_keys),
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "PORTAL_BASE_URL": settings.base_url,
        "PORTAL_SMTP_URL": settings.smtp_url or "",
        "PORTAL_TRUSTED_PROXIES": str(settings.trusted_proxies),
    }
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}, **ours}


def _fill(settings: Settings) -> list[str]:
    """The schools of the tenant packs in a fresh database. Raises `PortalError` where there are any already."""
    click.echo("setting up", err=True)
    migrate(settings)
    database = Database(settings.database_url)
    with database.transaction() as session, every_tenant(session, "portal drill kill"):
        if session.scalar(select(Tenant.id).limit(1)) is not None:
            raise PortalError("This database is not empty. Name an empty one in PORTAL_DATABASE_URL, or none.")
        load_packs(session, settings.tenants_dir, now=clock.now())
        slugs = session.scalars(
            select(Tenant.slug).where(Tenant.kind == TenantKind.SCHOOL, Tenant.status == TenantStatus.LIVE)
        )
        found = list(slugs)
    database.dispose()
    return found


def _under_fire(
    post: Post, schools: list[str], *, seconds: int, parents: int, workers: int
) -> tuple[Counter[str], list[str]]:
    """How often what was killed, and the references that parents were shown."""
    web_words = ("serve", "--no-worker", "--port", post.address.rpartition(":")[2])
    running = {"web": post.start(*web_words)}
    running |= {f"worker {number}": post.start("worker") for number in range(workers)}
    stop = threading.Event()
    kills: Counter[str] = Counter()
    chance = random.Random()  # noqa: S311 - when to kill is no secret
    try:
        _wait_until_up(post, running["web"])
        senders = [Parent(post, schools, stop, number) for number in range(parents)]
        for each in senders:
            each.start()
        with click.progressbar(length=seconds, label="Killing", file=sys.stderr) as bar:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(min(chance.uniform(*_PAUSE), max(0.0, end - time.monotonic())))
                name = chance.choice(list(running))
                _kill(running[name])
                running[name] = post.start(*(web_words if name == "web" else ("worker",)))
                kills[name.partition(" ")[0]] += 1
                if name == "web":
                    _wait_until_up(post, running["web"])
                bar.update(max(0, seconds - round(end - time.monotonic()) - bar.pos))
        stop.set()
        for each in senders:
            each.join()
        _deliver_the_rest(post)
    finally:
        stop.set()
        for process in running.values():
            _kill(process)
    return kills, [reference for each in senders for reference in each.acknowledged]


def _deliver_the_rest(post: Post) -> None:
    """Wait until no letter waits: those whose sender died are free again when its lease ends."""
    database = Database(post.environment["PORTAL_DATABASE_URL"])
    waiting = select(Letter.id).where(Letter.status.in_((LetterStatus.WAITING, LetterStatus.SENDING))).limit(1)
    end = time.monotonic() + LEASE.total_seconds() + 60
    click.echo(f"delivering the rest (at most {LEASE.seconds // 60 + 1} minutes)", err=True)
    try:
        while time.monotonic() < end:
            with database.session() as session, every_tenant(session, "portal drill kill"):
                if session.scalar(waiting) is None:
                    return
            time.sleep(0.5)
    finally:
        database.dispose()


def _count(settings: Settings, sink: Sink, sent: list[str], kills: Counter[str]) -> dict[str, int]:
    database = Database(settings.database_url)
    with database.session() as session, every_tenant(session, "portal drill kill"):
        cases = Counter(session.scalars(select(Case.contact_email)))
        references = set(session.scalars(select(Case.reference)))
        letters = session.execute(select(Letter.message_id, Letter.kind, Letter.recipient)).all()
    database.dispose()
    firsts = Counter(recipient for _, kind, recipient in letters if kind == "requester.acknowledgement")
    return {
        "kills_of_web": kills["web"],
        "kills_of_worker": kills["worker"],
        "requests_acknowledged": len(sent),
        "requests_stored": len(references),
        "requests_lost": len(set(sent) - references),
        "requests_doubled": sum(number - 1 for number in cases.values()),
        "letters_written": len(letters),
        "letters_lost": sum(message_id not in sink.taken for message_id, _, _ in letters),
        "letters_doubled": sum(number - 1 for number in firsts.values()) + (len(cases) - len(firsts)),
        "repeats": sum(number - 1 for number in sink.taken.values()),
    }


def _wait_until_up(post: Post, web: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if web.poll() is not None:
            break
        try:
            if requests.get(f"{post.address}/health", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise PortalError(f"The portal did not start: {post.log.read_text(errors='replace')[-400:]}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with everything it started, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _hidden(page: str) -> dict[str, str]:
    found = (dict(_ATTRIBUTE.findall(tag)) for tag in _HIDDEN.findall(page))
    return {each["name"]: html.unescape(each.get("value", "")) for each in found if "name" in each}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
