"""A notice from its clauses: numbers, anchors, references, facts, and the words that are sealed."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.notices.compose import COMPOSER_VERSION, ClausePlan, SectionPlan, canonical_text, compose, frames
from portal.notices.diff import notice_changes
from portal.notices.fragments import fragment
from portal.notices.history import Origin
from portal.notices.markup import rendered
from portal.notices.placeholders import FACTS, Filler, Kind

FACTS_OF_ALDER = {"school.name": "Alder *Primary* <School>", "school.email": "office@alder.example"}

PLAN = (
    SectionPlan(
        "about",
        "About this notice",
        (ClausePlan("about.welcome", "Welcome", "{{ school.name }} looks after you.\nSee {{ see rights.access }}."),),
    ),
    SectionPlan(
        "academies", "Academies only", (ClausePlan("academies.trust", "Our trust", "It is.", applies=("academy",)),)
    ),
    SectionPlan(
        "rights",
        "Your rights",
        (
            ClausePlan("rights.intro", "Rights", "You have some.", origin=Origin.TRUST),
            ClausePlan("rights.record", "The record", "Ask the governors.", applies=("maintained",)),
            ClausePlan("rights.access", "Seeing it", "Write to {{ school.email }}.\n\n{{ version }}", Origin.SCHOOL),
        ),
    ),
)


def alder(plan=PLAN, *, facts=FACTS_OF_ALDER, law="maintained", **more):
    return compose(plan, facts=facts, blocks={"version": rendered("This is version **3**.")}, law=law, **more)


def shape(notice):
    return [
        (one.number, one.key, one.anchor, [(each.number, each.key) for each in one.clauses]) for one in notice.sections
    ]


def test_sections_and_clauses_are_numbered_in_order_and_have_anchors_from_their_keys():
    assert shape(alder()) == [
        ("1", "about", "about", [("1.1", "about.welcome")]),
        ("2", "rights", "rights", [("2.1", "rights.intro"), ("2.2", "rights.record"), ("2.3", "rights.access")]),
    ]
    assert [clause.anchor for clause in alder().clauses][-1] == "rights-access"


def test_clauses_for_other_schools_and_empty_sections_are_left_out():
    assert shape(alder(law="academy")) == [
        ("1", "about", "about", [("1.1", "about.welcome")]),
        ("2", "academies", "academies", [("2.1", "academies.trust")]),
        ("3", "rights", "rights", [("3.1", "rights.intro"), ("3.2", "rights.access")]),
    ]
    assert len(alder(law=None).clauses) == 5


def test_references_follow_the_numbers():
    assert 'See <a href="#rights-access">section 2.3, Seeing it</a>.' in alder().clauses[0].html
    assert 'See <a href="#rights-access">section 3.2, Seeing it</a>.' in alder(law="academy").clauses[0].html


def test_a_reference_may_name_a_section():
    plan = (*PLAN, SectionPlan("end", "End", (ClausePlan("end.see", "See", "See {{ see rights }}."),)))
    assert alder(plan).clauses[-1].html == '<p>See <a href="#rights">section 2, Your rights</a>.</p>'


def test_a_reference_to_a_clause_that_is_left_out_keeps_its_title_and_is_reported():
    plan = (SectionPlan("s", "S", (
        ClausePlan("s.one", "One", "See {{ see s.two }} and {{ see s.three }}."),
        ClausePlan("s.two", "Two & more", "Here.", applies=("academy",)),
    )),)  # fmt: skip
    notice = alder(plan, absent={"s.three": "Three"})
    assert notice.clauses[0].html == "<p>See Two &amp; more and Three.</p>"
    assert [(gap.kind, gap.key, gap.label, gap.clause) for gap in notice.unresolved] == [
        (Kind.REFERENCE, "s.two", "Two & more", "s.one"),
        (Kind.REFERENCE, "s.three", "Three", "s.one"),
    ]
    assert notice.can_be_published


def test_a_reference_to_nothing_blocks_publishing_and_names_who_wrote_it():
    plan = (SectionPlan("s", "S", (ClausePlan("s.one", "One", "See {{ see s.gone }}.", Origin.SCHOOL),)),)
    (gap,) = alder(plan).unresolved
    assert (gap.kind, gap.key, gap.filler) == (Kind.UNKNOWN, "s.gone", Filler.SCHOOL)
    assert not alder(plan).can_be_published


def test_facts_are_filled_in_literally_and_blocks_as_blocks():
    notice = alder()
    assert notice.clauses[0].text.startswith("Alder *Primary* <School> looks after you.")
    assert "Alder *Primary* &lt;School&gt; looks" in notice.clauses[0].html
    assert notice.clauses[-1].html.endswith("<p>This is version <strong>3</strong>.</p>")
    assert notice.unresolved == ()


def test_what_is_missing_is_told_with_its_clause_and_blocks_publishing():
    notice = compose(PLAN, facts={"school.name": " "}, blocks={}, law="maintained")
    assert [(gap.clause, gap.key, gap.filler) for gap in notice.unresolved] == [
        ("about.welcome", "school.name", Filler.SCHOOL),
        ("rights.access", "school.email", Filler.SCHOOL),
        ("rights.access", "version", Filler.SERVICE),
    ]
    assert not notice.can_be_published
    assert "<mark>[the school’s name]</mark>" in notice.clauses[0].html


def test_two_clauses_with_one_key_still_have_anchors_of_their_own():
    added = (
        ClausePlan("local.note", "Note", "A note.", Origin.TRUST),
        ClausePlan("local.note", "Note", "Ours.", Origin.SCHOOL),
    )
    anchors = [clause.anchor for clause in alder((SectionPlan("local-note", "Notes", added),)).clauses]
    assert anchors == ["local-note-2", "local-note-3"]


def test_the_canonical_text_is_the_words_and_nothing_else():
    assert canonical_text(alder()) == (
        "1. About this notice\n\n1.1 Welcome\n\n"
        "Alder *Primary* <School> looks after you. See section 2.3, Seeing it.\n\n"
        "2. Your rights\n\n2.1 Rights\n\nYou have some.\n\n2.2 The record\n\nAsk the governors.\n\n"
        "2.3 Seeing it\n\nWrite to office@alder.example.\n\nThis is version 3.\n"
    )


def test_a_link_inside_the_portal_leaves_no_address_in_the_canonical_text():
    plan = (SectionPlan("s", "S", (ClausePlan("s.one", "One", "{{ request_link }}"),)),)
    notice = compose(plan, facts={}, blocks={"request_link": rendered("[Ask here](/schools/alder/requests/start)")})
    assert canonical_text(notice) == "1. S\n\n1.1 One\n\nAsk here\n"
    assert 'href="/schools/alder/requests/start"' in notice.clauses[0].html


def test_schools_with_the_same_plan_share_what_does_not_name_them():
    fragment.cache_clear()
    frames.cache_clear()
    one = alder(facts={"school.name": "Alder", "school.email": "a@alder.example"})
    parsed = fragment.cache_info().misses
    other = alder(facts={"school.name": "Birch", "school.email": "a@birch.example"})
    assert fragment.cache_info().misses == parsed
    assert frames.cache_info().hits == 1
    assert other.clauses[1] is one.clauses[1]
    assert other.clauses[0] != one.clauses[0]


def test_composed_notices_can_be_compared():
    changed = alder(facts={**FACTS_OF_ALDER, "school.email": "head@alder.example"})
    assert [each.key for each in notice_changes(alder().clauses, changed.clauses)] == ["rights.access"]


def test_the_composer_has_a_version():
    assert re.fullmatch(r"\d+", COMPOSER_VERSION)


@given(st.dictionaries(st.sampled_from(sorted(FACTS)), st.text(max_size=30)))
@settings(max_examples=200, deadline=None)
def test_composing_twice_gives_the_same_and_no_fact_adds_an_element(facts):
    text = "\n".join(f"One {{{{ {key} }}}} two." for key in sorted(FACTS))
    plan = (SectionPlan("s", "S", (ClausePlan("s.one", "One", text),)),)
    notice = compose(plan, facts=facts, blocks={})
    assert notice == compose(plan, facts=dict(reversed(facts.items())), blocks={})
    assert set(re.findall(r"</?(\w+)", notice.clauses[0].html)) <= {"p", "a", "mark"}


def test_a_clause_in_another_language_has_its_references_and_blocks_in_it_and_an_english_one_has_not():
    text = "{{ see b.two }}.\n\n{{ version }}"
    plan = [
        SectionPlan("a", "A", (ClausePlan("a.one", "One", text),)),
        SectionPlan("b", "B", (ClausePlan("b.two", "Dau", text, language="cy"),), "cy"),
    ]
    notice = compose(
        plan, facts={}, blocks={"version": rendered("Version 3.")}, wording="adran {number}, {title}",
        translated_blocks={"version": rendered("Fersiwn 3.")},
    )  # fmt: skip
    assert [clause.text for clause in notice.clauses] == [
        "section 2.1, Dau.\n\nVersion 3.",
        "adran 2.1, Dau.\n\nFersiwn 3.",
    ]
    assert [(one.language, one.clauses[0].language) for one in notice.sections] == [("en", "en"), ("cy", "cy")]
