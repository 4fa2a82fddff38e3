"""A school's own document beside the library, and what applying it does to the school's notice."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.identity.permissions import SYSTEM
from portal.lifecycle.bring_notice import Comparison, bring, choose, correct, drop, report_of, run_by_id, steps_of
from portal.lifecycle.import_apply import apply_import, undo_import
from portal.lifecycle.import_corrections import Correction
from portal.lifecycle.import_plan import Choices, Deed
from portal.lifecycle.library_import import import_reference
from portal.notices.actions import adopt_override
from portal.notices.importing.blocks import reconstruct, same_text
from portal.notices.importing.report import Class
from portal.notices.models import (
    DraftStatus,
    ImportRun,
    Override,
    OverrideDraft,
    OverrideMode,
    Release,
    WordingProposal,
)
from portal.notices.queries import notice_at, release_in_force
from portal.tenancy.queries import facts_at
from portal.tenancy.scope import every_tenant
from tests.lifecycle.bringing import blocks_of, document

NOW = clock.now()
SCHOOL = "st-thomas-of-canterbury"
OWN_CLUB = "Our breakfast club keeps a list of who came and what they may not eat, because cereals differ."
REWORDED = ("information.held", "What we hold depends on who you are.", "What our school holds depends on who you are.")
REVIEWED = ("sharing.urgent", "share what is needed at once", "share what is needed without waiting")
LOCKED = ("rights.intro", "rights", "rights and wishes")


@pytest.fixture
def everywhere(session):
    with every_tenant(session, "tests"):
        yield session


@pytest.fixture
def brought(everywhere, school):
    """A made document of St Thomas's, compared."""

    def run(text, *, slug=SCHOOL, actor=SYSTEM):
        return bring(everywhere, actor, school(slug), blocks_of(text), document="our notice.txt", now=NOW)

    return run


@pytest.fixture
def applied(everywhere, brought, school):
    def run(text, *, slug=SCHOOL):
        made = brought(text, slug=slug)
        return made, {step.key: step for step in apply_import(everywhere, SYSTEM, school(slug), made, now=NOW)}

    return run


def overrides(session, tenant):
    statement = select(Override).where(Override.tenant_id == tenant.id, Override.ended_at.is_(None))
    return {row.key: row for row in session.scalars(statement)}


def drafts(session, tenant):
    return {row.key: row for row in session.scalars(select(OverrideDraft).where(OverrideDraft.tenant_id == tenant.id))}


def notice_text(session, tenant):
    return notice_at(session, tenant, clock.now() + timedelta(seconds=1)).text


def test_every_block_is_accounted_for_and_the_source_can_be_printed_again(brought):
    text = document(change=[REWORDED], add=[("sources.where", OWN_CLUB)])
    report = report_of(brought(text))
    assert report.accounted == report.total > 100
    assert same_text(reconstruct(entry.block for entry in report.entries), text)


def test_a_copy_of_the_wording_in_force_changes_nothing_but_what_the_portal_did_not_know(applied, everywhere, school):
    _, steps = applied(document())
    assert {step.deed for step in steps.values()} <= {Deed.SHARED, Deed.FACT, Deed.FACT_KEPT}
    assert not overrides(everywhere, school(SCHOOL))


def test_only_applying_changes_the_notice(brought, everywhere, school):
    before = notice_text(everywhere, school(SCHOOL))
    run = brought(document(change=[REWORDED], add=[("sources.where", OWN_CLUB)]))
    steps_of(everywhere, school(SCHOOL), run, now=NOW)
    assert notice_text(everywhere, school(SCHOOL)) == before
    assert not overrides(everywhere, school(SCHOOL))


def test_own_words_of_a_clause_are_shown_from_now_on_and_made_from_the_edition_in_force(applied, everywhere, school):
    _, steps = applied(document(change=[REWORDED]))
    assert steps["information.held"].deed is Deed.OVERRIDE
    row = overrides(everywhere, school(SCHOOL))["information.held"]
    assert (row.base_release, row.effective_at) == ("2026-09", NOW)
    assert REWORDED[2] in notice_text(everywhere, school(SCHOOL))


def test_own_words_that_need_a_review_wait_for_it(applied, everywhere, school):
    _, steps = applied(document(change=[REVIEWED]))
    assert steps["sharing.urgent"].deed is Deed.REVIEW
    assert drafts(everywhere, school(SCHOOL))["sharing.urgent"].status is DraftStatus.IN_REVIEW
    assert REVIEWED[2] not in notice_text(everywhere, school(SCHOOL))


