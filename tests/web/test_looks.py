"""Whoever looks at what a school holds leaves a line: reads of evidence, visits, and looks across schools."""

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.casework.models import CaseMessage, IncomingMail
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.incidents.requests_made import ALDER, ask, attach, hidden
from tests.incidents.test_17_to_32 import mail, take_in
from tests.tools.statements import statements


@pytest.fixture
def world(database, settings, staff):
    """A request with a letter and a file, and a message in the tray: the numbers of each."""
    reference = ask(database, settings).case.reference
    number = attach(database, settings, reference)
    asha, path = staff.client("asha"), f"{ALDER}/cases/{reference}/letters/message"
    page = asha.get(path).text
    asha.post(path, data={**{name: hidden(page, name) for name in ("csrf_token", "key", "seen")}, "body": "We look."})
    take_in(database, settings, mail("Hello", "About a child"))
    with database.session() as session, every_tenant(session, "test"):
        letter = session.scalars(select(CaseMessage.id).order_by(CaseMessage.id.desc())).first()
        message = session.scalars(select(IncomingMail.id).order_by(IncomingMail.id.desc())).first()
    return {"case": reference, "file": number, "letter": letter, "mail": message}


def lines(database):
    with database.session() as session, every_tenant(session, "test"):
        found = session.execute(
            select(Tenant.slug, AuditEntry.kind, AuditEntry.subject_kind, AuditEntry.details)
            .join(Tenant, Tenant.id == AuditEntry.tenant_id)
            .order_by(AuditEntry.id)
        )
        return [(slug, kind, subject, details) for slug, kind, subject, details in found]


def left_by(database, client, path):
    """What a page view left: (whose trail, kind, on what, details)."""
    before = len(lines(database))
    answer = client.get(path)
    assert answer.status_code == 200, path
    answer.close()
    return lines(database)[before:]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("cases/{case}", "case.read"),
        ("cases/{case}/letters/{letter}", "case.read"),
        ("cases/{case}/letters/message", "case.read"),
        ("cases/{case}/closure", "case.read"),
        ("cases/{case}/kind", "case.read"),
        ("cases/{case}/limits", "case.read"),
        ("cases/{case}/arrivals/identity", "case.read"),
        ("cases/{case}/posted-code", "case.read"),
        ("cases/{case}/purge", "case.read"),
        ("cases/{case}/files/{file}", "file.read"),
        ("cases/mail/{mail}", "message.read"),
    ],
)
def test_reading_evidence_leaves_a_line_in_the_schools_trail(database, staff, world, page, kind):
    found = left_by(database, staff.client("asha"), f"{ALDER}/{page.format(**world)}")
    assert [(slug, line) for slug, line, _subject, _details in found] == [("alder-primary", kind)]


@pytest.mark.parametrize("page", ["cases", "cases?q=Priya", "cases/mail", "school", "people", "notice", "today"])
def test_whoever_visits_from_elsewhere_leaves_one_line_a_page(database, staff, world, page):
    found = left_by(database, staff.client("devi"), f"{ALDER}/{page}")
    assert [(slug, kind, subject) for slug, kind, subject, _details in found] == [
        ("alder-primary", "cross-tenant.read", "page")
    ]


def test_a_school_at_home_leaves_no_line_for_its_lists(database, staff, world):
    assert left_by(database, staff.client("asha"), f"{ALDER}/cases") == []


def test_a_trust_that_looks_over_its_schools_leaves_a_line(database, staff, world):
    found = left_by(database, staff.client("tom"), "/school/rowan/cases")
    assert [(slug, kind) for slug, kind, _subject, _details in found] == [("rowan", "cross-tenant.read")]


def test_a_trusts_lead_in_one_of_its_schools_is_a_visitor_there(database, staff, world):
    found = left_by(database, staff.client("tom"), "/school/birch-academy/cases")
    assert [(slug, kind) for slug, kind, _subject, _details in found] == [("birch-academy", "cross-tenant.read")]


def test_every_page_of_the_centre_that_reads_all_schools_names_itself_and_its_reason(app, database, staff, world):
    devi, policies = staff.client("devi"), app.extensions["portal_policies"]
    asked = 0
    for rule in app.url_map.iter_rules():
        policy = policies.get(rule.endpoint)
        if policy is None or not policy.cross_tenant or "GET" not in rule.methods or rule.arguments:
            continue
        before = len(lines(database))
        if devi.get(rule.rule).status_code != 200:
            continue
        found = [line for line in lines(database)[before:] if line[1] == "cross-tenant.read"]
        assert [(slug, details["reason"]) for slug, _kind, _subject, details in found] == [
            ("service", policy.cross_tenant)
        ], rule.rule
        asked += 1
    assert asked > 8


def test_looking_across_and_opening_a_request_leave_a_line_each_where_they_belong(database, staff, world):
    found = left_by(database, staff.client("devi"), f"/central/cases/{world['case']}/letters/{world['letter']}")
    assert [(slug, kind) for slug, kind, _subject, _details in found] == [
        ("service", "cross-tenant.read"),
        ("alder-primary", "case.read"),
    ]


def test_a_page_that_is_refused_leaves_no_line_of_a_look(database, staff, world):
    before = len(lines(database))
    assert staff.client("gus").get(f"{ALDER}/cases").status_code == 403
    assert staff.client("asha").get("/school/birch-academy/cases").status_code == 404
    assert len(lines(database)) == before


def test_a_look_stays_in_the_trail_when_what_was_sent_is_refused(database, staff, world):
    devi = staff.client("devi")
    path = f"/central/cases/{world['case']}/notes"
    token = csrf_token(devi, f"/central/cases/{world['case']}")
    before = len(lines(database))
    assert devi.post(path, data={"csrf_token": token, "note": ""}).status_code == 422
    assert [kind for _slug, kind, _subject, _details in lines(database)[before:]] == ["cross-tenant.read"]


def test_a_look_costs_one_line_and_public_pages_none(database, staff, client, world):
    devi = staff.client("devi")
    devi.get("/central/cases")
    with statements(database) as done:
        devi.get("/central/cases")
    assert sum(words.startswith("INSERT INTO audit_entry") for words in done) == 1
    with statements(database) as done:
        client.get("/schools/alder-primary/privacy-notice")
    assert not [words for words in done if words.startswith(("INSERT", "UPDATE"))]


def test_looks_hold_ids_and_kinds_only(database, staff, world):
    staff.client("devi").get("/central/cases?q=Priya")
    with database.session() as session, every_tenant(session, "test"):
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (last.subject_id, last.details) == ("central_inbox.inbox", {"reason": "the inbox of all schools"})
        assert (
            session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.subject_id.like("%riya%")))
            == 0
        )
