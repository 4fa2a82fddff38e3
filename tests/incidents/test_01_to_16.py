"""What happened to others (reliability, section 3), one test each: reading what is another's, and losing work."""

import json
import re
import threading
from html import escape

import pytest
from sqlalchemy import func, select, update

from portal.audit.models import AuditEntry
from portal.casework.models import Attachment, Case, CaseReader, CaseStatus
from portal.core import clock
from portal.core.database import Database
from portal.identity.models import Person
from portal.identity.queries import actor_for
from portal.lifecycle.schools import SchoolDetails, change_school
from portal.outbox.delivery import FolderMailer
from portal.outbox.models import Letter, LetterStatus
from portal.tenancy.actions import add_tenant
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import every_tenant
from portal.web.door import Audience, Needs
from portal.worker import deliver
from tests.incidents.requests_made import ALDER, ask, attach, case_addresses, hidden, token
from tests.tools.statements import statements

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
FACTS = f"{ALDER}/school/facts"
CLAUSE = f"{ALDER}/notice/clauses/information.held"


def change(database, statement):
    with database.transaction() as session, every_tenant(session, "tests"):
        session.execute(statement, execution_options={"synchronize_session": False})


def look(database, statement):
    with database.session() as session, every_tenant(session, "tests"):
        return session.scalars(statement).all()


def limit_to_asha(database, reference):
    with database.transaction() as session, every_tenant(session, "tests"):
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        case.is_limited = True
        asha = session.scalars(select(Person.id).where(Person.email.like("asha@%"))).one()
        session.add(CaseReader(tenant_id=case.tenant_id, case_id=case.id, person_id=asha))


def test_incident_01_every_method_of_a_route_is_closed_not_only_the_one_that_was_found(app, staff, database, settings):
    opened = ask(database, settings, slug="birch-academy")
    asha = staff.client("asha")
    kept = token(asha)
    for method, path in case_addresses(app, opened.case.reference, 1):
        answer = asha.open(path, method=method, data={"csrf_token": kept} if method == "POST" else None)
        assert answer.status_code == 404, (method, path)


def test_incident_02_one_allowed_and_one_foreign_value_do_not_leak_the_foreign(staff, database, settings):
    own, foreign = ask(database, settings), ask(database, settings, slug="birch-academy")
    asha = staff.client("asha")
    page = asha.get(f"{ALDER}/cases").get_data(as_text=True)
    person = re.search(r'name="person".*?<option value="(\d+)"', page, re.DOTALL).group(1)
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "person": person,
        "cases": [own.case.reference, foreign.case.reference],
    }
    answer = asha.post(f"{ALDER}/cases/assignments", data=data, follow_redirects=True)
    assert foreign.case.reference not in answer.text
    assigned = look(database, select(Case.assignee_id).where(Case.reference == foreign.case.reference))
    assert assigned == [None]


