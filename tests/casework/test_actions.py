"""What staff and requesters do with a case, and what each leaves behind."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.casework import actions, codes, correspondence, requester
from portal.casework.inbox import Filters, View, counts_by_authority, page
from portal.casework.letters import LetterKind
from portal.casework.models import CaseKind, CaseMessage, CaseStatus, EventKind, WaitingFor
from portal.casework.presenting import present
from portal.casework.progress import calendar_of, events_of, read_clock
from portal.casework.queries import case_by_link, case_by_reference
from portal.casework.staff_view import staff_case
from portal.core import clock
from portal.core.clock import london
from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.identity.throttle import TooMany
from portal.outbox.actions import retry
from portal.outbox.models import Letter, LetterStatus
from portal.tenancy.actions import change_setting
from portal.tenancy.scope import tenant_scope, trust_scope

NOW = clock.now()


def letters_to(session, address):
    return list(session.scalars(select(Letter).where(Letter.recipient == address).order_by(Letter.id)))


def test_a_sent_request_has_a_date_a_letter_a_message_and_an_audit_line(everywhere, ask):
    case = ask().case
    assert case.due_on == read_clock(everywhere, case).due
    assert [event.kind for event in events_of(everywhere, case)] == [EventKind.RECEIVED, EventKind.ACKNOWLEDGED]
    [mail] = letters_to(everywhere, "priya@example.org")
    assert mail.subject == f"Request {case.reference}"
    assert "Anil" not in mail.body
    assert "http://localhost:8000/requests/" in mail.body
    assert letters_to(everywhere, "asha@alder-primary.example"), "the school was not told"
    lines = everywhere.scalars(select(AuditEntry).where(AuditEntry.kind == "case.opened")).all()
    assert [line.subject_id for line in lines] == [str(case.id)]
    assert "Anil" not in str(lines[0].details)


def test_the_link_identifies_the_case_and_only_its_digest_is_kept(everywhere, ask):
    opened = ask()
    token = opened.link.removeprefix("/requests/")
    assert case_by_link(everywhere, token) is opened.case
    assert case_by_link(everywhere, "somebody else's token") is None


def test_without_an_email_address_a_pin_opens_the_case_however_it_is_typed(everywhere, ask, sender):
    opened = ask(email="", telephone="01632 960001")
    assert not letters_to(everywhere, "")
    typed = opened.pin.lower().replace("-", " ").replace("0", "o")
    assert requester.admit(everywhere, opened.case, typed, sender.keys, has_link=True, now=NOW) is not None
    assert requester.admit(everywhere, opened.case, "0000-0000-0000", sender.keys, has_link=True, now=NOW) is None


def test_a_code_works_once_and_for_ten_minutes(everywhere, ask, sender):
    case = ask().case
    codes.ask_code(everywhere, case, sender=sender, now=NOW)
    code = re.search(r"\b\d{6}\b", letters_to(everywhere, "priya@example.org")[-1].body).group()
    late = NOW + timedelta(minutes=11)
    assert requester.admit(everywhere, case, code, sender.keys, has_link=True, now=late) is None
    assert requester.admit(everywhere, case, code, sender.keys, has_link=True, now=NOW).kind == "requester"
    assert requester.admit(everywhere, case, code, sender.keys, has_link=True, now=NOW) is None


def test_guessing_codes_is_slowed_down(everywhere, ask, sender):
    case = ask().case
    for _ in range(10):
        requester.admit(everywhere, case, "000000", sender.keys, has_link=True, now=NOW)
    with pytest.raises(TooMany):
        requester.admit(everywhere, case, "000000", sender.keys, has_link=True, now=NOW)


def test_a_case_for_another_school_does_not_exist(everywhere, ask, actor):
    case = ask().case
    assert case_by_reference(everywhere, actor("devi"), case.reference) is case
    with pytest.raises(Forbidden):
        actions.assign(everywhere, actor("bea"), case, None, now=NOW)


def test_the_school_decides_and_the_dpo_advises(everywhere, ask, actor, sender):
    case = ask().case
    with pytest.raises(Forbidden):
        write(everywhere, actor("devi"), case, "Dear Priya", sender)
    actions.add_note(
        everywhere,
        actor("ben"),
        case,
        "May we leave out the nurse?",
        hands_over=True,
        key="n" * 20,
        sender=sender,
        now=NOW,
    )
    assert case.waiting_for is WaitingFor.DPO
    assert "nurse" not in letters_to(everywhere, "devi@service.example")[-1].body
    actions.add_note(everywhere, actor("devi"), case, "No.", hands_over=True, key="m" * 20, sender=sender, now=NOW)
    assert case.waiting_for is WaitingFor.SCHOOL


def write(session, actor, case, body, sender, *, kind=LetterKind.MESSAGE, seen=None, key="k" * 20, reason=""):
    correspondence.write_to_requester(
        session, actor, case, body, kind=kind, reason=reason, seen=case.last_sequence if seen is None else seen,
        key=key, sender=sender, now=NOW,
    )  # fmt: skip


def test_a_letter_sent_twice_goes_once(everywhere, ask, actor, sender):
    case = ask().case
    seen = case.last_sequence
    for _ in range(2):
        write(everywhere, actor("ben"), case, "Dear Priya", sender, seen=seen)
    bodies = everywhere.scalars(select(CaseMessage.body).where(CaseMessage.kind == "message")).all()
    assert bodies == ["Dear Priya"]
    with pytest.raises(Conflict):
        write(everywhere, actor("ben"), case, "Another text under the same key", sender)


def test_two_people_writing_at_once_get_both_texts(everywhere, ask, actor, sender):
    case = ask().case
    seen = case.last_sequence
    write(everywhere, actor("ben"), case, "Ben's answer", sender, seen=seen)
    with pytest.raises(Conflict) as caught:
        write(everywhere, actor("asha"), case, "Asha's answer", sender, seen=seen, key="a" * 20)
    assert caught.value.theirs == "Ben's answer"


def test_asking_what_is_wanted_stops_the_clock_and_the_answer_starts_it(everywhere, ask, actor, sender):
    opened = ask(received_at=NOW - timedelta(days=2))
    case = opened.case
    before = case.aim_on
    write(everywhere, actor("ben"), case, "Which e-mails?", sender, kind=LetterKind.CLARIFICATION, reason="900 e-mails")
    assert case.due_on is None
    assert case.waiting_for is WaitingFor.REQUESTER
    requester.write_to_school(
        everywhere, requester.requester_of(case), case, "Those of May", key="r" * 20, sender=sender, now=NOW
    )
    assert case.waiting_for is WaitingFor.SCHOOL
    assert case.aim_on == before + timedelta(days=1)


def test_clarification_needs_a_reason_and_an_access_request(everywhere, ask, actor, sender):
    with pytest.raises(Invalid):
        write(everywhere, actor("ben"), ask().case, "Which?", sender, kind=LetterKind.CLARIFICATION)
    case = ask(kind=CaseKind.ERASURE, details="Photograph").case
    with pytest.raises(Invalid):
        write(everywhere, actor("ben"), case, "Which?", sender, kind=LetterKind.CLARIFICATION, reason="x", key="b" * 20)


def test_an_extension_once_and_only_in_the_first_month(everywhere, ask, actor, sender):
    old = ask(received_at=NOW - timedelta(days=40)).case
    with pytest.raises(Invalid):
        write(everywhere, actor("ben"), old, "More time", sender, kind=LetterKind.EXTENSION)
    case = ask(received_at=NOW).case
    write(everywhere, actor("ben"), case, "More time", sender, kind=LetterKind.EXTENSION, key="c" * 20)
    assert (case.due_on - clock.today()).days > 80
    with pytest.raises(Invalid):
        write(everywhere, actor("ben"), case, "Still more", sender, kind=LetterKind.EXTENSION, key="d" * 20)


def test_a_closed_case_can_be_reopened_but_not_closed_again(everywhere, ask, actor, sender):
    case = ask().case
    ben = actor("ben")
    close = {"seen": case.last_sequence, "sender": sender, "now": NOW}
    with pytest.raises(Invalid):
        actions.close(everywhere, ben, case, "upheld", "", key="e" * 20, **close)
    actions.close(everywhere, ben, case, "met", "Here it is", key="f" * 20, **close)
    assert case.status is CaseStatus.CLOSED
    with pytest.raises(Conflict):
        actions.close(everywhere, ben, case, "refused", "", key="g" * 20, **{**close, "seen": case.last_sequence})
    actions.reopen(everywhere, ben, case, now=NOW)
    assert case.status is CaseStatus.OPEN
    assert case.outcome == ""


def test_the_requester_withdraws_once(everywhere, ask, actor, sender):
    case = ask().case
    her = requester.requester_of(case)
    with pytest.raises(Forbidden):
        requester.withdraw(everywhere, actor("ben"), case, sender=sender, now=NOW)
    requester.withdraw(everywhere, her, case, sender=sender, now=NOW)
    assert case.outcome == "withdrawn"
    with pytest.raises(Conflict):
        requester.withdraw(everywhere, her, case, sender=sender, now=NOW)


def test_a_limited_case_does_not_exist_for_others(everywhere, ask, actor):
    case = ask().case
    asha, ben, devi = actor("asha"), actor("ben"), actor("devi")
    actions.limit(everywhere, asha, case, {devi.person_id}, now=NOW)
    assert case_by_reference(everywhere, devi, case.reference) is case
    assert case_by_reference(everywhere, asha, case.reference) is case
    with pytest.raises(NotFound):
        case_by_reference(everywhere, ben, case.reference)
    assert case.reference not in {line.reference for line in page(everywhere, ben, Filters(), now=NOW).lines}
    with pytest.raises(Invalid):
        actions.assign(everywhere, asha, case, ben.person_id, now=NOW)


def test_a_complaint_about_the_head_is_hidden_from_the_head(everywhere, ask, actor):
    case = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case
    with pytest.raises(NotFound):
        case_by_reference(everywhere, actor("asha"), case.reference)
    assert case_by_reference(everywhere, actor("devi"), case.reference) is case
    assert not letters_to(everywhere, "asha@alder-primary.example")


def test_the_same_request_again_is_linked_never_blocked(everywhere, ask):
    first, second = ask().case, ask().case
    assert events_of(everywhere, first)[-1].data == {"reference": second.reference}
    assert EventKind.LINKED in {event.kind for event in events_of(everywhere, second)}


def test_a_name_that_begins_with_an_accent_is_linked_too(everywhere, ask):
    names = {"requester_name": "Élodie Šárka", "subject_name": "Ömer Šárka", "email": ""}
    first, second = ask(**names).case, ask(**names).case
    assert EventKind.LINKED in {event.kind for event in events_of(everywhere, first)}
    assert EventKind.LINKED in {event.kind for event in events_of(everywhere, second)}


def test_views_hold_what_they_say(everywhere, ask, actor):
    late = ask(received_at=NOW - timedelta(days=60)).case
    fresh = ask(requester_name="Ola Nowak", email="ola@example.org").case
    devi = actor("devi")

    def held(**filters):
        return [line.reference for line in page(everywhere, devi, Filters(**filters), now=NOW).lines]

    assert held() == [late.reference, fresh.reference]
    assert held(view=View.OVERDUE) == [late.reference]
    assert held(view=View.MINE) == []
    assert held(words="nowak") == [fresh.reference]
    assert held(words=fresh.reference.lower()) == [fresh.reference]
    assert held(kind=CaseKind.ERASURE) == []
    assert held(older_than=30) == [late.reference]


def test_pages_go_on_and_back_without_losing_or_repeating_a_case(everywhere, ask, actor):
    made = {
        ask(requester_name=f"Person {number}", email=f"p{number}@example.org").case.reference for number in range(7)
    }
    devi = actor("devi")
    seen, cursor, pages = [], "", []
    while True:
        found = page(everywhere, devi, Filters(), now=NOW, after=cursor, size=3)
        pages.append(found)
        seen += [line.reference for line in found.lines]
        if not found.after:
            break
        cursor = found.after
    assert sorted(seen) == sorted(made)
    assert len(seen) == 7
    back = page(everywhere, devi, Filters(), now=NOW, before=pages[1].before, size=3)
    assert back.lines == pages[0].lines
    assert back.before == ""
    assert back.after


def test_counters_follow_each_change(everywhere, ask, actor, sender):
    case = ask().case
    states = counts_by_authority(everywhere)[case.authority_id or 0]
    assert states["open-school"] == 1
    actions.close(everywhere, actor("ben"), case, "met", "", seen=99, key="h" * 20, sender=sender, now=NOW)
    everywhere.expire_all()
    states = counts_by_authority(everywhere)[case.authority_id or 0]
    assert (states["open-school"], states["closed"]) == (0, 1)


def test_search_finds_words_anywhere_but_only_in_the_scope(everywhere, ask, actor, sender):
    case = ask(details="The zebra crossing incident").case
    other = ask("birch-academy", details="A zebra too").case
    actions.add_note(
        everywhere,
        actor("ben"),
        case,
        "Ask the lollipop lady",
        hands_over=False,
        key="z" * 20,
        sender=sender,
        now=NOW,
    )
    everywhere.flush()

    def found(words, who="devi"):
        return {line.reference for line in page(everywhere, actor(who), Filters(words=words), now=NOW).lines}

    assert found("zebra") == {case.reference, other.reference}
    assert found("zeb crossing") == {case.reference}
    assert found("lollipop") == {case.reference}
    assert found("'; DROP TABLE case_file; --") == set()
    with tenant_scope(everywhere, other.tenant_id):
        assert found("zebra", "bea") == {other.reference}
        assert found("lollipop", "bea") == set()
    with trust_scope(everywhere, other.trust_id):
        assert found("zebra", "tom") == {other.reference}


def test_more_time_is_not_offered_after_its_last_day(everywhere, ask, actor):
    case = ask(received_at=NOW - timedelta(days=3)).case
    last = read_clock(everywhere, case).notice_by

    def offered(day):
        shown = staff_case(everywhere, actor("asha"), case, now=clock.from_london(day, clock.time(12)))
        return LetterKind.EXTENSION in shown.letters_possible

    assert offered(last)
    assert not offered(last + timedelta(days=1))


def test_the_milestones_are_those_of_the_service_pack(everywhere, ask, actor, school):
    case = ask().case
    shown = staff_case(everywhere, actor("asha"), case, now=NOW).milestones
    calendar = calendar_of(everywhere, case.tenant_id)
    assert shown.papers_to_dpo == calendar.add_working_days(case.due_on, -10)
    change_setting(
        everywhere, school("service"), "milestones", {"papers_to_dpo": 7, "papers_back_from_dpo": 2},
        now=NOW, changed_by=None,
    )  # fmt: skip
    everywhere.flush()
    with tenant_scope(everywhere, case.tenant_id):
        shown = staff_case(everywhere, actor("asha"), case, now=NOW).milestones
    assert shown.papers_to_dpo == calendar.add_working_days(case.due_on, -7)
    assert shown.back_from_dpo == calendar.add_working_days(case.due_on, -2)


def test_a_letter_whose_text_was_wiped_is_not_tried_again_empty(everywhere, ask):
    ask()
    letter = letters_to(everywhere, "priya@example.org")[0]
    letter.body, letter.status = "", LetterStatus.DEAD
    with pytest.raises(Invalid, match="wiped"):
        retry(letter, now=NOW)
    assert letter.status is LetterStatus.DEAD


def test_what_was_no_answer_can_be_followed_by_one(everywhere, ask, actor, sender):
    case, ben = ask(received_at=NOW - timedelta(days=3)).case, actor("ben")
    write(everywhere, ben, case, "Which?", sender, kind=LetterKind.CLARIFICATION, reason="900 e-mails")
    requester.write_to_school(
        everywhere, requester.requester_of(case), case, "Thanks", key="r" * 20, sender=sender, now=NOW
    )
    assert "has your answer" in str(present(everywhere, case, language="en").entries)
    correspondence.reopen_question(everywhere, ben, case, now=NOW)
    assert case.due_on is None
    assert "has your answer" not in str(present(everywhere, case, language="en").entries)
    correspondence.record_clarification(everywhere, ben, case, london(NOW).date(), now=NOW)
    assert case.due_on is not None
    with pytest.raises(Invalid):
        correspondence.record_clarification(everywhere, ben, case, london(NOW).date(), now=NOW)


def test_a_refusal_says_why(everywhere, ask, actor, sender):
    case, ben = ask(received_at=NOW).case, actor("ben")
    close = {"sender": sender, "now": NOW}
    with pytest.raises(Invalid) as caught:
        actions.close(everywhere, ben, case, "refused", "", seen=case.last_sequence, key="e" * 20, **close)
    assert caught.value.field == "body"
    write(everywhere, ben, case, "We must refuse, because ...", sender)
    actions.close(everywhere, ben, case, "refused", "", seen=case.last_sequence, key="f" * 20, **close)
    assert case.outcome == "refused"


@pytest.mark.parametrize(
    ("kind", "days", "said", "unsaid"),
    [
        (CaseKind.ACCESS, 1, "We will answer by", "should have"),
        (CaseKind.ACCESS, 60, "We should have answered by", "We will answer by"),
        (CaseKind.BREACH, 1, "the regulator must be told by", "You asked for"),
        (CaseKind.BREACH, 9, "must be told now", "We will answer"),
    ],
)
def test_the_first_letter_promises_nothing_that_is_past(everywhere, ask, kind, days, said, unsaid):
    case = ask(kind=kind, received_at=NOW - timedelta(days=days)).case
    bodies = everywhere.scalars(select(CaseMessage.body).where(CaseMessage.case_id == case.id)).all()
    bodies = [*bodies, *(letter.body for letter in letters_to(everywhere, "priya@example.org"))]
    assert len(bodies) == 2
    assert all(said in body for body in bodies)
    assert not any(unsaid in body for body in bodies)