def test_own_words_made_from_an_edition_that_is_not_in_force_wait_beside_the_present_wording(
    applied, everywhere, school
):
    old = ("transfers.abroad", "The protection there must", "Every time, the protection there must")
    _, steps = applied(document(1, change=[old]))
    assert steps["transfers.abroad"].deed is Deed.DRAFT
    draft = drafts(everywhere, school(SCHOOL))["transfers.abroad"]
    assert draft.base_release == "2025-09"
    former = release_in_force(everywhere, NOW, name="2025-09")
    assert draft.base_hash == next(one.part_hash for one in former.clauses if one.key == "transfers.abroad")
    assert "Every time" not in notice_text(everywhere, school(SCHOOL))


def test_an_older_shared_wording_gives_way_to_the_one_in_force(applied, everywhere, school):
    _, steps = applied(document(1))
    assert steps["complaints.school"].deed is Deed.SHARED
    assert not overrides(everywhere, school(SCHOOL))
    assert not drafts(everywhere, school(SCHOOL))


def test_other_words_of_a_locked_clause_are_proposed_and_the_page_shows_the_shared_ones(applied, everywhere, school):
    _, steps = applied(document(change=[LOCKED]))
    assert steps["rights.intro"].deed is Deed.PROPOSAL
    proposal = everywhere.scalars(select(WordingProposal)).one()
    assert (proposal.key, proposal.settled_at) == ("rights.intro", None)
    assert "rights and wishes" in proposal.text
    assert "rights and wishes" not in notice_text(everywhere, school(SCHOOL))


def test_text_that_only_the_school_has_stays_in_its_place(applied, everywhere, school):
    applied(document(add=[("sources.where", OWN_CLUB)]))
    text = notice_text(everywhere, school(SCHOOL))
    assert OWN_CLUB in text
    assert text.index("Where we get") < text.index(OWN_CLUB) < text.index("Your rights")


def left_out(session, tenant, run):
    steps = steps_of(session, tenant, run, now=NOW)
    return {step.text: step.why for step in steps if step.deed is Deed.LEFT_OUT}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("By staying on this page you accept our cookies.", "out of date"),
        ("Version 9, agreed on 4 May 2022", "its own data"),
        ("Fax number: 01632 960777", "its own data"),
        ("If you live in the Leeds City Council area you can find their privacy notice here", "its own data"),
    ],
)
def test_what_would_not_go_into_the_notice_is_shown_with_its_words(brought, everywhere, school, line, why):
    run = brought(document(add=[("changes.version", line)]))
    told = left_out(everywhere, school(SCHOOL), run)
    assert [why in reason for text, reason in told.items() if text == line] == [True]


def test_what_the_portal_knows_already_is_not_told_as_left_out(brought, everywhere, school):
    tenant = school(SCHOOL)
    known = facts_at(everywhere, tenant.id, NOW)
    line = f"You can ring us on {known['school.telephone']} or email {known['school.email']}."
    assert line not in left_out(everywhere, tenant, brought(document(add=[("rights.how-to-ask", line)])))


def test_facts_are_filled_in_from_now_on_and_known_ones_are_kept(applied, everywhere, school):
    tenant = school(SCHOOL)
    known = facts_at(everywhere, tenant.id, NOW)
    _, steps = applied(document())
    assert steps["school.email"].deed is Deed.FACT_KEPT
    assert facts_at(everywhere, tenant.id, NOW)["school.email"] == known["school.email"]
    earlier = NOW - timedelta(microseconds=1)
    assert facts_at(everywhere, tenant.id, earlier) == known


@pytest.mark.parametrize(("slug", "is_missing"), [("birch-academy", False), (SCHOOL, True)])
def test_only_sections_for_this_kind_of_school_are_missing(everywhere, brought, school, slug, is_missing):
    run = brought(document(leave_out=["rights.educational-record"]), slug=slug)
    assert ("rights.educational-record" in report_of(run).missing) is is_missing


def test_a_person_may_take_a_fact_of_the_document(brought, everywhere, school):
    run = brought(document())
    chosen = Choices({}, frozenset({"school.email"}), frozenset())
    choose(everywhere, SYSTEM, school(SCHOOL), run, chosen, seen=run.version)
    apply_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW)
    assert facts_at(everywhere, school(SCHOOL).id, NOW)["school.email"] == "hello@alder-primary.example"


