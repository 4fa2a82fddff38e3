"""Several notices a school: further kinds go through the same engine as the general one, and it links to them."""

from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.errors import Invalid, NotFound
from portal.identity.permissions import SYSTEM
from portal.notices.actions import leave_out, prefer
from portal.notices.decisions import answer_change, decide, open_decisions
from portal.notices.gathering import fill_shelf
from portal.notices.models import ClausePolicy, DecisionChoice, PreferenceKind
from portal.notices.planning import plan_release
from portal.notices.releases import (
    ClauseWords,
    new_draft,
    publish_release,
    release_named,
    save_clause,
    withdraw_release,
)
from portal.notices.rules import Outcome
from portal.notices.verifying import verify
from portal.notices.wording import notice_desk
from portal.tenancy.scope import every_tenant, tenant_scope

PHOTOGRAPHS = "photographs"
ABOUT = "photographs.about"
SCHOOLS = ("alder-primary", "birch-academy", "st-thomas-of-canterbury")
LINK = "/schools/{slug}/privacy-notices/{kind}"


def admissions(press, *, publishes=True, applies=(), policy=ClausePolicy.ADAPTABLE, now=None):
    now = now or clock.now()
    with press.database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(
            session, SYSTEM, name="admissions-1", title="Admissions", effective_at=now, now=now, kind="",
            kind_title="Admissions",
        )  # fmt: skip
        words = ClauseWords(
            "admissions-purpose.places", "Places", "We use your form to offer places at {{ school.name }}.", "New.",
            draft.version, policy=policy, applies=applies, section="admissions-purpose",
        )  # fmt: skip
        save_clause(session, SYSTEM, draft, words, now=now)
        if publishes:
            publish_release(session, SYSTEM, draft, now=now)


def photographs_release(press, name, changes):
    """A further release of the notice about photographs."""
    now = clock.now()
    with press.database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name=name, title=name, effective_at=now, now=now, kind=PHOTOGRAPHS)
        for key, text in changes.items():
            session.flush()
            row = next(one for one in draft.clauses if one.key == key)
            words = ClauseWords(key, row.title, text, "Because.", draft.version, row.policy, section=row.section_key)
            save_clause(session, SYSTEM, draft, words, now=now)
        publish_release(session, SYSTEM, draft, now=now)


def on_desk(press, slug, kind, act):
    with press.database.transaction() as session:
        tenant = press.school(session, slug)
        with tenant_scope(session, tenant.id):
            board = notice_desk(session, tenant, now=clock.now(), shelf=fill_shelf(session).of(kind))
            return act(session, tenant, board)


def questions(_session, _tenant, board):
    return {one.key: one.decision.kind for one in board.open_clauses if one.decision}


def general_links(press, slug, at=None):
    """The addresses that the general notice lists as further notices."""
    clause = next(one for one in press.notice(slug, at).composed.clauses if one.key == "purposes.specific-notices")
    return clause.html


def test_every_school_has_the_notice_of_a_further_kind_with_versions_of_its_own(press):
    for slug in SCHOOLS:
        (version,) = press.versions(slug, PHOTOGRAPHS)
        notice = press.notice(slug, kind=PHOTOGRAPHS)
        assert (notice.kind, notice.title, notice.version.number) == (PHOTOGRAPHS, "Photographs and video", 1)
        assert notice.sha256 == version.sha256
        assert f"visitors at {notice.name}" in notice.text


def test_the_general_notice_links_to_the_further_ones_from_the_day_they_count(press, school):
    link = LINK.format(slug="alder-primary", kind=PHOTOGRAPHS)
    assert f'href="{link}"' in general_links(press, "alder-primary")
    first = press.versions("alder-primary")[-1].effective_at
    assert "privacy-notices" not in general_links(press, "alder-primary", first)


def test_a_new_kind_appears_in_every_school_and_in_its_general_notice(press):
    before = press.versions("birch-academy")[0].number
    admissions(press)
    press.settle()
    assert "We use your form to offer places at Birch Academy." in press.text("birch-academy", kind="admissions")
    assert LINK.format(slug="birch-academy", kind="admissions") in general_links(press, "birch-academy")
    newest = press.versions("birch-academy")[0]
    assert (newest.number, newest.reason) == (before + 1, "The list of the school’s other notices changed.")


def test_a_further_release_of_one_kind_makes_no_version_of_another(press):
    general = len(press.versions("birch-academy"))
    photographs_release(press, "photographs-2027", {ABOUT: "This is about pictures."})
    press.settle()
    assert len(press.versions("birch-academy")) == general
    assert [one.number for one in press.versions("birch-academy", PHOTOGRAPHS)] == [2, 1]
    press.release("2027-01", {"information.held": lambda text: f"{text}\n\nMore."})
    press.settle()
    assert len(press.versions("birch-academy", PHOTOGRAPHS)) == 2


