"""The worker: one piece of work that fails leaves the others, is tried again, and an idle worker writes nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event

from portal import worker
from portal.core import clock, logs
from portal.core.work import TimedWork
from portal.outbox.delivery import FolderMailer


def finished(database, name):
    with database.session() as session:
        row = session.get(TimedWork, name)
        return row.finished_at if row else None


@pytest.fixture
def mailer(tmp_path):
    return FolderMailer(tmp_path / "mail")


@pytest.fixture
def pieces(monkeypatch):
    """Three pieces of timed work, the second of which fails as long as `bad` holds something."""
    done, bad = [], ["yes"]

    def second(_settings, _database):
        if bad:
            raise ValueError("Quinella Canary")
        done.append("second")

    hour = timedelta(hours=1)
    names = {
        "first": (hour, lambda *_: done.append("first")),
        "second": (hour, second),
        "third": (hour, lambda *_: done.append("third")),
    }
    monkeypatch.setattr(worker, "TIMED", names)
    return done, bad


def test_a_piece_of_work_that_fails_leaves_the_others(settings, database, mailer, pieces):
    done, _ = pieces
    worker.work_once(settings, database, mailer)
    assert done == ["first", "third"]
    assert finished(database, "second") is None
    assert finished(database, "tidy") is not None


def test_what_failed_is_tried_again_after_a_while_and_not_before(settings, database, mailer, pieces):
    done, bad = pieces
    start = clock.now()
    with time_machine.travel(start, tick=False):
        worker.work_once(settings, database, mailer)
        bad.clear()
        worker.work_once(settings, database, mailer)
        assert done == ["first", "third"]
    with time_machine.travel(start + worker.LATEST_RETRY + timedelta(seconds=1), tick=False):
        worker.work_once(settings, database, mailer)
    assert done == ["first", "third", "second"]
    assert finished(database, "second") is not None


def test_a_failure_is_one_json_line_that_names_the_work_and_not_what_was_typed(
    settings, database, mailer, pieces, capfd
):
    logs.configure()
    capfd.readouterr()
    worker.work_once(settings, database, mailer)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["event"] == "timed work failed"]
    assert (line["name"], line["error"]) == ("second", "ValueError")
    assert any("test_worker.py" in frame for frame in line["frames"])
    assert "Quinella" not in json.dumps(lines)


def test_letters_that_cannot_be_read_do_not_hold_up_the_rest(settings, database, mailer, pieces, monkeypatch):
    def fail(*_):
        raise ValueError

    done, _ = pieces
    monkeypatch.setattr(worker, "deliver", fail)
    worker.work_once(settings, database, mailer)
    assert done == ["first", "third"]


def test_an_idle_worker_writes_nothing(settings, database, mailer, capfd):
    logs.configure()
    idle = replace(settings, smtp_url=None, imap_url=None, clamd=None)
    while worker.work_once(idle, database, mailer):
        pass
    capfd.readouterr()
    written = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_):
        if statement.split()[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            written.append(statement)

    start = clock.now()
    for seconds in range(0, 300, 7):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            worker.work_once(idle, database, mailer)
    assert written == []
    assert capfd.readouterr().err == ""
