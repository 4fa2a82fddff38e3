"""School and DPO work on the same case, each by its own door; nobody else can see that it exists."""

import re

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.models import Case, CaseKind, CaseMessage, CaseStatus, WaitingFor
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

SCHOOL = "/school/alder-primary"


@pytest.fixture
def reference(database, settings):
    """A request of Priya's to Alder Primary."""
    return ask(database, settings)


def ask(database, settings, slug="alder-primary", **facts):
    sender = Sender(settings.base_url, Keys(settings.secret_keys))
    now = clock.now()
    values = {"requester_name": "Priya Patel", "email": "priya@example.org", "details": "E-mails about Anil", **facts}
    request = NewRequest(**{"kind": CaseKind.ACCESS, "received_at": now, **values})
    with database.transaction() as session, every_tenant(session, "tests"):
        school = session.scalars(select(Tenant).where(Tenant.slug == slug)).one()
        return open_case(session, PUBLIC, school, request, sender=sender, now=now).case.reference


def read(database, reference):
    with database.session() as session, every_tenant(session, "tests"):
        return session.scalars(select(Case).where(Case.reference == reference)).one()


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page).group(1)


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.get_data(as_text=True)


def send(client, form_page, path=None, *, names=("csrf_token", "key", "seen"), page=None, **values):
    page = page or text(client, form_page)
    kept = {name: hidden(page, name) for name in names if f'name="{name}"' in page}
    return client.post(path or form_page, data={**kept, **values})


@pytest.mark.parametrize(
    ("name", "base", "expected"),
    [
        ("asha", SCHOOL, 200), ("ben", SCHOOL, 200), ("gus", SCHOOL, 403), ("bea", SCHOOL, 404), ("tom", SCHOOL, 404),
        ("devi", "/central", 200), ("cal", "/central", 403), ("asha", "/central", 404), ("devi", SCHOOL, 200),
    ],
)  # fmt: skip
def test_who_may_open_the_inbox_and_a_case(staff, reference, name, base, expected):
    client = staff.client(name)
    assert client.get(f"{base}/cases").status_code == expected
    assert client.get(f"{base}/cases/{reference}").status_code == expected


def test_nobody_is_asked_to_sign_in(client, reference):
    assert "/sign-in" in client.get(f"{SCHOOL}/cases/{reference}").location


def test_a_case_of_another_school_is_not_found(staff, database, settings):
    other = ask(database, settings, slug="birch-academy")
    assert staff.client("asha").get(f"{SCHOOL}/cases/{other}").status_code == 404
    assert other in text(staff.client("tom"), "/school/rowan/cases")
    assert text(staff.client("tom"), f"/school/rowan/cases/{other}")


def test_reading_a_case_leaves_a_line(staff, database, reference):
    text(staff.client("devi"), f"/central/cases/{reference}")
    with database.session() as session, every_tenant(session, "tests"):
        lines = session.scalars(select(AuditEntry).where(AuditEntry.kind == "case.read")).all()
        assert [line.actor_kind for line in lines] == ["person"]


def test_the_case_page_explains_its_date(staff, reference):
    page = text(staff.client("ben"), f"{SCHOOL}/cases/{reference}")
    for words in ("Answer by", "Aim for", "One month from the start", "If we ask today", "Papers to the DPO by"):
        assert words in page, words


def test_school_and_dpo_pass_a_case_between_them(staff, database, reference):
    ben, devi = staff.client("ben"), staff.client("devi")
    mine, hers = f"{SCHOOL}/cases/{reference}", f"/central/cases/{reference}"
    send(ben, mine, f"{mine}/notes", note="May we leave out the nurse?", hands_over="y")
    assert read(database, reference).waiting_for is WaitingFor.DPO
    assert "May we leave out the nurse?" in text(devi, hers)
    send(devi, hers, f"{hers}/notes", note="No, she is staff.", hands_over="y")
    assert read(database, reference).waiting_for is WaitingFor.SCHOOL
    assert "Devi Nair has this request open now." in text(ben, mine)