def test_own_words_in_a_further_notice_are_merged_with_its_new_shared_words_and_leave_the_general_one_alone(press):
    from_general = press.text("alder-primary")
    shared = press.shared_text(ABOUT, "photographs-2026-09")

    press.adapt("alder-primary", ABOUT, lambda text: f"{text}\n\nOur own line.", kind=PHOTOGRAPHS)
    first = shared.split("\n")[0]
    photographs_release(press, "photographs-2027", {ABOUT: shared.replace(first, "The first line is new.")})
    press.settle()
    found = press.text("alder-primary", kind=PHOTOGRAPHS)
    assert "The first line is new." in found
    assert "Our own line." in found
    assert press.text("alder-primary") == from_general


def test_a_conflict_in_a_further_notice_waits_on_its_own_desk(press):
    shared = press.shared_text(ABOUT, "photographs-2026-09")
    first = shared.split("\n")[0]
    press.adapt("alder-primary", ABOUT, lambda text: text.replace(first, "Ours."), kind=PHOTOGRAPHS)
    photographs_release(press, "photographs-2027", {ABOUT: shared.replace(first, "Theirs.")})
    press.settle()
    assert "Ours." in press.text("alder-primary", kind=PHOTOGRAPHS)
    assert on_desk(press, "alder-primary", PHOTOGRAPHS, questions) == {ABOUT: "conflict"}
    assert ABOUT not in on_desk(press, "alder-primary", "general", questions)


def test_a_school_that_is_asked_first_has_no_new_notice_until_it_says_yes(press):
    on_desk(
        press, "birch-academy", "general",
        lambda session, tenant, _board: prefer(session, SYSTEM, tenant, PreferenceKind.ASK, now=clock.now()),
    )  # fmt: skip
    admissions(press)
    press.settle()
    with pytest.raises(NotFound):
        press.notice("birch-academy", kind="admissions")
    assert "admissions" not in general_links(press, "birch-academy")
    assert press.notice("alder-primary", kind="admissions").version.number == 1

    def agree(session, tenant, board):
        waiting = board.shared.waiting["admissions-purpose.places"]
        answer_change(
            session, SYSTEM, tenant, board, waiting.key, shared_hash=waiting.clause.part_hash, takes=True,
            now=clock.now(),
        )  # fmt: skip

    on_desk(press, "birch-academy", "admissions", agree)
    press.settle()
    assert "offer places" in press.text("birch-academy", kind="admissions")
    assert "privacy-notices/admissions" in general_links(press, "birch-academy")


def test_a_kind_whose_clauses_are_for_other_schools_is_no_notice_of_this_one(press):
    admissions(press, applies=("academy",))
    press.settle()
    assert press.notice("birch-academy", kind="admissions")
    with pytest.raises(NotFound):
        press.notice("alder-primary", kind="admissions")
    assert "admissions" not in general_links(press, "alder-primary")


def test_a_school_that_leaves_out_all_of_a_notice_has_it_no_more(press):
    admissions(press, policy=ClausePolicy.OPTIONAL)
    press.settle()
    before = clock.now()
    on_desk(
        press, "birch-academy", "admissions",
        lambda session, tenant, board: leave_out(
            session, SYSTEM, tenant, board, "admissions-purpose.places", now=clock.now()
        ),
    )  # fmt: skip
    press.settle()
    with pytest.raises(NotFound):
        press.notice("birch-academy", kind="admissions")
    assert "offer places" in press.text("birch-academy", before, kind="admissions")


def withdraw(press, *names):
    with press.database.transaction() as session, every_tenant(session, "tests"):
        for name in names:
            withdraw_release(session, SYSTEM, release_named(session, name), now=clock.now())
    press.settle()


def asked(press, session, key):
    tenant = press.school(session, "alder-primary")
    return [row for row in open_decisions(session, tenant_id=tenant.id) if row.key == key]


def test_a_question_about_withdrawn_words_of_a_further_notice_is_none_any_more_and_others_stay(press):
    for key, kind, release in ((ABOUT, PHOTOGRAPHS, "photographs-2026-09"), ("information.held", "general", "2026-09")):
        first = press.shared_text(key, release).split("\n")[0]
        press.adapt("alder-primary", key, lambda text, first=first: text.replace(first, "Ours."), kind=kind)
    first = press.shared_text(ABOUT, "photographs-2026-09").split("\n")[0]
    held = press.shared_text("information.held").split("\n")[0]
    photographs_release(press, "photographs-2027", {ABOUT: f"Theirs instead of: {first}"})
    press.release("2027-01", {"information.held": lambda text: text.replace(held, "Theirs.")})
    press.settle()
    assert ABOUT in on_desk(press, "alder-primary", PHOTOGRAPHS, questions)
    withdraw(press, "photographs-2027")
    assert on_desk(press, "alder-primary", PHOTOGRAPHS, questions) == {}
    assert on_desk(press, "alder-primary", "general", questions)["information.held"] == "conflict"


