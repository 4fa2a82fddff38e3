"""Letters to readers and reminders to schools: confirmed first, one a change, ended by one press."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.core import clock
from portal.notices.gathering import fill_shelf
from portal.notices.models import Decision
from portal.notices.reminders import remind_school, tell_dpo
from portal.notices.subscriptions import Station, tell_readers
from portal.notices.timed import remind_by_the_clock
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token

PAGE = "/schools/alder-primary/privacy-notice/subscription"
STATION = Station("https://portal.example", "portal.example")
HELD = "information.held"


def letters(database, kind):
    with database.session() as session, every_tenant(session, "tests"):
        return list(session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


@pytest.fixture
def reader(press, client, database):
    """Somebody who asked and confirmed; the address of her subscription."""
    client.post(PAGE, data={"csrf_token": csrf_token(client, PAGE), "email": "Reader@example.com"})
    (letter,) = letters(database, "subscription-asked")
    path = re.search(r"/subscriptions/\S+", letter.body)[0]
    client.post(path, data={"csrf_token": csrf_token(client, path)})
    return path


def tell(database):
    with database.transaction() as session, every_tenant(session, "tests"):
        return tell_readers(session, station=STATION, now=clock.now())


def test_nobody_gets_letters_who_did_not_confirm(press, client, database):
    client.post(PAGE, data={"csrf_token": csrf_token(client, PAGE), "email": "reader@example.com"})
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    press.settle()
    assert tell(database) == 0


def test_a_change_is_told_once(reader, press, database):
    assert tell(database) == 0
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    press.settle()
    assert tell(database) == 1
    assert tell(database) == 0
    (letter,) = letters(database, "notice-changed")
    assert letter.recipient == "reader@example.com"
    assert "/privacy-notice/changes?from=" in letter.body
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_press_without_a_page_ends_it(reader, press, client, database):
    assert client.post(f"{reader}/removal", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.post(f"{reader}/removal", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    press.settle()
    assert tell(database) == 0
    assert client.get(reader).status_code == 404


def test_the_page_does_not_say_who_subscribed_already(reader, client, database):
    answer = client.post(PAGE, data={"csrf_token": csrf_token(client, PAGE), "email": "reader@example.com"})
    assert answer.status_code == 302
    assert len(letters(database, "subscription-asked")) == 1


def test_nobody_can_have_hundreds_of_letters_sent_to_an_address(client):
    """Each from another network and in other letters, as if to another school."""
    data = {"csrf_token": csrf_token(client, PAGE)}

    def ask(email, number):
        return client.post(PAGE, data={**data, "email": email}, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})

    emails = ["victim@example.com", "Victim@Example.com"]
    assert [ask(emails[number % 2], number).status_code for number in range(8)] == [302] * 6 + [429] * 2
    assert ask("reader@example.com", 9).status_code == 302


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_refused(client, email):
    assert client.post(PAGE, data={"csrf_token": csrf_token(client, PAGE), "email": email}).status_code == 422


def remind(database, slug, now):
    with database.transaction() as session, every_tenant(session, "tests"):
        school = session.scalars(select(Tenant).where(Tenant.slug == slug)).one()
        return remind_school(session, school, fill_shelf(session), station=STATION, now=now)


def test_a_school_that_does_not_answer_is_reminded_twice_and_then_the_dpo_team_is_told(press, database, later):
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."}, flags={"confirm": True})
    before = len(letters(database, "wording-reminder"))
    sent = [remind(database, "st-thomas-of-canterbury", later(days)) for days in (30, 30)]
    assert sent[1] is False
    with database.transaction() as session, every_tenant(session, "tests"):
        rows = session.scalars(select(Decision).where(Decision.key == HELD, Decision.override_id.is_(None))).all()
        assert {row.reminded for row in rows} == {2}
        assert tell_dpo(session, station=STATION, now=later(1000)) >= 1
        assert tell_dpo(session, station=STATION, now=later(1000)) == 0
    assert letters(database, "wording-late")
    assert len(letters(database, "wording-reminder")) >= before


def test_the_head_gets_one_letter_about_all_that_waits(press, database, later):
    assert remind(database, "alder-primary", later(60)) is True
    assert remind(database, "alder-primary", later(60) + timedelta(minutes=1)) is False
    recipients = [letter.recipient for letter in letters(database, "wording-reminder")]
    assert recipients
    assert len(recipients) == len(set(recipients))


def test_every_school_is_reminded_also_the_one_of_a_trust_after_another_school(press, database, settings, later):
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."}, flags={"confirm": True})
    with time_machine.travel(later(60), tick=False):
        remind_by_the_clock(settings, database)
    with database.session() as session:
        names = {school.id: school.slug for school in session.scalars(select(Tenant))}
    asked = {names[letter.tenant_id] for letter in letters(database, "wording-reminder")}
    assert {"alder-primary", "birch-academy"} <= asked


def test_letters_speak_the_language_in_which_they_were_asked_for(press, client, database):
    page = f"{PAGE}?lang=pl"
    client.post(page, data={"csrf_token": csrf_token(client, page), "email": "czytelniczka@example.com"})
    (asked,) = letters(database, "subscription-asked")
    assert asked.language == "pl"
    assert "potwierdzenie" in asked.subject
    path = re.search(r"/subscriptions/\S+", asked.body)[0]
    assert path.endswith("?lang=pl")
    client.post(path, data={"csrf_token": csrf_token(client, path)})
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    press.settle()
    assert tell(database) == 1
    (told,) = letters(database, "notice-changed")
    assert "Co się zmieniło:" in told.body
    assert "&lang=pl" in told.body
    assert "privacy-notice?lang=pl" in told.body
