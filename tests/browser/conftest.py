"""A real server, a real mail server and a real browser."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pyotp import TOTP

from portal.lifecycle.demo import CastMember
from portal.settings import ROOT, Settings
from tests.conftest import SECRET
from tests.tools.browser import LAUNCH_ARGUMENTS, axe_source, find_chromium


@dataclass
class Mailbox:
    """Every message that the mail server took."""

    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.messages.append(message_from_bytes(envelope.original_content or envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, recipient: str, words: str = "", *, seconds: float = 20) -> EmailMessage:
        """The newest message to `recipient` with `words` in subject or body."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in reversed(self.messages):
                if message["To"] == recipient and words in f"{message['Subject']}\n{message.get_content()}":
                    return message
            time.sleep(0.1)
        raise AssertionError(f"no letter to {recipient} with {words!r}")


@dataclass
class Live:
    """A running portal: web and worker as a user starts them."""

    base_url: str
    mailbox: Mailbox
    cast: dict[str, CastMember]
    settings: Settings


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def live(settings: Settings, cast: dict[str, CastMember]) -> Iterator[Live]:
    with serving(settings, cast) as found:
        yield found


@contextmanager
def serving(settings: Settings, cast: dict[str, CastMember]) -> Iterator[Live]:
    """A portal that serves until the end of the block."""
    port, mail_port = free_port(), free_port()
    mailbox = Mailbox()
    mail = Controller(mailbox, hostname="127.0.0.1", port=mail_port)
    mail.start()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_SECRET_KEY": SECRET,
        "PORTAL_BASE_URL": f"http://localhost:{port}",
        "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
    }
    if settings.database_owner_url:
        environment["PORTAL_DATABASE_OWNER_URL"] = settings.database_owner_url
    log = Path(settings.data_dir / "server.log").open("wb")  # noqa: SIM115 -- the server writes it until the end
    server = subprocess.Popen(
        [sys.executable, "-m", "portal", "serve", "--port", str(port)],
        cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until_up(f"http://localhost:{port}/health", server, Path(log.name))
        yield Live(f"http://localhost:{port}", mailbox, cast, settings)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        mail.stop()
        log.close()


def wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path, "no Chromium was found; `make test BROWSER=0` leaves these tests out"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGUMENTS)
        yield found
        found.close()


class Visitor:
    """Somebody with a browser of her own."""

    def __init__(self, browser: Browser, live: Live, **options) -> None:
        self.live = live
        self.context: BrowserContext = browser.new_context(base_url=live.base_url, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def press(self, name: str) -> Page:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        return self.page

    def follow(self, name: str) -> Page:
        self.page.locator("main a, nav a", has_text=name).first.click()
        self.page.wait_for_load_state()
        return self.page

    def sign_in(self, name: str) -> None:
        member = self.live.cast[name]
        self.open("/sign-in")
        self.page.get_by_label("E-mail address").fill(member.email)
        self.page.get_by_label("Password", exact=True).fill(member.password)
        self.press("Continue")
        self.page.get_by_label("Code").fill(TOTP(member.totp_secret).now())
        self.press("Sign in")

    def accessibility_problems(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA on the page as it stands."""
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(axe_source())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = self.page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]

    def is_too_wide(self) -> bool:
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        )


@pytest.fixture
def visitor(browser: Browser, live: Live):
    made: list[Visitor] = []

    def make(**options) -> Visitor:
        made.append(Visitor(browser, live, **options))
        return made[-1]

    yield make
    for each in made:
        each.context.close()
