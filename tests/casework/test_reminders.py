"""Reminders come in steps, once each; the digest comes once a morning; what need not be kept goes."""

from datetime import time, timedelta

from sqlalchemy import select

from portal.casework.actions import assign
from portal.casework.drafts import new_draft
from portal.casework.models import CaseKind, EventKind, IntakeDraft, Term
from portal.casework.progress import add_event, changing
from portal.casework.reminders import digest_tenants, due_for_reminder, remind, send_digest
from portal.casework.tidying import tidy
from portal.core import clock
from portal.outbox.actions import mark_sent
from portal.outbox.models import Letter
from portal.tenancy.models import Setting

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
    aim = case.aim_on
    for day in (*(aim - timedelta(days=days) for days in (8, 7, 7, 3)), case.due_on, case.due_on + timedelta(days=1)):
        before = last_letter(everywhere)
        remind(everywhere, case, sender=sender, now=clock.from_london(day, time(9)))
        reached.append(set(told(everywhere, before)))
    assert reached == [set(), {"ben"}, set(), {"ben", "asha"}, {"ben", "asha", "devi"}, set()]


def test_reminders_begin_anew_when_an_extension_has_moved_the_dates(everywhere, ask, actor, sender):
    case = ask().case
    assign(everywhere, actor("ben"), case, actor("ben").person_id, now=NOW)
    reached = []

    def remind_on(day):
        before = last_letter(everywhere)
        remind(everywhere, case, sender=sender, now=clock.from_london(day, time(9)))
        reached.append(set(told(everywhere, before)))

    remind_on(case.aim_on - timedelta(days=3))
    with changing(everywhere, case, now=NOW):
        add_event(everywhere, case, EventKind.EXTENDED, now=NOW, day=clock.today())
    for days in (8, 7, 6, 3):
        remind_on(case.aim_on - timedelta(days=days))
    assert reached == [{"ben", "asha"}, set(), {"ben"}, set(), {"ben", "asha"}]


def test_only_open_cases_near_their_date_are_looked_at(everywhere, ask):
    near, far = ask(received_at=NOW - timedelta(days=27)).case, ask().case
    found = due_for_reminder(everywhere, today=clock.today())
    assert near.id in found
    assert far.id not in found


def test_the_digest_names_references_only_and_goes_once_a_morning(everywhere, ask, sender):
    case = ask(received_at=NOW - timedelta(days=60)).case
    assert not digest_tenants(everywhere, now=clock.from_london(clock.today(), time(6)))
    assert digest_tenants(everywhere, now=MORNING)[0] == case.tenant_id
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


def test_the_dpo_team_hears_in_the_morning_of_what_waits_for_it_at_any_school(everywhere, ask, actor, sender, school):
    waiting = ask("birch-academy", CaseKind.QUESTION, received_at=NOW - timedelta(days=30)).case
    before = last_letter(everywhere)
    for tenant_id in digest_tenants(everywhere, now=MORNING):
        send_digest(everywhere, tenant_id, sender=sender, now=MORNING)
    digests = {
        letter.recipient.split("@")[0]: letter.body
        for letter in everywhere.scalars(select(Letter).where(Letter.id > before, Letter.kind == "staff.digest"))
    }
    assert waiting.reference in digests["devi"]


def test_who_works_on_a_case_hears_of_her_own_only(everywhere, ask, actor, sender):
    mine = ask(received_at=NOW - timedelta(days=60), requester_name="One Parent").case
    other = ask(received_at=NOW - timedelta(days=60), requester_name="Another Parent").case
    assign(everywhere, actor("ben"), mine, actor("ben").person_id, now=NOW)
    before = last_letter(everywhere)
    send_digest(everywhere, mine.tenant_id, sender=sender, now=MORNING)
    digests = {
        letter.recipient.split("@")[0]: letter.body
        for letter in everywhere.scalars(select(Letter).where(Letter.id > before, Letter.kind == "staff.digest"))
    }
    assert mine.reference in digests["ben"]
    assert other.reference not in digests["ben"]
    assert other.reference in digests["asha"]


def test_in_the_holidays_a_limited_case_does_not_reach_whoever_watches_but_may_not_read_it(
    everywhere, ask, actor, sender, school
):
    head = actor("asha").person_id
    case = ask(kind=CaseKind.COMPLAINT, is_about_head=True, received_at=NOW - timedelta(days=40)).case
    today = clock.today()
    everywhere.add_all([
        Term(tenant_id=case.tenant_id, first_day=today - timedelta(days=80), last_day=today - timedelta(days=5)),
        Term(tenant_id=case.tenant_id, first_day=today + timedelta(days=9), last_day=today + timedelta(days=60)),
        Setting(tenant_id=case.tenant_id, key="watcher_in_holidays", value={"person_id": head}, changed_at=NOW),
    ])  # fmt: skip
    everywhere.flush()
    before = last_letter(everywhere)
    remind(everywhere, case, sender=sender, now=MORNING)
    assert "asha" not in told(everywhere, before)
    assert told(everywhere, before)