def test_applying_twice_is_applying_once(applied, everywhere, school):
    text = document(change=[REWORDED, REVIEWED, LOCKED], add=[("sources.where", OWN_CLUB)])
    run, first = applied(text)
    assert apply_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW) == []
    rows = set(overrides(everywhere, school(SCHOOL)))
    _, second = applied(text)
    done = {Deed.OVERRIDE, Deed.LOCAL, Deed.REVIEW, Deed.PROPOSAL}
    assert {step.deed for step in first.values()} > done
    assert not {step.deed for step in second.values()} & {*done, Deed.DRAFT}
    assert set(overrides(everywhere, school(SCHOOL))) == rows
    assert len(everywhere.scalars(select(WordingProposal)).all()) == 1


def test_applying_can_be_taken_back(applied, everywhere, school):
    before = notice_text(everywhere, school(SCHOOL))
    run, _ = applied(document(change=[REWORDED, REVIEWED, LOCKED], add=[("sources.where", OWN_CLUB)]))
    assert notice_text(everywhere, school(SCHOOL)) != before
    assert undo_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW + timedelta(microseconds=5)) >= 4
    assert not overrides(everywhere, school(SCHOOL))
    assert not drafts(everywhere, school(SCHOOL))
    assert undo_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW + timedelta(seconds=1)) == 0


@pytest.mark.parametrize("mode", [OverrideMode.ADAPT, OverrideMode.OMIT])
def test_taking_back_brings_back_what_the_school_had_before(brought, everywhere, school, mode):
    tenant = school(SCHOOL)
    adopt_override(everywhere, tenant, clause_key="limits.research", mode=mode, text="We join no study.\n", now=NOW)
    everywhere.flush()
    had = overrides(everywhere, tenant)["limits.research"].part_hash
    run = brought(document())
    choose(
        everywhere,
        SYSTEM,
        tenant,
        run,
        Choices({"limits.research": "omit"}, frozenset(), frozenset()),
        seen=run.version,
    )
    apply_import(everywhere, SYSTEM, tenant, run, now=NOW + timedelta(microseconds=3))
    assert overrides(everywhere, tenant)["limits.research"].mode is OverrideMode.OMIT
    undo_import(everywhere, SYSTEM, tenant, run, now=NOW + timedelta(microseconds=6))
    again = overrides(everywhere, tenant)["limits.research"]
    assert (again.mode, again.part_hash) == (mode, had)


@pytest.mark.parametrize(
    ("key", "old", "new", "kept"),
    [
        ("rights.how-to-ask", "talk to any member of staff", "talk to whoever is there", "{{ request_link }}"),
        ("purposes.lawful-bases", "The page about each activity", "Each page", "{{ see purposes.specific-notices }}"),
        ("about.dpo", "Anyone may talk", "Everybody may talk", "{{ service.name }}"),
        ("about.dpo", "Anyone may talk", "Everybody may talk", "- Post: {{ dpo.name }}, {{ dpo.address }}"),
        ("sharing.authorities", "who are 13 or older", "aged 13 or over", "{{ authority_links }}"),
        ("changes.version", "We keep this notice", "We hold this notice", "{{ version }}"),
        ("complaints.school", "without delay", "swiftly", "1. Within 30 days"),
        ("complaints.school", "without delay", "swiftly", "{{ request_link }}"),
        ("retention.how-long", "wipe files", "burn files", "| Staff files | 6 years after the job ends |"),
    ],
)
def test_words_copied_from_the_published_notice_keep_what_the_portal_fills_in(
    brought, everywhere, school, key, old, new, kept
):
    tenant = school(SCHOOL)
    page = notice_text(everywhere, tenant)
    assert old in page
    steps = steps_of(everywhere, tenant, brought(page.replace(old, new, 1)), now=NOW)
    (step,) = [step for step in steps if step.key == key]
    assert step.deed in {Deed.OVERRIDE, Deed.REVIEW, Deed.PROPOSAL}
    assert new in step.text
    assert kept in step.text.splitlines() or kept in step.text
    assert step.text.count(kept) == 1


def test_a_table_of_a_document_becomes_a_table_of_the_notice(applied, everywhere, school):
    rows = "Our cashless till\n\nWhat | How long\nFinger shapes | Until you leave\nTill rolls | Two winters\n"
    _, steps = applied(document(add=[("retention.how-long", rows)]))
    (step,) = [step for step in steps.values() if step.deed is Deed.LOCAL]
    assert step.text.splitlines() == [
        "| What | How long |",
        "| --- | --- |",
        "| Finger shapes | Until you leave |",
        "| Till rolls | Two winters |",
    ]
    assert "Two winters" in notice_text(everywhere, school(SCHOOL))


