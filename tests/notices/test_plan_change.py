"""What a release means for one school: each outcome, and the promises that hold in all of them."""

from itertools import product

import pytest

from portal.notices.models import ClausePolicy, OverrideMode, PreferenceKind
from portal.notices.rules import (
    REASONS,
    Flags,
    Outcome,
    Why,
    is_inherited_again,
    plan_change,
    refusal,
    through_trust,
    until_filled_in,
)

BASE = "We hold your name.\nWe keep it for six years.\n\nYou can ask us.\nWe answer in a month."
SHARED = BASE.replace("a month", "30 days")
APART = BASE.replace("your name", "the name of your child")
SAME_SENTENCE = BASE.replace("a month", "two weeks")


def plan(shared=SHARED, local=None, **more):
    known = {
        "policy": ClausePolicy.ADAPTABLE,
        "flags": Flags(),
        "preference": PreferenceKind.TAKE,
        "mode": None if local is None else OverrideMode.ADAPT,
        "base_text": BASE,
    }
    return plan_change(**{**known, **more}, shared_text=shared, local_text=local)


def test_a_clause_that_the_release_does_not_change_is_unchanged():
    assert plan(BASE).outcome is Outcome.UNCHANGED
    assert plan(BASE, APART).outcome is Outcome.UNCHANGED
    assert plan(BASE, APART).text == APART
    assert plan(BASE, mode=OverrideMode.OMIT, policy=ClausePolicy.OPTIONAL).outcome is Outcome.UNCHANGED


def test_a_school_without_words_of_its_own_inherits():
    assert (plan().outcome, plan().text) == (Outcome.INHERIT, SHARED)
    assert plan(local=BASE).outcome is Outcome.INHERIT


def test_a_school_that_wants_to_be_asked_keeps_the_old_words_until_it_says_yes():
    asked = plan(preference=PreferenceKind.ASK)
    assert (asked.outcome, asked.why, asked.text, asked.proposed) == (Outcome.CONFIRM, Why.ASKS_FIRST, BASE, SHARED)


def test_a_statement_of_fact_waits_for_every_schools_yes():
    asked = plan(flags=Flags(confirm=True))
    assert (asked.outcome, asked.why, asked.text) == (Outcome.CONFIRM, Why.STATES_A_FACT, BASE)


def test_a_new_clause_is_inherited_or_asked_about():
    assert plan(base_text=None).text == SHARED
    assert plan(base_text=None, flags=Flags(confirm=True)).text is None
    assert plan(base_text=None, preference=PreferenceKind.ASK).proposed == SHARED


def test_changes_apart_merge():
    merged = plan(local=APART)
    assert merged.outcome is Outcome.MERGED
    assert merged.text == APART.replace("a month", "30 days")


def test_a_merge_waits_for_review_where_the_clause_asks_for_it():
    merged = plan(local=APART, flags=Flags(review=True))
    assert (merged.outcome, merged.text) == (Outcome.REVIEW, APART)
    assert merged.proposed == APART.replace("a month", "30 days")


def test_a_merge_waits_for_the_schools_yes_before_it_waits_for_review():
    merged = plan(local=APART, flags=Flags(review=True), preference=PreferenceKind.ASK)
    assert (merged.outcome, merged.text) == (Outcome.CONFIRM, APART)


def test_two_changes_to_one_sentence_conflict_and_the_page_keeps_the_schools_words():
    found = plan(local=SAME_SENTENCE)
    assert (found.outcome, found.text) == (Outcome.CONFLICT, SAME_SENTENCE)
    assert found.merge.conflicts[0].shared == "We answer in 30 days."


def test_the_rest_of_a_conflict_is_merged_already():
    found = plan(SHARED.replace("your name", "your names"), SAME_SENTENCE)
    assert found.text == SAME_SENTENCE
    assert found.proposed == SAME_SENTENCE.replace("your name", "your names")


def test_words_that_equal_the_new_shared_words_are_inherited_again_without_a_question():
    found = plan(local=SHARED, preference=PreferenceKind.ASK, flags=Flags(review=True, confirm=True))
    assert (found.outcome, found.why) == (Outcome.INHERIT, Why.SAYS_THE_SAME)
    assert is_inherited_again(SHARED, found.text)


def test_words_that_hold_the_change_already_need_no_question():
    local = APART.replace("a month", "30 days")
    found = plan(local=local, preference=PreferenceKind.ASK, flags=Flags(review=True, confirm=True))
    assert (found.outcome, found.why, found.text) == (Outcome.MERGED, Why.HOLDS_ALREADY, local)


def test_a_clause_left_out_stays_out():
    found = plan(mode=OverrideMode.OMIT, policy=ClausePolicy.OPTIONAL, preference=PreferenceKind.ASK)
    assert (found.outcome, found.text) == (Outcome.OMITTED, None)


