"""The worker: claims due letters and timed work, each in its own transaction, and never inside one while it sends."""

import smtplib
import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from portal.core import clock
from portal.core.database import Database
from portal.core.work import finish_work, is_due, postpone_work, take_work
from portal.identity.browsers import forget_expired_sessions
from portal.identity.throttle import forget_expired
from portal.notices.background import NoticeWork
from portal.outbox.actions import LEASE, claim, mark_failed, mark_sent
from portal.outbox.delivery import FolderMailer, Mailer, Refused, SmtpMailer, make_message
from portal.outbox.models import Letter
from portal.outbox.queries import has_due
from portal.settings import Settings
from portal.tenancy.scope import every_tenant
from portal.timed import TIMED, WAITING

log = structlog.get_logger("portal.worker")
PAUSE_SECONDS = 1.0
SOONEST_RETRY, LATEST_RETRY = timedelta(minutes=1), timedelta(minutes=10)


def mailer_for(settings: Settings) -> Mailer:
    """SMTP when configured, else the development folder."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return FolderMailer(settings.data_dir / "mail")


def run(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Work until `stop` is set; an error is logged and does not end the worker."""
    mailer = mailer_for(settings)
    while not stop.is_set():
        busy = work_once(settings, database, mailer)
        stop.wait(0 if busy else PAUSE_SECONDS)


def work_once(settings: Settings, database: Database, mailer: Mailer) -> bool:
    """Do what is due now; returns whether there was anything. What fails keeps none of the rest waiting."""
    parts: tuple[Callable[[], int | bool], ...] = (
        lambda: deliver(settings, database, mailer),
        lambda: run_timed(settings, database),
        lambda: NoticeWork(database).step(now=clock.now()),
    )
    busy = False
    for part in parts:
        try:
            busy = bool(part()) or busy
        except Exception as error:
            log.exception("work failed", error=type(error).__name__)
    return busy


def deliver(settings: Settings, database: Database, mailer: Mailer) -> int:
    """Claim letters (commit), send each, mark each; a crash in between repeats at most the one with its Message-ID."""
    with database.session() as session, every_tenant(session, "outbox"):
        if not has_due(session, now=clock.now()):
            return 0
    claimed_at = clock.now()
    with database.transaction() as session, every_tenant(session, "outbox"):
        letters = claim(session, now=claimed_at)
        messages = [
            (letter.id, make_message(letter, sender=settings.mail_from), letter.recipient) for letter in letters
        ]
    for letter_id, message, recipient in messages:
        if clock.now() > claimed_at + LEASE / 2:
            break  # a slow mail server: another worker may have these soon
        failure, final = "", False
        try:
            mailer.send(message, recipient)
        except Refused as error:
            failure, final = str(error), True
        except (OSError, smtplib.SMTPException) as error:
            failure = type(error).__name__
        with database.transaction() as session, every_tenant(session, "outbox"):
            letter = session.get(Letter, letter_id)
            if letter is None:
                continue
            if failure:
                mark_failed(letter, failure, now=clock.now(), final=final)
                log.warning("letter not sent", letter=letter_id, reason=failure)
            else:
                mark_sent(letter, now=clock.now())
    return len(messages)


def run_timed(settings: Settings, database: Database) -> bool:
    """Run the periodic work that is due; one node gets each. What fails is tried again after a while."""
    ran = False
    for name, (every, action) in {**TIMED, "tidy": (timedelta(minutes=10), _tidy)}.items():
        try:
            ran = _run_one(settings, database, name, every, action) or ran
        except Exception as error:
            log.exception("timed work failed", name=name, error=type(error).__name__)
    return ran


def _run_one(
    settings: Settings, database: Database, name: str, every: timedelta, action: Callable[[Settings, Database], None]
) -> bool:
    if not is_due(database, name, every, now=clock.now()):
        return False
    waits = WAITING.get(name)
    if waits is not None and not waits(settings, database):
        return False
    if not take_work(database, name, every, now=clock.now()):
        return False
    try:
        action(settings, database)
    except BaseException:
        postpone_work(database, name, until=clock.now() + min(max(every, SOONEST_RETRY), LATEST_RETRY))
        raise
    finish_work(database, name, now=clock.now())
    return True


def _tidy(_settings: Settings, database: Database) -> None:
    with database.transaction() as session:
        forget_expired(session, now=clock.now())
        forget_expired_sessions(session, now=clock.now())
