"""The three-way merge: what it keeps, what it asks, and what it never does in silence."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.notices.merge import Choice, merge, merge_clause, merge_notice, settle
from portal.notices.sentences import to_sentences

BASE = "We hold your name.\nWe keep it for six years.\nThen we delete it.\n\nYou can ask us.\nWe answer in a month."

SENTENCES = st.sampled_from([f"Sentence {letter} stands here." for letter in "ABCDEFGH"])
TEXTS = (
    st.lists(st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join), max_size=4).map("\n\n".join).map(to_sentences)
)
ITEMS = st.lists(SENTENCES.map("- {}".format), min_size=1, max_size=4).map("\n".join)
CLAUSES = st.lists(st.one_of(TEXTS.filter(bool), ITEMS), max_size=4).map("\n\n".join).map(to_sentences)


def edited(text, choices):
    """Each line kept, taken out, replaced by words found nowhere else, or followed by them."""
    lines = text.split("\n") if text else []
    found = []
    for number, (line, (what, who)) in enumerate(zip(lines, choices, strict=False)):
        if what != "delete":
            found.append(f"Only {who} says {number}." if what == "replace" and line else line)
        if what == "insert":
            found.append(f"And {who} adds {number}.")
    return to_sentences("\n".join([*found, *lines[len(choices) :]]))


EDITS = st.lists(st.sampled_from(["keep", "keep", "keep", "delete", "replace", "insert"]), min_size=30, max_size=30)


def test_changes_to_sentences_apart_are_both_taken():
    shared = BASE.replace("your name", "your name and address")
    local = BASE.replace("a month", "two weeks")
    merged = merge(BASE, shared, local)
    assert merged.clean
    assert merged.text == shared.replace("a month", "two weeks")


def test_two_different_changes_to_one_sentence_are_a_conflict_in_which_the_local_words_stand():
    shared, local = BASE.replace("six", "seven"), BASE.replace("six", "five")
    merged = merge(BASE, shared, local)
    (conflict,) = merged.conflicts
    assert (conflict.base, conflict.shared, conflict.local) == (
        "We keep it for six years.",
        "We keep it for seven years.",
        "We keep it for five years.",
    )
    assert merged.text == local


def test_changes_to_neighbouring_sentences_are_a_conflict():
    merged = merge(BASE, BASE.replace("six", "seven"), BASE.replace("delete", "destroy"))
    (conflict,) = merged.conflicts
    assert conflict.base == "We keep it for six years.\nThen we delete it."


def test_changes_on_both_sides_of_a_paragraph_break_are_not_neighbours():
    merged = merge(BASE, BASE.replace("delete", "destroy"), BASE.replace("can ask", "may ask"))
    assert merged.clean
    assert merged.text == BASE.replace("delete", "destroy").replace("can ask", "may ask")


def test_the_same_change_on_both_sides_is_taken_once():
    same = BASE.replace("six", "seven")
    merged = merge(BASE, same.replace("a month", "two weeks"), same)
    assert merged.clean
    assert merged.text.count("seven") == 1


def test_a_conflict_does_not_hold_up_the_rest():
    shared = BASE.replace("your name", "your names").replace("a month", "30 days")
    local = BASE.replace("your name", "the name")
    merged = merge(BASE, shared, local)
    assert len(merged.conflicts) == 1
    assert "30 days" in merged.text


def test_a_clause_taken_out_by_the_library_and_changed_by_the_school_is_a_conflict():
    local = BASE.replace("six", "five")
    merged = merge_clause(BASE, None, local)
    assert not merged.clean
    assert merged.conflicts[0].shared == ""
    assert merged.text == local


def test_a_clause_taken_out_by_the_library_and_left_alone_by_the_school_goes():
    assert merge_clause(BASE, None, BASE).text == ""


def test_answers_settle_conflicts_one_by_one():
    shared = BASE.replace("your name", "your names").replace("a month", "30 days")
    local = BASE.replace("your name", "the name").replace("a month", "two weeks")
    merged = merge(BASE, shared, local)
    assert settle(merged, [Choice.LOCAL, Choice.LOCAL]) == merged.text == local
    assert settle(merged, [Choice.SHARED, Choice.SHARED]) == shared
    assert settle(merged, [Choice.SHARED, "We answer soon. We try."]) == shared.replace(
        "We answer in 30 days.", "We answer soon.\nWe try."
    )
    with pytest.raises(ValueError, match="2 answers"):
        settle(merged, [Choice.LOCAL])


def test_own_words_that_spell_a_choice_are_words():
    merged = merge("Ask us.", "Ask them.", "Ask me.")
    assert settle(merged, ["local"]) == "local"


def test_a_conflict_at_the_edge_of_a_paragraph_keeps_paragraphs_apart():
    base = "One is here.\n\nTwo is here.\n\nThree is here."
    merged = merge(base, "One is here.\n\nThree is here.", "One is here.\n\nTwo was here.\n\nThree is here.")
    assert settle(merged, [Choice.SHARED]) == "One is here.\n\nThree is here."
    assert settle(merged, ["Two will be."]) == "One is here.\n\nTwo will be.\n\nThree is here."


def test_clauses_merge_by_key_whatever_their_order():
    base = {"a": "A one.", "b": "B one.", "c": "C one."}
    shared = {"c": "C two.", "a": "A one.", "d": "D new."}
    local = {"b": "B one.", "a": "A mine.", "c": "C one."}
    merged = merge_notice(base, shared, local)
    assert {key: (each.clean, each.text) for key, each in merged.items()} == {
        "a": (True, "A mine."),
        "b": (True, ""),
        "c": (True, "C two."),
        "d": (True, "D new."),
    }
    assert (
        merge_notice(dict(reversed(base.items())), dict(reversed(shared.items())), dict(reversed(local.items())))
        == merged
    )


@given(CLAUSES, CLAUSES)
@settings(max_examples=300, deadline=None)
def test_a_side_that_changed_nothing_gives_way_to_the_other(base, other):
    assert merge(base, base, other).text == other
    assert merge(base, other, base).text == other
    assert merge(base, other, other).text == other
    assert merge(base, base, other).clean
    assert merge(base, other, base).clean
    assert merge(base, other, other).clean


@given(CLAUSES, CLAUSES, CLAUSES)
@settings(max_examples=400, deadline=None)
def test_a_merge_is_canonical_symmetric_and_stable(base, shared, local):
    merged = merge(base, shared, local)
    turned = merge(base, local, shared)
    assert to_sentences(merged.text) == merged.text
    assert merged.clean == turned.clean
    assert len(merged.conflicts) == len(turned.conflicts)
    if merged.clean:
        assert merged.text == turned.text
        assert merge(base, merged.text, merged.text).text == merged.text
        assert merge(shared, shared, merged.text).text == merged.text


@given(CLAUSES, CLAUSES, CLAUSES)
@settings(max_examples=300, deadline=None)
def test_choosing_one_side_everywhere_leaves_only_clean_changes_of_the_other(base, shared, local):
    merged = merge(base, shared, local)
    kept = settle(merged, [Choice.LOCAL] * len(merged.conflicts))
    taken = settle(merged, [Choice.SHARED] * len(merged.conflicts))
    assert kept == merged.text
    assert taken == merge(base, local, shared).text


@given(CLAUSES, EDITS, EDITS)
@settings(max_examples=500, deadline=None)
def test_no_edit_of_either_side_is_lost_without_a_conflict_that_records_it(base, theirs, ours):
    shared = edited(base, [(what, "the centre") for what in theirs])
    local = edited(base, [(what, "the school") for what in ours])
    merged = merge(base, shared, local)
    recorded = Counter("\n".join(conflict.shared for conflict in merged.conflicts).split("\n"))
    present = Counter(merged.text.split("\n"))
    for line in shared.split("\n"):
        if "the centre" in line:
            assert present[line] + recorded[line] > 0
    for line in local.split("\n"):
        if "the school" in line:
            assert present[line] > 0
    if merged.clean:
        before, after = Counter(base.split("\n")), Counter(merged.text.split("\n"))
        for line in filter(None, before):
            gone = max(0, before[line] - Counter(shared.split("\n"))[line])
            gone += max(0, before[line] - Counter(local.split("\n"))[line])
            assert after[line] >= before[line] - gone


@given(st.integers(1, 30), EDITS, EDITS)
@settings(max_examples=300, deadline=None)
def test_what_a_side_took_out_stays_out_of_a_clean_merge(size, theirs, ours):
    lines = [f"Sentence {number} stands here." for number in range(size)]
    base = "\n".join(lines)
    shared = edited(base, [(what, "the centre") for what in theirs])
    local = edited(base, [(what, "the school") for what in ours])
    merged = merge(base, shared, local)
    if merged.clean:
        left = [line for line in lines if line in shared.split("\n") and line in local.split("\n")]
        assert [line for line in merged.text.split("\n") if line in lines] == left
