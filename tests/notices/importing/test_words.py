import pytest

from portal.notices.importing.words import sentences, without_label, words


def test_quotes_spaces_and_emphasis_make_no_difference():
    assert words("We\u00a0keep “your child’s” file \u2013 **always**.") == words(
        'We keep "your child\'s" file - always.'
    )


def test_a_link_counts_by_its_words_and_not_by_its_target():
    assert words("read [their notice](https://example.org/a) now") == words("read [their notice](#) now")


def test_an_email_and_a_telephone_are_one_word_each():
    assert words("Ring (01234) 567 890 or write to Office@Alder.sch.uk.") == (
        "ring",
        "tel:01234567890",
        "or",
        "write",
        "to",
        "office@alder.sch.uk",
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("We ask. You answer.", 2),
        ("Ask Mr. Vaughan, e.g. Monday at 9 a.m. please.", 1),
        ("St. Mary's is near. So is the bus.", 2),
        ("Really? Yes! “Good.” Fine.", 4),
        ("no capital. follows here", 1),
    ],
)
def test_sentences_end_where_a_reader_would_say_so(text, count):
    assert len(sentences(text)) == count


@pytest.mark.parametrize(
    "text", ["3. Rights", "3) Rights", "(b) Rights", "iv. Rights", "2.1 Rights", "Section 4. Rights"]
)
def test_numbers_in_front_are_taken_off(text):
    assert without_label(text) == "Rights"


def test_a_number_that_belongs_to_the_sentence_stays():
    assert without_label("12 months after the pupil leaves") == "12 months after the pupil leaves"
