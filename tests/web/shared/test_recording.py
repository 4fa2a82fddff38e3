"""Requests that come by other ways, questions to the DPO, breaches, and the table to take away."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal.audit.models import AuditEntry
from portal.casework.models import Case, CaseKind, Channel, IdempotencyKey
from portal.casework.tidying import tidy
from portal.core import clock
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token

SCHOOL = "/school/alder-primary"


def day_parts(day):
    return [str(day.day), str(day.month), str(day.year)]


def call(**facts):
    return {
        "received_on": day_parts(clock.today()), "channel": "phone", "kind": "access", "requester_name": "Oma Klein",
        "relationship": "child", "subject_name": "Kim Klein", "details": "Everything about Kim", **facts,
    }  # fmt: skip


def hidden_fields(page):
    return MultiDict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def first_form(client, path, **values):
    page = client.get(path).get_data(as_text=True)
    key = re.search(r'name="key" value="([^"]*)"', page).group(1)
    return client.post(path, data={"csrf_token": csrf_token(client, path), "key": key, **values})


def cases(database):
    with database.session() as session, every_tenant(session, "tests"):
        return list(session.scalars(select(Case).order_by(Case.id)))


def test_a_phone_call_is_written_down_read_back_and_confirmed_once(staff, database):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call()).get_data(as_text=True)
    assert "Read it back" in page
    assert "Everything about Kim" in page
    assert not cases(database)
    for _ in range(2):
        answer = ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page))
        assert answer.status_code == 302
    [case] = cases(database)
    assert (case.channel, case.subject_name, case.kind) == (Channel.PHONE, "Kim Klein", CaseKind.ACCESS)
    assert "PIN" in ben.get(answer.location).get_data(as_text=True)


def test_what_was_read_back_can_be_changed(staff, database):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call()).get_data(as_text=True)
    again = ben.post(f"{SCHOOL}/cases/new", data={**hidden_fields(page).to_dict(flat=False), "change": "yes"})
    form = again.get_data(as_text=True)
    assert "Everything about Kim" in form
    assert re.findall(r'name="received_on"[^>]*value="(\d+)"', form) == day_parts(clock.today())
    assert not cases(database)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"received_on": ["", "", ""]}, "Enter the day."),
        ({"channel": ""}, "Choose how it came."),
        ({"subject_name": ""}, "Enter whom it is about."),
        ({"requester_name": "  "}, "Enter their name."),
        ({"details": " \r\n "}, "Write down what they said."),
        ({"received_time": "quarter past"}, "too long"),
        ({"received_time": "25:99"}, "Enter a time like 14:30."),
    ],
)
def test_what_is_missing_is_said(staff, facts, said):
    answer = first_form(staff.client("ben"), f"{SCHOOL}/cases/new", **call(**facts))
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_request_cannot_be_received_tomorrow(staff, database):
    ben = staff.client("ben")
    tomorrow = clock.today().replace(year=clock.today().year + 1)
    page = first_form(ben, f"{SCHOOL}/cases/new", **call(received_on=day_parts(tomorrow))).get_data(as_text=True)
    answer = ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page))
    assert answer.status_code == 422
    assert not cases(database)


@time_machine.travel("2027-06-30T23:30Z", tick=False)
def test_what_came_today_is_recorded_in_the_first_hour_of_a_summer_day(staff, database):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call(received_on=["1", "7", "2027"])).get_data(as_text=True)
    assert ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page)).status_code == 302
    [case] = cases(database)
    assert (case.received_at, case.due_on.isoformat()) == (clock.now(), "2027-08-02")


@time_machine.travel("2027-03-10T10:00Z", tick=False)
def test_an_hour_that_is_still_to_come_is_refused_and_not_changed(staff, database):
    ben = staff.client("ben")
    values = call(kind="breach", received_on=["10", "3", "2027"], received_time="16:30")
    answer = first_form(ben, f"{SCHOOL}/cases/new", **values)
    assert answer.status_code == 422, "it was read back to the caller as if it could stand"
    assert "in the future" in answer.get_data(as_text=True)
    assert not cases(database)


def test_the_dpo_records_for_any_school_but_a_trust_for_its_own_only(staff, database):
    devi, tom = staff.client("devi"), staff.client("tom")
    page = first_form(devi, "/central/cases/new", **call(school="Alder Primary School")).get_data(as_text=True)
    assert devi.post("/central/cases/new", data=hidden_fields(page)).status_code == 302
    page = first_form(tom, "/school/rowan/cases/new", **call(school="Alder Primary School")).get_data(as_text=True)
    assert tom.post("/school/rowan/cases/new", data=hidden_fields(page)).status_code == 403
    assert len(cases(database)) == 1


def test_a_confidential_question_does_not_exist_for_the_school(staff, database, cast):
    bea = staff.client("bea")
    path = "/school/birch-academy/questions/new"
    answer = first_form(bea, path, kind="question", details="About the head teacher", is_confidential="y")
    assert answer.status_code == 200
    [case] = cases(database)
    with database.session() as session, every_tenant(session, "tests"):
        assert session.get_one(Tenant, case.tenant_id).kind == "service"
        birch = session.scalars(select(Tenant.id).where(Tenant.slug == "birch-academy")).one()
        lines = session.scalars(select(AuditEntry.kind).where(AuditEntry.tenant_id == birch)).all()
        told = set(session.scalars(select(Letter.recipient).where(Letter.tenant_id == case.tenant_id)))
    assert "case.opened" not in lines
    assert cast["devi"].email in told
    assert cast["tom"].email not in told
    assert case.reference not in staff.client("tom").get("/school/rowan/cases").get_data(as_text=True)
    assert staff.client("tom").get(f"/school/rowan/cases/{case.reference}").status_code == 404
    assert case.reference in staff.client("devi").get("/central/cases").get_data(as_text=True)


def test_an_open_question_stands_in_the_shared_inbox_and_waits_for_the_dpo(staff, database):
    ben = staff.client("ben")
    first_form(ben, f"{SCHOOL}/questions/new", kind="advice", details="A new app for homework")
    [case] = cases(database)
    assert case.waiting_for == "dpo"
    assert case.reference in ben.get(f"{SCHOOL}/cases").get_data(as_text=True)


def test_a_breach_runs_for_72_hours_from_awareness(client, database):
    path = "/schools/alder-primary/breach"
    yesterday = clock.today().replace(day=1) if clock.today().day > 1 else clock.today()
    values = {
        "details": "A list went to the wrong parent", "received_on": day_parts(yesterday), "received_time": "00:10",
        "requester_name": "Mo", "email": "mo@example.org",
    }  # fmt: skip
    answer = first_form(client, path, **values)
    assert answer.status_code == 200
    [case] = cases(database)
    assert (case.due_at - case.received_at).total_seconds() == 72 * 3600
    assert case.reference in answer.get_data(as_text=True)


def test_a_report_sent_again_shows_its_pin_again_for_a_while(client, database):
    """The answer may not have reached her; without an e-mail address the PIN is all she can follow the report with."""
    path, pin = "/schools/alder-primary/breach", re.compile(r"\b\w{4}-\w{4}-\w{4}\b")
    day = clock.today() - timedelta(days=1)
    values = {
        "details": "A bag was stolen",
        "received_on": day_parts(day),
        "received_time": "00:10",
        "requester_name": "Mo",
    }
    page = client.get(path).get_data(as_text=True)
    data = MultiDict([*hidden_fields(page).items(multi=True), *values.items()])
    data.setlist("received_on", day_parts(day))
    first, again = (client.post(path, data=data).get_data(as_text=True) for _ in range(2))
    assert pin.findall(first)
    assert pin.findall(again) == pin.findall(first)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        late = client.post(path, data=data)
    assert not pin.search(late.get_data(as_text=True))
    assert len(cases(database)) == 1
    with database.transaction() as session, every_tenant(session, "tests"):
        assert " " in session.scalars(select(IdempotencyKey.result).where(IdempotencyKey.key == data["key"])).one()
        tidy(session, now=clock.now() + timedelta(hours=1))
    with database.session() as session:
        assert session.scalars(select(IdempotencyKey.result).where(IdempotencyKey.key == data["key"])).one().isdecimal()
    assert client.post(path, data=data).status_code == 200


def test_the_table_is_for_leaders_and_holds_no_formula(staff, database):
    ben, asha = staff.client("ben"), staff.client("asha")
    values = call(requester_name="=cmd()")
    page = first_form(ben, f"{SCHOOL}/cases/new", **values).get_data(as_text=True)
    ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page))
    assert ben.get(f"{SCHOOL}/cases/export.csv").status_code == 403
    answer = asha.get(f"{SCHOOL}/cases/export.csv")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert rows[0][0] == "Reference"
    assert rows[1][3] == "'=cmd()"
    with database.session() as session, every_tenant(session, "tests"):
        assert "export.made" in session.scalars(select(AuditEntry.kind)).all()


def test_a_confirmation_that_nobody_sends_is_not_called_on_its_way(staff):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call(email="", telephone="01632 960001")).get_data(as_text=True)
    told = ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page), follow_redirects=True).get_data(as_text=True)
    assert "on its way" not in told
    assert "print the confirmation" in told


def test_the_dpo_team_answers_and_closes_what_it_was_asked(staff, database):
    ben, devi = staff.client("ben"), staff.client("devi")
    first_form(ben, f"{SCHOOL}/questions/new", kind="question", details="May we use this app?")
    [case] = cases(database)
    path = f"/central/cases/{case.reference}"
    page = devi.get(path).get_data(as_text=True)
    assert f"{path}/letters/message" in page
    assert "Papers to the DPO" not in page
    form = hidden_fields(devi.get(f"{path}/letters/message").get_data(as_text=True))
    form["body"] = "Yes, with these settings."
    assert devi.post(f"{path}/letters/message", data=form).status_code == 302
    assert devi.get(f"{path}/closure").status_code == 200


def test_the_dpo_team_still_only_advises_on_a_request(staff, database):
    ben, devi = staff.client("ben"), staff.client("devi")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call()).get_data(as_text=True)
    ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page))
    [case] = cases(database)
    assert devi.get(f"/central/cases/{case.reference}/letters/message").status_code == 403


def test_a_request_that_turns_out_to_be_a_breach_is_asked_for_its_hour(staff, database):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call(received_on=day_parts(clock.today() - timedelta(days=2))))
    ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page.get_data(as_text=True)))
    [case] = cases(database)
    path = f"{SCHOOL}/cases/{case.reference}/kind"
    form = {**hidden_fields(ben.get(path).get_data(as_text=True)).to_dict(), "kind": "breach"}
    refused = ben.post(path, data=form)
    assert refused.status_code == 422
    assert "the 72 hours count from then" in refused.get_data(as_text=True)
    assert ben.post(path, data={**form, "received_time": "25:99"}).status_code == 422
    assert ben.post(path, data={**form, "received_time": "08:30"}).status_code == 302
    [case] = cases(database)
    assert clock.london(case.received_at).strftime("%H:%M") == "08:30"
    assert case.due_at - case.received_at == timedelta(hours=72)


def test_a_mistyped_address_is_put_right_and_both_are_told(staff, database):
    ben = staff.client("ben")
    page = first_form(ben, f"{SCHOOL}/cases/new", **call(email="oma.kein@example.org")).get_data(as_text=True)
    ben.post(f"{SCHOOL}/cases/new", data=hidden_fields(page))
    [case] = cases(database)
    path = f"{SCHOOL}/cases/{case.reference}/contact"
    assert path in ben.get(f"{SCHOOL}/cases/{case.reference}").get_data(as_text=True)
    form = {**hidden_fields(ben.get(path).get_data(as_text=True)).to_dict(), "telephone": "01632 960001"}
    assert ben.post(path, data={**form, "email": "no address"}).status_code == 422
    assert ben.post(path, data={**form, "email": "oma.klein@example.org"}).status_code == 302
    [case] = cases(database)
    assert (case.contact_email, case.contact_telephone) == ("oma.klein@example.org", "01632 960001")
    with database.session() as session, every_tenant(session, "tests"):
        letters = session.execute(select(Letter.recipient, Letter.body).where(Letter.kind.like("requester.%"))).all()
    last = dict(tuple(letter) for letter in letters)
    assert "another address" in last["oma.kein@example.org"]
    assert "/requests/" in last["oma.klein@example.org"]
    assert "oma.klein" not in last["oma.kein@example.org"]
    assert "Put right how the requester can be reached" in ben.get(f"{SCHOOL}/cases/{case.reference}").text
    assert staff.client("gus").get(path).status_code == 403
    assert staff.client("devi").get(path.replace(SCHOOL, "/central")).status_code == 403