def test_incident_03_foreign_and_absent_answer_and_work_alike(staff, database, settings):
    foreign = ask(database, settings, slug="birch-academy").case.reference
    asha = staff.client("asha")
    asha.get(f"{ALDER}/cases/ZZZZ-ZZZZ")
    answers = []
    for reference in ("ZZZZ-ZZZZ", foreign):
        with statements(database) as work:
            answer = asha.get(f"{ALDER}/cases/{reference}")
        headers = {name: value for name, value in answer.headers if name != "X-Request-Id"}
        answers.append((answer.status_code, answer.data, headers, len(work)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("magic", ["-1", "0", "*", "%", "null", "all", "9223372036854775808", "''", "%00", "..", "1e9"])
def test_incident_04_no_magic_identifier_means_everything(staff, database, settings, magic):
    reference = ask(database, settings).case.reference
    asha = staff.client("asha")
    for path in (f"{ALDER}/cases/{magic}", f"{ALDER}/cases/{reference}/files/{magic}", f"/school/{magic}/cases"):
        assert asha.get(path).status_code in {308, 400, 404}, path


CANARY = "canaryword"


def seen(app, client, reference, number, base, door):
    """Every address at which this person sees something of the case: its own, and the lists and calendar that name it.

    Returns the case's own, which must become absent, and the others, which must forget it.
    """
    own = [(method, path) for method, path in case_addresses(app, reference, number, base) if method == "GET"]
    own += [("GET", f"{base}/cases/{reference}/letters/{letter}") for letter in range(1, 12)]
    others = [f"{door}/cases{more}" for more in ("", f"?q={CANARY}", f"?q={reference}", "/export.csv")]
    others += [f"{door}/today", f"{door}/audit", f"{door}/audit.csv", feed(client, door)]
    answers = {path: client.get(path, buffered=True) for _, path in own}
    shown = [path for path, answer in answers.items() if answer.status_code == 200]
    assert f"{base}/cases/{reference}" in shown
    assert any("/letters/" in path for path in shown)
    assert reference in client.get(others[0]).text
    assert reference in client.get(others[-1]).text.replace("\r\n ", "")
    return shown, others


def feed(client, door):
    page = client.get(f"{door}/cases/calendar").text
    page = client.post(f"{door}/cases/calendar", data={"csrf_token": hidden(page, "csrf_token")}).text
    return re.search(r"http://localhost:8000(/calendars/[^<\s]+)", page).group(1)


def assert_gone(client, reference, addresses):
    own, others = addresses
    for path in own:
        answer = client.get(path, buffered=True)
        assert answer.status_code == 404, path
        assert CANARY not in answer.text, path
    kept = token(client)
    for path in own:
        assert client.post(path, data={"csrf_token": kept}).status_code in {403, 404, 405}, path
    for path in others:
        text = client.get(path, buffered=True).text.replace("\r\n ", "")
        assert CANARY not in text.replace(f"q={CANARY}", "").replace(f'value="{CANARY}"', ""), path
        assert reference not in text.replace(f"q={reference}", "").replace(f'value="{reference}"', ""), path


def with_canaries(database, settings, slug):
    opened = ask(
        database, settings, slug=slug, requester_name=f"Priya {CANARY}", details=f"about {CANARY}", subject_name=CANARY,
        contact_notes=CANARY, address=f"{CANARY} road", telephone="01632 960001",
    )  # fmt: skip
    return opened, attach(database, settings, opened.case.reference, name=f"{CANARY}.pdf")


def test_incident_05_what_was_seen_before_is_closed_with_the_case(app, staff, database, settings):
    """Record every address while it was open; limit, close and delete the case; replay them all at each step."""
    opened, number = with_canaries(database, settings, "alder-primary")
    reference = opened.case.reference
    asha, ben = staff.client("asha"), staff.client("ben")
    of_ben, of_asha = (seen(app, client, reference, number, ALDER, ALDER) for client in (ben, asha))
    limit_to_asha(database, reference)
    assert_gone(ben, reference, of_ben)
    assert asha.get(f"{ALDER}/cases/{reference}").status_code == 200
    closed = {"status": CaseStatus.CLOSED, "outcome": "answered", "closed_at": clock.now()}
    change(database, update(Case).where(Case.reference == reference).values(closed))
    assert_gone(ben, reference, of_ben)
    page = asha.get(f"{ALDER}/cases/{reference}/purge").text
    data = {name: hidden(page, name) for name in ("csrf_token",)}
    assert asha.post(f"{ALDER}/cases/{reference}/purge", data=data).status_code == 302
    for client, addresses in ((ben, of_ben), (asha, of_asha)):
        assert_gone(client, reference, addresses)
    parent = app.test_client()
    for path in (opened.link, f"{opened.link}/files/{number}", f"{opened.link}/withdrawal"):
        assert CANARY not in parent.get(path, follow_redirects=True).text


def test_incident_05_a_school_that_changes_its_trust_takes_its_requests_with_it(app, staff, database, settings):
    """The trust it leaves sees nothing of them any more at any address it had; the trust it joins sees them."""
    opened, number = with_canaries(database, settings, "birch-academy")
    reference = opened.case.reference
    tom = staff.client("tom")
    school, trust = "/school/birch-academy", "/school/rowan"
    at_school = seen(app, tom, reference, number, school, trust)
    at_trust = seen(app, tom, reference, number, trust, trust)
    with database.transaction() as session, every_tenant(session, "tests"):
        hazel = add_tenant(session, kind=TenantKind.TRUST, name="Hazel Trust", slug="hazel-trust", now=clock.now())
        session.flush()
        birch = session.scalars(select(Tenant).where(Tenant.slug == "birch-academy")).one()
        adi = actor_for(session, session.scalars(select(Person).where(Person.email.like("adi@%"))).one())
        change_school(session, adi, birch, SchoolDetails(birch.name, birch.law, "hazel-trust"), now=clock.now())
        joined = hazel.id
    for addresses in (at_school, at_trust):
        assert_gone(tom, reference, addresses)
    assert look(database, select(Case.trust_id).where(Case.reference == reference)) == [joined]


def test_incident_06_forms_and_prints_ask_the_same_question_as_their_case(app, staff, database, settings):
    reference = ask(database, settings, subject_name="Canary Child").case.reference
    limit_to_asha(database, reference)
    ben = staff.client("ben")
    for method, path in case_addresses(app, reference, 1):
        if method == "GET":
            assert "Canary" not in ben.get(path).text, path


def test_incident_07_no_private_link_stands_in_a_page_a_line_or_an_export(staff, database, settings, capfd):
    opened = ask(database, settings)
    secret = opened.link.rpartition("/")[2]
    asha, audrey = staff.client("asha"), staff.client("audrey")
    pages = [
        f"{ALDER}/cases",
        f"{ALDER}/cases/{opened.case.reference}",
        f"{ALDER}/cases/export.csv",
        f"{ALDER}/audit",
        f"{ALDER}/audit.csv",
    ]
    assert all(secret not in asha.get(page).text for page in pages)
    assert secret not in audrey.get("/central/operations").text
    lines = look(database, select(AuditEntry.details))
    assert secret not in json.dumps(lines)
    assert secret not in "".join(capfd.readouterr())


def test_incident_08_other_forms_of_a_page_are_as_private_as_the_page(app):
    policies = app.extensions["portal_policies"]
    forms = re.compile(r"\.(csv|pdf|json|ics|zip|docx|xml)$|/print|/export|/preview|/feed")
    for rule in app.url_map.iter_rules():
        if forms.search(rule.rule) and rule.endpoint != "static":
            policy = policies[rule.endpoint]
            assert policy.audience is Audience.PUBLIC or policy.may is not Needs.NOTHING, rule.rule


def test_incident_09_search_and_lists_find_nothing_of_others(staff, database, settings):
    ask(database, settings, slug="birch-academy", details="quizzical canary", requester_name="Quentin Canary")
    asha = staff.client("asha")
    for there, absent in (("quizzical", "qqqqqzzzz"), ("Quentin", "Qqqqqqq")):
        answers = [asha.get(f"{ALDER}/cases", query_string={"q": words}).text for words in (there, absent)]
        pages = [re.sub(r'name="csrf_token" value="[^"]*"', "", page) for page in answers]
        assert pages[0].replace(there, "") == pages[1].replace(absent, "")
    assert "Quentin" not in asha.get(f"{ALDER}/cases/export.csv").text


def test_incident_10_counts_and_presence_tell_nothing_of_others(staff, database, settings):
    own = ask(database, settings).case.reference
    asha = staff.client("asha")

    def numbers():
        page = asha.get(f"{ALDER}/cases").text
        return re.findall(r"\((\d+)\)", page)

    before = numbers()
    for _ in range(3):
        ask(database, settings, slug="birch-academy")
    assert numbers() == before
    staff.client("bea").get(f"{ALDER}/cases/{own}")
    assert "Bea" not in asha.get(f"{ALDER}/cases/{own}").text


def test_incident_11_bulk_preview_and_settings_addresses_ask_too(app, staff):
    """A governor who knows an address gets no further than one who does not; nothing changes."""
    gus = staff.client("gus")
    kept = token(gus)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/school/<slug>") and rule.arguments == {"slug"} and "POST" in rule.methods:
            answer = gus.post(rule.rule.replace("<slug>", "alder-primary"), data={"csrf_token": kept})
            assert answer.status_code == 403, rule.rule


PAYLOADS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "{{ 7*7 }}", "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>", "javascript:alert(1)", "&#60;script&#62;",
    '<a href="javascript:alert(1)">x</a>',
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_incident_12_what_others_typed_is_text_also_where_it_is_compared(staff, database, settings, payload):
    reference = ask(
        database, settings, requester_name=f"P {payload}"[:190], details=payload, subject_name=payload[:190]
    ).case.reference
    asha = staff.client("asha")
    for path in (f"{ALDER}/cases/{reference}", f"{ALDER}/cases", f"{ALDER}/cases/{reference}/letters/message"):
        page = asha.get(path).text
        assert payload not in page or payload == escape(payload, quote=True) or "<" not in payload
        assert "alert(1)</script>" not in page
        assert "49" not in re.findall(r"P (\S+)", page)
    page = asha.get(CLAUSE).text
    data = {name: hidden(page, name) for name in ("csrf_token", "base", "seen")}
    answer = asha.post(CLAUSE, data={**data, "text": f"A line with {payload} in it.", "do": "save"})
    assert "<script>alert" not in answer.text
    assert "onerror=alert(1)>" not in answer.text.replace(escape(payload), "")
    assert "<script>alert" not in asha.get(CLAUSE).text


def test_incident_13_a_second_tab_does_not_overwrite_the_first_in_silence(staff):
    asha = staff.client("asha")
    page = asha.get(CLAUSE).text
    data = {name: hidden(page, name) for name in ("csrf_token", "base", "seen")}
    assert asha.post(CLAUSE, data={**data, "text": "What the first tab says.", "do": "save"}).status_code in {200, 302}
    answer = asha.post(CLAUSE, data={**data, "text": "What the second tab says.", "do": "save"})
    assert answer.status_code == 409
    assert "What the first tab says." in answer.text
    assert "What the second tab says." in answer.text


def test_incident_14_files_are_private_from_the_first_moment_and_not_guessable(client, staff, database, settings):
    reference = ask(database, settings).case.reference
    number = attach(database, settings, reference)
    path = f"{ALDER}/cases/{reference}/files/{number}"
    assert client.get(path).status_code == 302
    assert staff.client("bea").get(path).status_code == 404
    answer = staff.client("asha").get(path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    names = look(database, select(Attachment.storage_name))
    assert all(len(name) >= 22 and "letter" not in name for name in names)


def letters_to_send(database, settings, number):
    ask(database, settings)
    waiting = look(database, select(func.count()).select_from(Letter).where(Letter.status == LetterStatus.WAITING))[0]
    assert waiting >= 1
    del number
    return waiting


def test_incident_15_work_that_is_handed_out_twice_has_one_effect(database, settings, tmp_path):
    """Two workers at the same moment: every letter leaves once, with the identity it was written with."""
    waiting = letters_to_send(database, settings, 1)
    sent = []

    class Counting(FolderMailer):
        def send(self, message, recipient):
            sent.append(message["Message-ID"])
            super().send(message, recipient)

    workers = [
        threading.Thread(target=deliver, args=(settings, Database(settings.database_url), Counting(tmp_path / "mail")))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(sent) == sorted(look(database, select(Letter.message_id).where(Letter.status == LetterStatus.SENT)))
    assert len(sent) == len(set(sent)) == waiting


def test_incident_16_a_worker_killed_between_sending_and_noting_repeats_with_the_same_identity(
    database, settings, tmp_path
):
    letters_to_send(database, settings, 1)
    seen = []

    class Killed(FolderMailer):
        def send(self, message, recipient):
            seen.append(message["Message-ID"])
            if len(seen) == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(settings, database, Killed(tmp_path))
    assert look(database, select(Letter.status).where(Letter.message_id == seen[0])) == [LetterStatus.SENDING]
    change(database, update(Letter).values(leased_until=clock.now()))
    while deliver(settings, database, Killed(tmp_path)):
        pass
    assert seen.count(seen[0]) == 2
    assert all(seen.count(name) == 1 for name in set(seen[1:]) - {seen[0]})