def test_words_that_the_school_published_meanwhile_are_not_replaced(applied, everywhere, school):
    present = overrides(everywhere, school("alder-primary"))["about.welcome"].part_hash
    _, steps = applied(document(change=[("about.welcome", "Just ring", "Simply ring")]), slug="alder-primary")
    assert steps["about.welcome"].deed is Deed.DRAFT
    assert overrides(everywhere, school("alder-primary"))["about.welcome"].part_hash == present


def test_a_person_may_decide_that_a_paragraph_is_out_of_date(brought, everywhere, school):
    run = brought(document(add=[("sources.where", OWN_CLUB)]))
    index = next(entry.block.index for entry in report_of(run).entries if entry.block.text == OWN_CLUB)
    correction = Correction(index, Class.OBSOLETE)
    correct(everywhere, SYSTEM, school(SCHOOL), run, correction, seen=run.version, now=NOW)
    assert report_of(run).local_clauses == ()
    apply_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW)
    assert OWN_CLUB not in notice_text(everywhere, school(SCHOOL))


def test_a_person_may_move_a_paragraph_into_a_shared_clause(brought, everywhere, school):
    run = brought(document(add=[("sources.where", OWN_CLUB)]))
    index = next(entry.block.index for entry in report_of(run).entries if entry.block.text == OWN_CLUB)
    correction = Correction(index, Class.REWORDED, "information.held")
    correct(everywhere, SYSTEM, school(SCHOOL), run, correction, seen=run.version, now=NOW)
    decision = next(one for one in report_of(run).decisions if one.key == "information.held")
    assert decision.kind is Class.REWORDED
    assert OWN_CLUB.split(",", maxsplit=1)[0] in decision.text
    assert report_of(run).accounted == report_of(run).total


def test_two_people_deciding_at_once_are_told(brought, everywhere, school):
    run = brought(document(add=[("sources.where", OWN_CLUB)]))
    seen = run.version
    choose(everywhere, SYSTEM, school(SCHOOL), run, Choices({}, frozenset(), frozenset({1})), seen=seen)
    with pytest.raises(Conflict):
        apply_import(everywhere, SYSTEM, school(SCHOOL), run, now=NOW, seen=seen)


def test_a_report_can_be_thrown_away(brought, everywhere, school):
    run = brought(document())
    drop(everywhere, SYSTEM, school(SCHOOL), run, seen=run.version)
    assert everywhere.scalars(select(ImportRun)).all() == []


@pytest.mark.parametrize("name", ["ben", "gus", "dora", "audrey"])
def test_who_may_not_import_is_refused(brought, actor, name):
    with pytest.raises(Forbidden):
        brought(document(), slug="alder-primary", actor=actor(name))


def test_another_schools_import_does_not_exist(brought, everywhere, school):
    run = brought(document())
    with pytest.raises(Exception, match="no such import"):
        run_by_id(everywhere, school("alder-primary"), run.id)


@pytest.mark.parametrize(
    "text",
    [
        "Pancakes need two eggs, some flour and some milk. " * 20,
        "Wir verarbeiten personenbezogene Daten nur, wenn das Gesetz es erlaubt und die Schule es braucht. " * 10,
    ],
)
def test_a_page_that_is_no_english_privacy_notice_is_refused_and_nothing_is_kept(brought, everywhere, text):
    with pytest.raises(Invalid):
        brought(text)
    assert everywhere.scalars(select(ImportRun)).all() == []


def test_a_template_becomes_a_reference_edition_that_is_never_in_force(everywhere):
    text = document(1, change=[("information.held", "What we hold", "All that we hold")])
    kept = import_reference(
        everywhere, SYSTEM, blocks_of(text), name="county-template", effective_from=date(2021, 9, 1), now=NOW
    )
    assert kept.is_new
    assert release_in_force(everywhere, NOW + timedelta(days=900)).name == "2026-09"
    names = [edition.name for edition in Comparison(everywhere, now=NOW).editions if edition.reference]
    assert names == ["county-template"]


def test_a_reference_edition_is_kept_once_and_never_takes_another_releases_name(everywhere):
    again = {"effective_from": None, "now": NOW}
    import_reference(everywhere, SYSTEM, blocks_of(document(1)), name="county-template", **again)
    assert not import_reference(everywhere, SYSTEM, blocks_of(document(1)), name="county-template", **again).is_new
    for name in ("county-template", "2026-09"):
        with pytest.raises(Invalid, match="another name"):
            import_reference(everywhere, SYSTEM, blocks_of(document(0)), name=name, **again)
    assert len(everywhere.scalars(select(Release).where(Release.name == "county-template")).all()) == 1
