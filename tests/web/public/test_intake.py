"""A parent asks, checks, sends once, and follows the request."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from portal.casework import requester
from portal.casework.models import Attachment, Case, CaseKind, FileRemoval, IntakeDraft, WantedCode
from portal.casework.tidying import tidy
from portal.casework.wanted import send_wanted_codes
from portal.core import clock
from portal.outbox.models import Letter
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.incidents.requests_made import ask
from tests.tools.statements import statements

SCHOOL = "/schools/alder-primary/requests"
PRIYA = {
    "start": {"goal": "see"},
    "kind": {"kind": "access"},
    "who": {"relationship": "child"},
    "person": {"subject_name": "Anil Patel", "connection": "mother", "responsibility": "yes"},
    "details": {"details": "E-mails about Anil"},
    "name": {"requester_name": "Priya Patel"},
    "contact": {"email": "priya@example.org"},
    "answer": {"answer_form": "any"},
}


def post(client, path, **values):
    form_page = path.split("?")[0]
    return client.post(path, data={"csrf_token": csrf_token(client, form_page), **values})


def fill_in(client, answers, base=SCHOOL):
    where = f"{base}/start"
    while not where.endswith("/check"):
        step = where.rpartition("/")[2]
        answer = post(client, where, **answers[step])
        assert answer.status_code == 302, answer.get_data(as_text=True)
        where = answer.location
    return where


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page).group(1)


def send(client):
    page = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    values = {name: hidden(page, name) for name in ("csrf_token", "key", "seen")}
    return client.post(f"{SCHOOL}/check", data=values), values


def cases(database):
    with database.session() as session, every_tenant(session, "tests"):
        return list(session.scalars(select(Case).order_by(Case.id)))


def mail_to(database, address):
    with database.session() as session, every_tenant(session, "tests"):
        return list(session.scalars(select(Letter).where(Letter.recipient == address).order_by(Letter.id)))


def link_in(letter):
    return re.search(r"http://localhost:8000(/requests/\S+)", letter.body).group(1)


def test_a_parent_asks_to_see_information_and_gets_a_reference_and_a_date(client, database):
    fill_in(client, PRIYA)
    check = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    assert "Anil Patel" in check
    assert "priya@example.org" in check
    answer, _ = send(client)
    page = client.get(answer.location).get_data(as_text=True)
    [case] = cases(database)
    assert case.reference in page
    assert "One month" in page
    assert (case.kind, case.subject_name, case.relationship) == (CaseKind.ACCESS, "Anil Patel", "child")


@pytest.mark.parametrize("typed", ["   ", "\u3000"])
def test_a_name_of_spaces_is_missing_and_the_page_says_so(client, typed):
    steps = {**PRIYA, "name": {"requester_name": typed}}
    with pytest.raises(AssertionError, match="Enter your name"):
        fill_in(client, steps)


@pytest.mark.parametrize("typed", ["o’brien@example.org", "josé@example.org", "a@b", "a@example.org, b@example.org"])
def test_an_address_that_no_letter_would_reach_is_refused(client, typed):
    with pytest.raises(AssertionError, match="Enter an e-mail address like"):
        fill_in(client, {**PRIYA, "contact": {"email": typed}})


def test_pressing_send_again_makes_no_second_request(client, database):
    fill_in(client, PRIYA)
    answer, values = send(client)
    again = client.post(f"{SCHOOL}/check", data=values)
    assert again.location == answer.location
    assert len(cases(database)) == 1
    assert len(mail_to(database, "priya@example.org")) == 1


def test_the_same_key_with_other_answers_is_refused(client, database):
    fill_in(client, PRIYA)
    _, values = send(client)
    fill_in(client, {**PRIYA, "name": {"requester_name": "Somebody Else"}})
    page = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    mixed = {**values, "seen": hidden(page, "seen"), "csrf_token": hidden(page, "csrf_token")}
    assert client.post(f"{SCHOOL}/check", data=mixed).status_code == 409
    assert len(cases(database)) == 1


def test_only_what_was_shown_is_sent(client, database):
    fill_in(client, PRIYA)
    page = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    values = {name: hidden(page, name) for name in ("csrf_token", "key", "seen")}
    post(client, f"{SCHOOL}/name?check=1", requester_name="Changed in another window")
    answer = client.post(f"{SCHOOL}/check", data=values)
    assert answer.status_code == 409
    assert "Changed in another window" in answer.get_data(as_text=True)
    assert not cases(database)


def test_half_filled_answers_wait_encrypted_and_a_change_returns_to_the_check(client, database):
    fill_in(client, PRIYA)
    with database.session() as session, every_tenant(session, "tests"):
        [draft] = session.scalars(select(IntakeDraft))
        assert b"Anil" not in draft.answers
    assert "Priya Patel" in client.get(f"{SCHOOL}/name").get_data(as_text=True)
    assert post(client, f"{SCHOOL}/name?check=1", requester_name="P. Patel").location.endswith("/check")
    other = client.application.test_client()
    assert other.get(f"{SCHOOL}/check").location.endswith("/start")


def test_who_changes_the_kind_at_the_end_is_asked_what_that_kind_wants_to_know(client, database):
    fill_in(client, {**PRIYA, "details": {"details": ""}})
    where = post(client, f"{SCHOOL}/start?check=1", goal="complain").location
    assert where.endswith("/details")
    assert "head teacher" in client.get(where).get_data(as_text=True)
    assert client.get(f"{SCHOOL}/check").location.endswith("/details")
    assert "Tell us a little about it." in post(client, where, details="").get_data(as_text=True)
    assert post(client, where, details="My e-mail was read out", about_head="y").location.endswith("/check")
    send(client)
    [case] = cases(database)
    assert (case.kind, case.details, case.is_limited) == (CaseKind.COMPLAINT, "My e-mail was read out", True)


def test_who_changes_whom_it_is_about_is_asked_about_a_child_and_takes_nothing_else_along(client, database):
    person = {"subject_name": "Kit Doe", "connection": "solicitor", "authority": "A signed letter"}
    fill_in(client, {**PRIYA, "who": {"relationship": "other"}, "person": person})
    where = post(client, f"{SCHOOL}/who?check=1", relationship="child").location
    assert where.endswith("/person")
    assert "parental responsibility" in client.get(where).get_data(as_text=True)
    values = {"subject_name": "Kit Doe", "connection": "mother", "responsibility": "yes"}
    assert "A signed letter" not in client.get(post(client, where, **values).location).get_data(as_text=True)
    send(client)
    [case] = cases(database)
    assert "authority" not in case.answers
    assert case.answers["responsibility"] == "yes"


def test_without_an_email_address_the_pin_opens_the_private_page(client, database):
    fill_in(client, {**PRIYA, "contact": {"telephone": "01632 960001", "email": ""}})
    answer, _ = send(client)
    page = client.get(answer.location).get_data(as_text=True)
    pin = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page).group()
    link = re.search(r"/requests/[\w-]{32}", page).group()
    door = client.get(link).get_data(as_text=True)
    assert "Alder" not in door
    assert "Anil" not in door
    assert post_to(client, link, f"{link}/admission", code="1111-1111-1111").status_code == 422
    post_to(client, link, f"{link}/admission", code=pin)
    assert "Anil Patel" in client.get(link).get_data(as_text=True)


def post_to(client, form_page, path, **values):
    return client.post(path, data={"csrf_token": csrf_token(client, form_page), **values})


def open_private_page(client, database):
    fill_in(client, PRIYA)
    send(client)
    link = link_in(mail_to(database, "priya@example.org")[0])
    post_to(client, link, f"{link}/codes")
    code = re.search(r"\b\d{6}\b", mail_to(database, "priya@example.org")[-1].body).group()
    assert post_to(client, link, f"{link}/admission", code=code).status_code == 302
    return link


def test_the_link_shows_nothing_until_the_code_is_given(client, database):
    link = open_private_page(client, database)
    stranger = client.application.test_client()
    assert "Anil" not in stranger.get(link).get_data(as_text=True)
    page = client.get(link).get_data(as_text=True)
    assert "Anil Patel" in page
    assert "Thank you. Alder Primary School received your request" in page


def test_an_unknown_link_is_a_404_however_it_is_used(client):
    unknown = "/requests/" + "x" * 32
    assert client.get(unknown).status_code == 404
    token = csrf_token(client, f"{SCHOOL}/start")
    for part in ("codes", "admission", "messages", "withdrawal"):
        assert client.post(f"{unknown}/{part}", data={"csrf_token": token}).status_code == 404


def test_the_requester_writes_and_withdraws(client, database):
    link = open_private_page(client, database)
    page = client.get(link).get_data(as_text=True)
    values = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "body": "I forgot: also May"}
    for _ in range(2):
        client.post(f"{link}/messages", data=values)
    page = client.get(link).get_data(as_text=True)
    assert page.count("I forgot: also May") == 1
    post_to(client, f"{link}/withdrawal", f"{link}/withdrawal")
    assert "You withdrew your request" in client.get(link).get_data(as_text=True)
    [case] = cases(database)
    assert case.outcome == "withdrawn"


def test_leaving_the_private_page_closes_it_on_this_device(client, database):
    link = open_private_page(client, database)
    post_to(client, link, f"{link}/leaving")
    assert "Anil" not in client.get(link).get_data(as_text=True)


def test_too_many_codes_are_refused_with_a_clear_page(client, database):
    fill_in(client, PRIYA)
    send(client)
    link = link_in(mail_to(database, "priya@example.org")[0])
    answers = [post_to(client, link, f"{link}/codes") for _ in range(6)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("goal", "kind"),
    [
        ("see", "access"), ("see", "record"), ("see", "portability"), ("see", "retention"), ("see", "foi"),
        ("wrong", "rectification"), ("wrong", "restriction"), ("wrong", "automated"), ("stop", "consent"),
        ("stop", "erasure"), ("stop", "objection"), ("complain", "complaint"), ("else", "question"),
    ],
)  # fmt: skip
def test_every_kind_can_be_asked_for(client, database, goal, kind):
    fill_in(client, {**PRIYA, "start": {"goal": goal}, "kind": {"kind": kind}})
    answer, _ = send(client)
    assert client.get(answer.location).status_code == 200
    assert [case.kind.value for case in cases(database)] == [kind]


def test_an_academy_is_not_asked_for_the_educational_record(client):
    base = "/schools/birch-academy/requests"
    post(client, f"{base}/start", goal="see")
    page = client.get(f"{base}/kind").get_data(as_text=True)
    assert 'value="access"' in page
    assert 'value="record"' not in page
    assert post(client, f"{base}/kind", kind="record").status_code == 422


@pytest.mark.parametrize(
    ("step", "values", "said"),
    [
        ("start", {}, "Choose what you would like to happen."),
        ("start", {"goal": "nonsense"}, "Choose one of the answers."),
        ("name", {"requester_name": "a\u202eb"}, "invisible character"),
        ("name", {"requester_name": "x\x07y"}, "cannot be used"),
        ("name", {"requester_name": "x" * 100_000}, "too long"),
        ("contact", {"email": "", "telephone": ""}, "Give one way to reach you"),
        ("contact", {"email": "not an address"}, "Enter an e-mail address"),
        ("contact", {"telephone": "ring me"}, "Enter a telephone number"),
        ("person", {"subject_name": ""}, "Enter their full name."),
    ],
)
def test_a_bad_answer_is_said_beside_the_question_and_what_was_typed_is_kept(client, step, values, said):
    fill_in(client, PRIYA)
    answer = post(client, f"{SCHOOL}/{step}", **values)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert said in page


def test_a_form_without_its_token_changes_nothing(client, database):
    fill_in(client, PRIYA)
    page = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    answer = client.post(f"{SCHOOL}/check", data={"key": hidden(page, "key"), "seen": hidden(page, "seen")})
    assert answer.status_code == 400
    with database.session() as session, every_tenant(session, "tests"):
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_every_page_of_the_form_links_the_privacy_notice(client):
    fill_in(client, PRIYA)
    for step in (*PRIYA, "check"):
        assert 'href="/privacy"' in client.get(f"{SCHOOL}/{step}").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/schools/nowhere/requests/start", "/schools/rowan/requests/start"])
def test_only_schools_can_be_asked(client, path):
    assert client.get(path).status_code == 404


def test_reference_and_pin_open_the_request_without_the_link(client, database):
    fill_in(client, {**PRIYA, "contact": {"telephone": "01632 960001", "email": ""}})
    answer, _ = send(client)
    page = client.get(answer.location).get_data(as_text=True)
    pin = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page).group()
    [case] = cases(database)
    typed = case.reference.replace("-", " ").lower()
    opened = post(client, "/requests", reference=typed, code=pin.lower())
    assert "Anil Patel" in client.get(opened.location).get_data(as_text=True)


def test_a_reference_tells_nothing_to_a_guesser(client, database, settings):
    fill_in(client, PRIYA)
    send(client)
    [case] = cases(database)
    answers = []
    for reference in (case.reference, "0000-0000"):
        tried = post(client, "/requests", reference=reference, code="123456")
        asked = post(client, "/requests", reference=reference, send="yes")
        told = client.get("/requests").get_data(as_text=True)
        answers.append((tried.status_code, asked.status_code, "If there is such a request" in told))
    assert answers[0] == answers[1] == (422, 302, True)
    send_wanted_codes(settings, database)
    assert len(mail_to(database, "priya@example.org")) == 2


@pytest.mark.parametrize("fields", [{"send": "yes"}, {"code": "12345678"}, {"code": "BCDF-2345-GHJK"}])
@pytest.mark.parametrize("facts", [{}, {"email": "", "address": "1 Lane"}, {"email": "", "telephone": "01632 960001"}])
def test_known_and_unknown_references_cost_the_same_work(app, database, settings, monkeypatch, fields, facts):
    hashes = []
    monkeypatch.setattr(requester, "password_matches", lambda *typed: bool(hashes.append(typed)))
    known = ask(database, settings, **facts).case.reference
    work = []
    for reference in ("BCDF-2345", known, "QQWW-2233"):
        client = app.test_client()
        data = {"csrf_token": csrf_token(client, "/requests"), "reference": reference, **fields}
        hashes.clear()
        with statements(database) as seen:
            answer = client.post("/requests", data=data)
        work.append((answer.status_code, len(seen), len(hashes)))
    assert work[1] == work[2]
    assert work[1][2] == (0 if "send" in fields else 1)


def test_a_code_asked_for_by_reference_is_sent_once_and_not_when_it_waited_too_long(client, database, settings):
    fill_in(client, PRIYA)
    send(client)
    [case] = cases(database)
    post(client, "/requests", reference=case.reference, send="yes")
    for _ in range(2):
        send_wanted_codes(settings, database)
    assert len(mail_to(database, "priya@example.org")) == 2
    post(client, "/requests", reference=case.reference, send="yes")
    with database.transaction() as session:
        session.execute(update(WantedCode).values(asked_at=clock.now() - timedelta(minutes=11)))
    send_wanted_codes(settings, database)
    assert len(mail_to(database, "priya@example.org")) == 2


def test_files_are_added_on_the_private_page_and_only_there(client, database):
    link = open_private_page(client, database)
    page = client.get(link).get_data(as_text=True)
    for content, status in ((b"%PDF-1.7\n1 0 obj\n%%EOF\n", 302), (b"", 422)):
        page = client.get(link).get_data(as_text=True)
        data = {
            "csrf_token": hidden(page, "csrf_token"),
            "key": re.findall(r'name="key" value="([^"]*)"', page)[1],
            "files": [(io.BytesIO(content), "../../pass\u202eport.pdf")],
        }
        assert client.post(f"{link}/files", data=data).status_code == status
    page = client.get(link).get_data(as_text=True)
    assert "passport.pdf" in page
    assert "Not checked for viruses" in page
    address = re.search(rf"{link}/files/\d+", page).group()
    answer = client.get(address)
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.application.test_client().get(address).location == link


def attach(client, *files, **values):
    page = "/schools/alder-primary/requests/details"
    data = {"csrf_token": csrf_token(client, page), "details": "The letters", "files": list(files), **values}
    return client.post(page, data=data, content_type="multipart/form-data")


def test_files_are_added_shown_removed_and_sent_with_the_request(client, database):
    fill_in(client, PRIYA)
    refused = attach(client, (io.BytesIO(b"MZ\x90"), "virus.exe"))
    assert refused.status_code == 422
    assert "virus.exe: This kind of file is not taken" in refused.text
    assert "The letters" in refused.text
    two = [(io.BytesIO(b"one"), "first.txt"), (io.BytesIO(b"two"), "second.txt")]
    assert attach(client, *two).status_code == 302
    assert attach(client, (io.BytesIO(b"one"), "first.txt")).status_code == 302, "the same file again is no second file"
    page = client.get("/schools/alder-primary/requests/details").text
    assert page.count('name="remove"') == 2
    number = re.search(r'second.txt</bdi> <button[^>]*value="(\d+)"', page).group(1)
    assert attach(client, remove=number).status_code == 302
    check = client.get("/schools/alder-primary/requests/check").text
    assert "first.txt" in check
    assert "second.txt" not in check
    send(client)
    with database.session() as session, every_tenant(session, "tests"):
        [row] = session.scalars(select(Attachment).where(Attachment.name == "first.txt"))
        assert row.case_id is not None
        assert row.draft_id is None
        [gone] = session.scalars(select(FileRemoval))
        assert gone.storage_name != row.storage_name


def test_the_page_with_files_is_sent_again_without_choosing_any(client, database):
    fill_in(client, PRIYA)
    attach(client, (io.BytesIO(b"one"), "letter.txt"))
    for files in ([], [(io.BytesIO(b""), "")]):
        assert attach(client, *files).location.endswith("/check")
    send(client)
    with database.session() as session, every_tenant(session, "tests"):
        assert [row.name for row in session.scalars(select(Attachment))] == ["letter.txt"]


def test_files_of_a_request_that_was_never_sent_go_after_a_day(client, database):
    fill_in(client, PRIYA)
    attach(client, (io.BytesIO(b"one"), "first.txt"))
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        with database.transaction() as session, every_tenant(session, "tests"):
            tidy(session, now=clock.now())
        with database.session() as session, every_tenant(session, "tests"):
            assert session.scalars(select(Attachment)).all() == []
            assert len(session.scalars(select(FileRemoval)).all()) == 1


def test_whoever_goes_back_after_sending_is_told_that_it_went(client, database):
    fill_in(client, PRIYA)
    send(client)
    [case] = cases(database)
    page = client.get(f"{SCHOOL}/start").get_data(as_text=True)
    assert case.reference in page
    assert f'href="{SCHOOL}/sent"' in page
    assert client.get(f"{SCHOOL}/contact").location.endswith(f"{SCHOOL}/start")
    post(client, f"{SCHOOL}/start", goal="see")
    assert case.reference not in client.get(f"{SCHOOL}/start").get_data(as_text=True)


def test_no_two_questions_have_the_same_heading(client):
    fill_in(client, PRIYA)
    headings = []
    for step in PRIYA:
        page = client.get(f"{SCHOOL}/{step}").get_data(as_text=True)
        headings.append(re.sub(r"<[^>]+>|\s+", " ", re.search(r"<h1.*?</h1>", page, re.DOTALL).group()).strip())
    assert len(set(headings)) == len(PRIYA), headings


@pytest.mark.parametrize("path", ["requests/start", "breach"])
def test_a_real_school_takes_nothing_in_a_demonstration_and_says_where_to_turn(client, database, path):
    with database.transaction() as session:
        service(session).is_demonstration = True
    page = client.get(f"/schools/st-thomas-of-canterbury/{path}").get_data(as_text=True)
    assert "Nobody at the school reads what is sent here" in page
    assert "mailto:admin@stthomasjnr.essex.sch.uk" in page
    assert '<form method="post"' not in page
    sent = {"csrf_token": csrf_token(client, f"{SCHOOL}/start"), "goal": "see", "details": "x", "requester_name": "y"}
    client.post(f"/schools/st-thomas-of-canterbury/{path}", data=sent)
    assert cases(database) == []
    with database.session() as session, every_tenant(session, "tests"):
        assert session.scalar(select(func.count()).select_from(IntakeDraft)) == 0
    assert "What would you like to happen?" in client.get(f"{SCHOOL}/start").get_data(as_text=True)


def test_who_complains_about_the_head_is_told_where_it_goes(client):
    complaint = {**PRIYA, "start": {"goal": "complain"}}
    complaint.pop("kind", None)
    complaint["details"] = {"details": "She read my letter aloud.", "about_head": "y"}
    fill_in(client, complaint)
    page = client.get(f"{SCHOOL}/check").get_data(as_text=True)
    assert "chair of governors or the trust" in page
    assert "This goes to Alder Primary School" not in page


def test_what_is_sent_after_the_answers_have_ended_is_kept(client, database):
    steps = ("start", "kind", "who", "person")
    for step in steps:
        post(client, f"{SCHOOL}/{step}", **PRIYA[step])
    page = f"{SCHOOL}/details"
    data = {"csrf_token": csrf_token(client, page), "details": "A long text about the trip"}
    with database.transaction() as session, every_tenant(session, "tests"):
        session.execute(update(IntakeDraft).values(expires_at=clock.now() - timedelta(minutes=1)))
    assert "have ended" in client.post(page, data=data, follow_redirects=True).get_data(as_text=True)
    for step in steps:
        post(client, f"{SCHOOL}/{step}", **PRIYA[step])
    assert "A long text about the trip" in client.get(page).get_data(as_text=True)


def test_the_family_is_not_shown_what_staff_have_to_mind(client):
    fill_in(client, PRIYA)
    answer, _ = send(client)
    page = client.get(answer.location).get_data(as_text=True)
    assert "Tell the requester" not in page
    assert "Aim for" not in page
