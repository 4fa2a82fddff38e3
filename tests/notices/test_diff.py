"""What changed, as data: the shortest script of lines, the words that differ, and what became of each clause."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.notices.alignment import MOST_DIFFERENCES, Hunk, hunks
from portal.notices.diff import ChangeKind, Op, drift, notice_changes, text_diff, word_diff

LINES = st.lists(st.sampled_from("abcde"), max_size=12)


@dataclass(frozen=True)
class Words:
    key: str
    title: str
    section: str
    text: str


def longest_common(old, new):
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for here, line in enumerate(old):
        for there, other in enumerate(new):
            best = max(table[here][there + 1], table[here + 1][there])
            table[here + 1][there + 1] = table[here][there] + 1 if line == other else best
    return table[-1][-1]


@given(LINES, LINES)
@settings(max_examples=1000, deadline=None)
def test_hunks_lead_from_one_text_to_the_other_by_the_shortest_way(old, new):
    found = hunks(old, new)
    made, position = [], 0
    for hunk in found:
        made += [*old[position : hunk.start], *new[hunk.new_start : hunk.new_end]]
        position = hunk.end
    assert made + old[position:] == new
    assert all(one.end < other.start for one, other in pairwise(found))
    kept = len(old) - sum(hunk.end - hunk.start for hunk in found)
    assert kept == longest_common(old, new)


def test_an_insertion_among_equal_lines_slides_to_the_end_of_them():
    assert hunks(list("xaab"), list("xaaab")) == (Hunk(3, 3, 3, 4),)


def test_texts_with_nothing_but_differences_end_in_good_time():
    old, new = [0, 1] * 5 * MOST_DIFFERENCES, [1, 1, 0, 0] * 2 * MOST_DIFFERENCES
    found = hunks(old, new)
    assert found[0].start == found[0].new_start
    assert sum(hunk.new_end - hunk.new_start - hunk.end + hunk.start for hunk in found) == len(new) - len(old)


def test_words_that_differ_are_marked_and_the_rest_is_not():
    assert word_diff("We keep it for six years.", "We keep it for seven full years.") == (
        (Op.SAME, "We keep it for "),
        (Op.REMOVED, "six"),
        (Op.ADDED, "seven full"),
        (Op.SAME, " years."),
    )


def test_one_small_word_between_two_changes_is_part_of_them():
    assert word_diff("the cost of a copy", "the price of one copy") == (
        (Op.SAME, "the "),
        (Op.REMOVED, "cost of a"),
        (Op.ADDED, "price of one"),
        (Op.SAME, " copy"),
    )


def test_scripts_without_spaces_differ_by_letter():
    assert (Op.REMOVED, "一") in word_diff("这是第一句。", "这是第二句。")


def test_a_placeholder_is_one_word():
    assert (Op.ADDED, "{{ dpo.email }}") in word_diff("Write to {{ school.email }}.", "Write to {{ dpo.email }}.")


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_word_diffs_hold_both_texts_to_the_letter(old, new):
    runs = word_diff(old, new)
    assert "".join(words for op, words in runs if op is not Op.ADDED) == old
    assert "".join(words for op, words in runs if op is not Op.REMOVED) == new


def test_a_very_long_sentence_is_shown_as_taken_out_and_added():
    old, new = "one " * 2000, "two " * 2000
    assert word_diff(old, new) == ((Op.REMOVED, old), (Op.ADDED, new))


def test_sentences_in_other_words_are_shown_as_one():
    found = text_diff(
        "We keep it for six years.\nIt is short.\n\nAsk us for more.",
        "We keep it for seven years.\n\nAsk us for more.\nNobody else has it.",
    )
    assert [(each.op, each.old, each.new) for each in found] == [
        (Op.CHANGED, "We keep it for six years.", "We keep it for seven years."),
        (Op.REMOVED, "It is short.", ""),
        (Op.SAME, "", ""),
        (Op.SAME, "Ask us for more.", "Ask us for more."),
        (Op.ADDED, "", "Nobody else has it."),
    ]


@given(LINES.map("\n".join), LINES.map("\n".join))
@settings(max_examples=300, deadline=None)
def test_sentence_diffs_hold_both_texts(old, new):
    found = text_diff(old, new)
    assert [each.old for each in found if each.op is not Op.ADDED] == (old.split("\n") if old else [])
    assert [each.new for each in found if each.op is not Op.REMOVED] == (new.split("\n") if new else [])


def test_drift_is_the_share_of_sentences_that_differ():
    assert drift("One.\nTwo.", "One.\nTwo.") == 0
    assert drift("One.\nTwo.", "One.\nThree.") == 0.5
    assert drift("One.", "Two.") == 1
    assert drift("", "") == 0


def test_changes_of_a_notice_are_told_clause_by_clause():
    old = [
        Words("about.dpo", "Our officer", "about", "We have one."),
        Words("rights.access", "Seeing it", "rights", "You can ask. We answer."),
        Words("rights.erasure", "Deleting it", "rights", "We delete it."),
        Words("cookies.school-site", "Cookies", "cookies", "We use some."),
        Words("limits.sale", "Selling", "limits", "We never sell."),
    ]
    new = [
        Words("about.dpo", "Our Data Protection Officer", "about", "We have one."),
        Words("limits.sale", "Selling", "limits", "We never sell."),
        Words("rights.access", "Seeing it", "rights", "You may ask. We answer. It is free."),
        Words("rights.portability", "Moving it", "rights", "You can move it."),
        Words("cookies.school-site", "Cookies", "cookies", "We use some."),
    ]
    found = notice_changes(old, new)
    assert [(each.kind, each.key) for each in found] == [
        (ChangeKind.RENAMED, "about.dpo"),
        (ChangeKind.MOVED, "limits.sale"),
        (ChangeKind.CHANGED, "rights.access"),
        (ChangeKind.ADDED, "rights.portability"),
        (ChangeKind.REMOVED, "rights.erasure"),
    ]
    assert found[2].counts == {Op.CHANGED: 1, Op.ADDED: 1, Op.SAME: 1}
    told = [each.message % {"title": each.title, "old_title": each.old_title, "counts": ""} for each in found]
    assert told[0] == "“Our officer” is now called “Our Data Protection Officer”."
    assert told[4] == "“Deleting it” was taken out."


def test_sentences_that_only_stand_in_other_paragraphs_are_no_new_wording():
    old, new = Words("a", "A", "one", "A one. A two."), Words("a", "A", "one", "A one.\n\nA two.")
    [found] = notice_changes([old], [new])
    assert (found.kind, found.sentences) == (ChangeKind.LAID_OUT, ())


def test_a_clause_that_changed_section_has_moved():
    found = notice_changes([Words("a", "A", "one", "A.")], [Words("a", "A", "two", "A.")])
    assert [each.kind for each in found] == [ChangeKind.MOVED]


def test_a_notice_that_says_the_same_has_no_changes():
    notice = [Words("a", "A", "one", "A one. A two.")]
    assert notice_changes(notice, [Words("a", "A", "one", "A one.\nA two.")]) == ()
