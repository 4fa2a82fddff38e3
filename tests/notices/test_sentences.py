# ruff: noqa: RUF001 - full stops of other scripts are what is tested
"""The canonical form: one sentence a line, and nothing lost on the way."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.notices.sentences import BlockKind, blocks, flatten, lines_of, to_sentences


def letters(text):
    return re.sub(r"[\s\\\-*+•#|:]|1[.)]", "", text.replace("\\", ""))


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("We keep records. We delete them. Ask us!", ["We keep records.", "We delete them.", "Ask us!"]),
        ("Who may ask? Anyone may.", ["Who may ask?", "Anyone may."]),
        ("Do you agree?! Tell us.", ["Do you agree?!", "Tell us."]),
        (
            "We hold details, e.g. names, i.e. words. That is all.",
            ["We hold details, e.g. names, i.e. words.", "That is all."],
        ),
        (
            "Dr. Smith and Mrs. Jones of St. Mary met Cllr. Brown.",
            ["Dr. Smith and Mrs. Jones of St. Mary met Cllr. Brown."],
        ),
        ("See Art. 6 and No. 5 of para. 3. Then stop.", ["See Art. 6 and No. 5 of para. 3.", "Then stop."]),
        ("The answer is no. We do not sell it.", ["The answer is no.", "We do not sell it."]),
        ("It rose by 3.5 per cent. We saw it.", ["It rose by 3.5 per cent.", "We saw it."]),
        ("See www.example.org/a.b. Then write.", ["See www.example.org/a.b.", "Then write."]),
        ("Write to a.b@example.org. Then wait.", ["Write to a.b@example.org.", "Then wait."]),
        ("He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]),
        ("We may (if you agree.) Otherwise not.", ["We may (if you agree.)", "Otherwise not."]),
        ("“Why?” you may ask. Read on.", ["“Why?” you may ask.", "Read on."]),
        ("The U.K. law applies. So does J. Smith.", ["The U.K. law applies.", "So does J. Smith."]),
        ("We close at 3 p.m. We open at 8 a.m. each day.", ["We close at 3 p.m.", "We open at 8 a.m. each day."]),
        ("Names, photos, etc. are kept. Also films.", ["Names, photos, etc. are kept.", "Also films."]),
        ("Wait… Then go. And so on... Then stop.", ["Wait…", "Then go.", "And so on...", "Then stop."]),
        ("**Stop.** Then go. *Now.* Yes.", ["**Stop.**", "Then go.", "*Now.*", "Yes."]),
        ("We moved in 2018. 300 pupils came.", ["We moved in 2018.", "300 pupils came."]),
        ("یہ پہلا جملہ ہے۔ کیا یہ دوسرا ہے؟ یہ تیسرا ہے۔", ["یہ پہلا جملہ ہے۔", "کیا یہ دوسرا ہے؟", "یہ تیسرا ہے۔"]),
        ("यह पहला वाक्य है। यह दूसरा है।", ["यह पहला वाक्य है।", "यह दूसरा है।"]),
        ("这是第一句。这是第二句！是吗？", ["这是第一句。", "这是第二句！", "是吗？"]),
        ("Mae hyn, e.e. enwau, yn wir. Dyna ni.", ["Mae hyn, e.e. enwau, yn wir.", "Dyna ni."]),
    ],
)
def test_sentences_end_where_a_reader_says_they_end(prose, expected):
    assert to_sentences(prose).split("\n") == expected


def test_wrapped_lines_are_joined_before_they_are_split():
    assert to_sentences("We keep records\nfor six years. Then we\ndelete them.") == (
        "We keep records for six years.\nThen we delete them."
    )


def test_a_line_that_ends_a_sentence_ends_it_even_before_a_small_letter():
    assert to_sentences("alpha beta.\ngamma delta.") == "alpha beta.\ngamma delta."


def test_lines_that_hold_one_letter_stay_apart():
    assert to_sentences("A.\nB.\nC.") == "A.\nB.\nC."
    assert to_sentences("a\nb\nc") == "a\nb\nc"


def test_the_lines_of_an_address_stay_apart():
    address = "Anytown School\nHigh Street\nAnytown AT1 1AA"
    assert to_sentences(address) == address


@pytest.mark.parametrize("end", ["", ".", "!"])
@pytest.mark.parametrize("words", ["sentence", "a Sentence", "We keep it"])
def test_text_that_has_a_line_for_each_sentence_already_stays_so(words, end):
    text = "\n".join(f"{words} {number}{end}" for number in range(30))
    assert to_sentences(text) == text


def test_many_long_lines_without_any_full_stop_stay_apart():
    text = "\n".join(
        f"A school may keep this record for as long as the law of the land says {number}" for number in range(4)
    )
    assert to_sentences(text) == text


def test_the_lead_in_to_a_list_is_one_line():
    assert to_sentences("We use information\nfor these things:\n\n- lessons") == (
        "We use information for these things:\n\n- lessons"
    )


@pytest.mark.parametrize(
    "whole",
    ["[One. Two.](https://example.org/a) stays.", "**One. Two.** stays.", "*One. Two.* stays.", "_One. Two._ stays."],
)
def test_a_link_or_an_emphasis_is_never_torn_apart(whole):
    assert to_sentences(whole) == whole


def test_lists_have_one_item_a_line_and_further_sentences_indented():
    assert to_sentences("We use:\n* names. And dates.\n* photos\n\n  and films\nDone") == (
        "We use:\n\n- names.\n  And dates.\n- photos and films Done"
    )


def test_numbered_items_all_begin_with_one():
    assert to_sentences("1. a\n2. b\n3) c") == "1. a\n1. b\n1. c"


def test_a_year_at_the_start_of_a_paragraph_begins_no_list():
    assert to_sentences("2018. That was the year.") == "2018\\. That was the year."
    assert to_sentences("We began in\n2018. It was late.") == "We began in 2018.\nIt was late."


def test_blank_lines_stand_between_blocks_and_nowhere_else():
    typed = "\n\nOne.\n\n\n\n### Head ###\nTwo.\n- a\n\n- b\n\n| x | y |\n|--|:-:|\n|1|2|\nThree.\n\n"
    assert to_sentences(typed) == (
        "One.\n\n### Head\n\nTwo.\n\n- a\n- b\n\n| x | y |\n| --- | :---: |\n| 1 | 2 |\n\nThree."
    )


def test_a_computed_block_is_a_block_of_the_text():
    assert (
        to_sentences("Read these:\n{{authority_links}}\nThen ask.")
        == "Read these:\n\n{{ authority_links }}\n\nThen ask."
    )


def test_placeholders_have_one_spelling():
    assert to_sentences("Ask {{school.name}} or {{  see   rights.access }}.") == (
        "Ask {{ school.name }} or {{ see rights.access }}."
    )


def test_line_ends_and_letters_of_other_machines_make_no_difference():
    assert (
        to_sentences("Caf\u0065\u0301.\r\nTwo\u00a0words.\rThree\u200b.\u2028Four.")
        == "Café.\nTwo words.\nThree.\nFour."
    )


def test_blocks_know_the_line_on_which_they_begin():
    found = [(block.kind, block.line) for block in blocks("One.\n\n### Two\n\n- three\n- four\n\n| a |\n| - |")]
    assert found == [
        (BlockKind.PARAGRAPH, 1),
        (BlockKind.HEADING, 3),
        (BlockKind.BULLET, 5),
        (BlockKind.BULLET, 6),
        (BlockKind.TABLE, 8),
    ]


PIECES = st.sampled_from(
    [
        *(
            "word",
            "Word",
            " ",
            "\n",
            "\n\n",
            "  ",
            "\t",
            ".",
            "!",
            "?",
            "e.g.",
            "Dr.",
            "No. 5",
            "2018.",
            "A.",
            "。",
            "۔",
            "一",
        ),
        *(
            "1. ",
            "- ",
            "  - ",
            "* ",
            "•",
            "**",
            "*",
            "_",
            "~",
            "\\",
            "(",
            ")",
            '"',
            "#",
            "### ",
            "###",
            "---",
            "|",
            "|---|",
        ),
        *("x | y", "[a. b](https://x.y)", "{{ school.name }}", "{{ version }}"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=1500, deadline=None)
def test_the_canonical_form_is_stable_and_loses_nothing(text):
    once = to_sentences(text)
    assert to_sentences(once) == once
    assert letters(once) == letters("\n".join(lines_of(text)))
    assert flatten(once) == flatten(text)


WORDS = st.lists(
    st.sampled_from(("we", "keep", "records", "Dr.", "e.g.", "2018.", "No.", "5", "then.", "Ask!", "Who?", "ask.")),
    min_size=1,
)


@given(WORDS, st.integers(20, 60))
@settings(max_examples=500, deadline=None)
def test_no_word_is_lost_or_changed(words, width):
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    assert to_sentences("\n".join([*lines, line])).replace("\\", "").split() == words


@pytest.mark.parametrize("line", ["A.", "a", "\\", "- A. B."])
def test_a_paragraph_of_very_many_short_lines_takes_no_time(line):
    """Twenty thousand lines took seconds, and four times as many took minutes, while each line copied those before."""
    begun = time.process_time()
    to_sentences(f"{line}\n" * 80_000)
    assert time.process_time() - begun < 10
