"""A school is found however its name is typed."""

import pytest

from portal.tenancy.names import findable, holds, looks, plain

LINE = findable("St Thomas of Canterbury Church of England Junior School", "Brentwood", "CM1 1QH")


@pytest.mark.parametrize(
    "typed",
    ["Saint Thomas", "st. thomas", "brentwood", "cm1 1qh", "CM11QH", "thom cant", "C of E junior", "CofE saint"],
)
def test_it_is_found_by(typed):
    assert holds(LINE, plain(typed).split())


@pytest.mark.parametrize("typed", ["Saint Mary", "thomas chelmsford", "cm2"])
def test_it_is_not_found_by(typed):
    assert not holds(LINE, plain(typed).split())


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Saint Mary’s & St Anne’s", "st marys and annes"),
        ("Saint Mary's", "St Mary’s"),
        ("Stow-on-the-Wold", "stow on the wold"),
        ("Ysgol Tŷ Gwyn", "ty gwyn"),
    ],
)
def test_marks_accents_and_short_words_make_no_difference(name, typed):
    assert holds(findable(name, "", ""), plain(typed).split())


@pytest.mark.parametrize(
    "copy",
    [
        "alder  primary school",
        "Ålder Primary-School!",
        "\u0410lder Primary School",  # a Cyrillic A
        "Alder \u03a1rimary School",  # a Greek rho
        "AIder Primary School",
        "A1der Prirnary Sch00l",
        "\uff21lder Primary School",
    ],
)
def test_a_name_that_only_looks_the_same_is_told_from_one_that_differs(copy):
    assert looks(copy) == looks("Alder Primary School")
    assert looks("Elder Primary School") != looks("Alder Primary School")
    assert looks("Alder Infant School") != looks("Alder Primary School")