def test_a_question_about_a_further_notice_that_counts_no_more_is_none_any_more(press):
    admissions(press)
    press.settle()
    key = "admissions-purpose.places"
    press.adapt("alder-primary", key, lambda text: text.replace("We use", "They use"), kind="admissions")
    now = clock.now()
    with press.database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name="admissions-2", title="2", effective_at=now, now=now, kind="admissions")
        words = ClauseWords(key, "Places", "You use another form.", "Because.", 99, section="admissions-purpose")
        save_clause(session, SYSTEM, draft, words, now=now)
        publish_release(session, SYSTEM, draft, now=now)
    press.settle()
    assert key in on_desk(press, "alder-primary", "admissions", questions)
    withdraw(press, "admissions-2", "admissions-1")
    with press.database.session() as session, every_tenant(session, "tests"):
        assert asked(press, session, key) == []


def test_words_of_a_further_notice_that_a_withdrawn_release_took_over_are_the_schools_own_again(press):
    press.adapt("alder-primary", ABOUT, lambda text: f"{text}\n\nOur own line.", kind=PHOTOGRAPHS)
    shared = press.shared_text(ABOUT, "photographs-2026-09")
    photographs_release(press, "photographs-2027", {ABOUT: f"{shared}\n\nOur own line."})
    press.settle()
    assert "Our own line." in press.text("birch-academy", kind=PHOTOGRAPHS)
    withdraw(press, "photographs-2027")
    assert "Our own line." in press.text("alder-primary", kind=PHOTOGRAPHS)
    assert "Our own line." not in press.text("birch-academy", kind=PHOTOGRAPHS)


def test_a_question_about_a_further_notice_is_settled_without_its_desk_at_hand(press):
    shared = press.shared_text(ABOUT, "photographs-2026-09")
    first = shared.split("\n")[0]
    press.adapt("alder-primary", ABOUT, lambda text: text.replace(first, "Ours."), kind=PHOTOGRAPHS)
    photographs_release(press, "photographs-2027", {ABOUT: shared.replace(first, "Theirs.")})
    press.settle()
    with press.database.transaction() as session:
        tenant = press.school(session, "alder-primary")
        with tenant_scope(session, tenant.id):
            (row,) = asked(press, session, ABOUT)
            decide(session, SYSTEM, tenant, row, DecisionChoice.SHARED, now=clock.now())
    press.settle()
    assert "Theirs." in press.text("alder-primary", kind=PHOTOGRAPHS)


def test_the_only_release_of_a_further_kind_can_be_withdrawn_and_its_past_stays(press):
    admissions(press)
    press.settle()
    before = clock.now()
    withdraw(press, "admissions-1")
    with pytest.raises(NotFound):
        press.notice("alder-primary", kind="admissions")
    assert "offer places" in press.text("alder-primary", before, kind="admissions")
    assert "admissions" not in general_links(press, "alder-primary")


def test_there_was_no_such_notice_before_its_first_release(press):
    with pytest.raises(NotFound):
        press.notice("alder-primary", clock.now() - timedelta(days=200), kind=PHOTOGRAPHS)


def test_the_plan_of_a_new_kind_says_what_each_school_gets(press):
    admissions(press, publishes=False)
    with press.database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "admissions-1"), now=clock.now())
    assert {line.outcome for line in plan.lines} == {Outcome.INHERIT}
    assert {line.slug for line in plan.lines} == set(SCHOOLS)


@pytest.mark.parametrize("title", ["Photographs", "General", "", "2027", "x" * 31])
def test_a_new_kind_needs_a_title_of_its_own(press, title):
    now = clock.now()
    with press.database.transaction() as session, every_tenant(session, "tests"), pytest.raises(Invalid) as caught:
        new_draft(session, SYSTEM, name="new-kind", title="New", effective_at=now, now=now, kind="", kind_title=title)
    assert caught.value.field == "kind_title"


def test_no_two_kinds_share_a_clause(press):
    admissions(press, publishes=False)
    with press.database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "admissions-1")
        words = ClauseWords(ABOUT, "About", "Words.", "", draft.version, section="admissions-purpose")
        with pytest.raises(Invalid, match="Another notice"):
            save_clause(session, SYSTEM, draft, words, now=clock.now())


def test_seals_of_every_kind_verify(press):
    admissions(press)
    press.adapt("alder-primary", ABOUT, lambda text: f"{text}\n\nOurs.", kind=PHOTOGRAPHS)
    press.settle()
    with press.database.session() as session, every_tenant(session, "tests"):
        found = verify(session)
    assert found.findings == ()
    assert found.versions > 20