def test_the_school_writes_and_closes(staff, database, reference):
    ben = staff.client("ben")
    base = f"{SCHOOL}/cases/{reference}"
    send(ben, f"{base}/letters/message", body="Dear Priya, we are on it.")
    assert "Dear Priya, we are on it." in text(ben, base)
    assert send(ben, f"{base}/closure", outcome="met", body="Here it is.").status_code == 302
    case = read(database, reference)
    assert (case.status, case.outcome) == (CaseStatus.CLOSED, "met")
    assert reference in text(ben, f"{SCHOOL}/cases?view=closed")
    assert reference not in text(ben, f"{SCHOOL}/cases")


def test_the_dpo_cannot_answer_for_the_school(staff, database, reference):
    devi = staff.client("devi")
    base = f"/central/cases/{reference}"
    page = text(devi, base)
    assert devi.get(f"{base}/letters/message").status_code == 403, "she is told before she writes"
    answer = send(devi, base, f"{base}/letters/message", page=page, body="From the DPO")
    assert answer.status_code == 403
    with database.session() as session, every_tenant(session, "tests"):
        assert "From the DPO" not in session.scalars(select(CaseMessage.body)).all()


def test_two_people_writing_at_once_lose_nothing(staff, database, reference):
    asha, ben = staff.client("asha"), staff.client("ben")
    path = f"{SCHOOL}/cases/{reference}/letters/message"
    hers = text(asha, path)
    send(ben, path, body="Ben was first")
    answer = send(asha, path, page=hers, body="Asha wrote this")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Ben was first" in page
    assert "Asha wrote this" in page
    assert send(asha, path, page=page, body="Asha wrote this").status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        sent = session.scalars(select(CaseMessage.body).where(CaseMessage.kind == "message")).all()
    assert sent == ["Ben was first", "Asha wrote this"]


def test_identity_clarification_and_extension_are_different_letters(staff, database, reference):
    ben = staff.client("ben")
    base = f"{SCHOOL}/cases/{reference}"
    page = text(ben, f"{base}/letters/clarification")
    assert "If we ask today" in page
    assert send(ben, f"{base}/letters/clarification", body="Which e-mails?").status_code == 422
    send(ben, f"{base}/letters/clarification", body="Which e-mails?", reason="There are 900")
    assert read(database, reference).due_on is None
    today = clock.today()
    send(ben, f"{base}/arrivals/clarification", on=[str(today.day), str(today.month), str(today.year)])
    assert read(database, reference).due_on is not None
    send(ben, f"{base}/letters/identity", body="Who are you?")
    assert "has not come, so the clock has not started" in text(ben, base)


def test_a_second_extension_is_refused_with_a_reason(staff, reference):
    ben = staff.client("ben")
    path = f"{SCHOOL}/cases/{reference}/letters/extension"
    first, second = text(ben, path), text(ben, path)
    assert send(ben, path, page=first, body="More time").status_code == 302
    assert ben.get(path).status_code == 422
    again = send(ben, path, page=second, body="Still more")
    assert again.status_code == 422
    assert "Still more" in again.get_data(as_text=True)


def test_a_case_can_be_given_taken_and_limited(staff, database, reference, cast):
    asha, ben = staff.client("asha"), staff.client("ben")
    base = f"{SCHOOL}/cases/{reference}"
    page = text(asha, base)
    person = re.search(r'<option value="(\d+)"[^>]*>\s*Ben', page).group(1)
    send(asha, base, f"{base}/assignment", person=person)
    assert "Ben Okafor" in text(asha, f"{SCHOOL}/cases?view=mine") or reference in text(
        ben, f"{SCHOOL}/cases?view=mine"
    )
    devi = re.search(r'<option value="(\d+)"[^>]*>\s*Devi', page).group(1)
    send(asha, f"{base}/limits", people=devi)
    assert ben.get(base).status_code == 404
    assert reference not in text(ben, f"{SCHOOL}/cases")
    assert text(asha, base)


def test_another_kind_has_other_dates_or_a_reason_why_not(staff, database, settings, reference):
    other = ask(database, settings, slug="birch-academy")
    tom = staff.client("tom")
    base = f"/school/rowan/cases/{other}"
    answer = send(tom, f"{base}/kind", kind="record")
    assert answer.status_code == 422
    assert "academy" in answer.get_data(as_text=True)
    assert send(tom, f"{base}/kind", kind="complaint").status_code == 302
    assert read(database, other).kind is CaseKind.COMPLAINT