def test_a_clause_that_may_no_longer_be_left_out_comes_back():
    back = plan(mode=OverrideMode.OMIT, policy=ClausePolicy.LOCKED)
    assert (back.outcome, back.text) == (Outcome.INHERIT, SHARED)
    asked = plan(mode=OverrideMode.OMIT, policy=ClausePolicy.ADAPTABLE, preference=PreferenceKind.ASK)
    assert (asked.outcome, asked.text) == (Outcome.CONFIRM, None)


@pytest.mark.parametrize("mode", [OverrideMode.BEFORE, OverrideMode.AFTER])
@pytest.mark.parametrize("shared", [SHARED, BASE, None])
def test_a_clause_beside_a_shared_one_is_not_touched(mode, shared):
    found = plan(shared, "Our own.", mode=mode, preference=PreferenceKind.ASK)
    assert (found.outcome, found.text) == (Outcome.UNCHANGED, "Our own.")


def test_a_retired_clause_goes_unless_the_school_has_words_in_it():
    assert (plan(None).outcome, plan(None).text) == (Outcome.INHERIT, None)
    assert plan(None, preference=PreferenceKind.ASK).text == BASE
    assert plan(None, flags=Flags(confirm=True)).outcome is Outcome.INHERIT
    assert plan(None, mode=OverrideMode.OMIT, policy=ClausePolicy.LOCKED).outcome is Outcome.OMITTED
    kept = plan(None, APART)
    assert (kept.outcome, kept.why, kept.text) == (Outcome.CONFLICT, Why.RETIRED, APART)


def test_a_split_clause_asks_the_school_that_has_words_in_it():
    found = plan(local=APART, flags=Flags(is_split=True))
    assert (found.outcome, found.why, found.text) == (Outcome.CONFLICT, Why.SPLIT, APART)
    assert plan(flags=Flags(is_split=True)).outcome is Outcome.INHERIT


def test_a_locked_clause_says_the_shared_words_and_the_school_is_told():
    found = plan(local=APART, policy=ClausePolicy.LOCKED)
    assert (found.outcome, found.why, found.text) == (Outcome.CONFLICT, Why.LOCKED, SHARED)
    asked = plan(local=APART, policy=ClausePolicy.LOCKED, preference=PreferenceKind.ASK)
    assert (asked.why, asked.text) == (Why.LOCKED, BASE), "neither its own words nor new ones before it says yes"


EVERYTHING = list(
    product(
        ClausePolicy,
        [Flags(review, confirm, is_split) for review, confirm, is_split in product((False, True), repeat=3)],
        PreferenceKind,
        [None, *OverrideMode],
        [BASE, None],
        [BASE, SHARED, None],
        [APART, APART.replace("a month", "30 days"), SAME_SENTENCE, SHARED, BASE, None],
    )
)


def test_every_case_has_an_outcome_with_a_reason():
    found = [
        plan_change(
            policy=policy,
            flags=flags,
            preference=preference,
            mode=mode,
            base_text=base,
            shared_text=shared,
            local_text=local,
        )
        for policy, flags, preference, mode, base, shared, local in EVERYTHING
    ]
    assert {each.outcome for each in found} == set(Outcome)
    waiting = {until_filled_in(each, each.text).why for each in found}
    assert {each.why for each in found} | waiting | {through_trust(BASE, SHARED).why} == set(Why) == set(REASONS)
    assert all(each.reason for each in found)


def test_nothing_new_stands_in_the_name_of_a_school_that_wants_to_be_asked():
    for policy, flags, _, mode, base, shared, local in EVERYTHING:
        if policy is ClausePolicy.LOCKED and mode in (OverrideMode.ADAPT, OverrideMode.OMIT):
            continue
        found = plan_change(
            policy=policy, flags=flags, preference=PreferenceKind.ASK, mode=mode, base_text=base, shared_text=shared,
            local_text=local,
        )  # fmt: skip
        present = None if mode is OverrideMode.OMIT else local if mode and local is not None else base
        if mode in (OverrideMode.BEFORE, OverrideMode.AFTER):
            present = local
        assert found.text == present


def test_no_words_of_a_school_go_without_a_question():
    for policy, flags, preference, _, base, shared, local in EVERYTHING:
        found = plan_change(
            policy=policy, flags=flags, preference=preference, mode=OverrideMode.ADAPT, base_text=base,
            shared_text=shared, local_text=local,
        )  # fmt: skip
        if local in (None, base, shared) or found.outcome is Outcome.CONFLICT:
            continue
        own = set(local.split("\n")) - set((base or "").split("\n"))
        assert own <= set((found.text or "").split("\n"))


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        (ClausePolicy.LOCKED, {OverrideMode.ADAPT, OverrideMode.OMIT}),
        (ClausePolicy.ADAPTABLE, {OverrideMode.OMIT}),
        (ClausePolicy.OPTIONAL, set()),
    ],
)
def test_a_policy_says_what_a_school_may_do(policy, refused):
    assert {mode for mode in OverrideMode if refusal(policy, mode)} == refused
