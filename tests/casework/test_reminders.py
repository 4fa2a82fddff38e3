"""Reminders come in steps, once each; the digest comes once a morning; what need not be kept goes."""

from datetime import time, timedelta

from sqlalchemy import select

from portal.casework.actions import assign
from portal.casework.drafts import new_draft
from portal.casework.models import CaseKind, IntakeDraft
from portal.casework.reminders import digest_tenants, due_for_reminder, remind, send_digest
from portal.casework.tidying import tidy
from portal.core import clock
from portal.outbox.actions import mark_sent
from portal.outbox.models import Letter

NOW = clock.now()
MORNING = clock.from_london(clock.today(), time(7, 30))


def told(session, since):
    letters = session.scalars(select(Letter).where(Letter.id > since, Letter.kind.like("staff.%")))
    return {letter.recipient.split("@")[0]: letter.body for letter in letters}


def last_letter(session):
    return max(session.scalars(select(Letter.id)), default=0)


def test_reminders_reach_the_assignee_then_the_school_then_the_dpo(everywhere, ask, actor, sender):
    case = ask().case
    assign(everywhere, actor("ben"), case, actor("ben").person_id, now=NOW)
    reached = []
    for days in (8, 7, 7, 3, -1, -2):
        before = last_letter(everywhere)
        remind(everywhere, case, sender=sender, now=clock.from_london(case.aim_on - timedelta(days=days), time(9)))
        reached.append(set(told(everywhere, before)))
    assert reached == [set(), {"ben"}, set(), {"ben", "asha"}, {"ben", "asha", "devi"}, set()]


def test_only_open_cases_near_their_date_are_looked_at(everywhere, ask):
    near, far = ask(received_at=NOW - timedelta(days=27)).case, ask().case
    found = due_for_reminder(everywhere, today=clock.today())
    assert near.id in found
    assert far.id not in found


def test_the_digest_names_references_only_and_goes_once_a_morning(everywhere, ask, sender):
    case = ask(received_at=NOW - timedelta(days=60)).case
    assert not digest_tenants(everywhere, now=clock.from_london(clock.today(), time(6)))
    assert digest_tenants(everywhere, now=MORNING) == [case.tenant_id]
    before = last_letter(everywhere)
    assert send_digest(everywhere, case.tenant_id, sender=sender, now=MORNING)
    [body] = told(everywhere, before).values()
    assert case.reference in body
    assert "Priya" not in body
    assert not send_digest(everywhere, case.tenant_id, sender=sender, now=MORNING)


def test_old_drafts_and_the_text_of_sent_letters_are_forgotten(everywhere, ask, school):
    case = ask(kind=CaseKind.RETENTION).case
    new_draft(everywhere, case.tenant_id, now=NOW - timedelta(hours=25))
    new_draft(everywhere, case.tenant_id, now=NOW)
    [letter] = everywhere.scalars(select(Letter).where(Letter.kind == "requester.acknowledgement"))
    mark_sent(letter, now=NOW - timedelta(hours=2))
    everywhere.flush()
    tidy(everywhere, now=NOW)
    everywhere.expire_all()
    assert letter.body == ""
    assert len(list(everywhere.scalars(select(IntakeDraft)))) == 1
