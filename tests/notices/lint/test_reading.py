import pytest

from portal.notices.lint.reading import grade

EASY = "We keep a list. It is in the hall. You can look at it. We show it to you when you ask. It is free to see it."
HARD = (
    "Notwithstanding the aforementioned considerations, organisational accountability necessitates comprehensive "
    "documentation of every individual processing operation undertaken by institutional representatives."
)


def test_a_hard_text_needs_more_schooling_than_an_easy_one():
    assert grade([EASY]) < 4
    assert grade([HARD]) > 16


def test_links_and_addresses_do_not_make_a_text_harder():
    linked = EASY.replace("a list", "a [list](https://example.org/very/long/address/indeed)")
    assert grade([linked]) == pytest.approx(grade([EASY]))


def test_a_list_of_short_items_counts_each_as_a_sentence():
    items = [
        "the date of birth",
        "the home address",
        "the name of the last school",
        "marks and reports from lessons here",
    ]
    assert grade(items) < grade([" ".join(items)])


def test_a_few_words_have_no_grade():
    assert grade(["Privacy notice"]) is None
