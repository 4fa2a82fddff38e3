"""The centre adds a proclaimed holiday and learns how many requests moved."""

from sqlalchemy import select

from portal.casework.models import Case
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.web.shared.test_case import ask


def test_a_holiday_is_added_and_the_moved_request_says_so(staff, database, settings):
    reference = ask(database, settings)
    with database.session() as session, every_tenant(session, "tests"):
        due = session.scalars(select(Case.due_on)).one()
    devi = staff.client("devi")
    data = {
        "csrf_token": csrf_token(devi, "/central/holidays"), "name": "Coronation",
        "day": [str(due.day), str(due.month), str(due.year)],
    }  # fmt: skip
    answer = devi.post("/central/holidays", data=data, follow_redirects=True).get_data(as_text=True)
    assert "1 open request moved" in answer
    assert "Coronation" in answer
    assert f"Answer by moved from {due:%-d %B %Y}" in devi.get(f"/central/cases/{reference}").get_data(as_text=True)
    assert staff.client("ben").get("/central/holidays").status_code in {403, 404}
