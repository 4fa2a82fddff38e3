"""A school under another name: which address it has, and that every earlier one leads to it."""

import pytest

from portal.core import clock
from portal.tenancy.actions import rename
from portal.tenancy.queries import present_slug
from portal.tenancy.scope import every_tenant

NOW = clock.now()


@pytest.fixture
def renamed(session, school):
    """Gives Birch Academy one name after another; returns its address after each."""
    birch = school("birch-academy")

    def give(*names):
        slugs = []
        with every_tenant(session, "tests"):
            for name in names:
                rename(session, birch, name=name, now=NOW)
                session.flush()
                slugs.append(birch.slug)
        return slugs

    return give


def test_every_earlier_address_leads_to_the_present_one(session, renamed):
    assert renamed("Larch Academy", "Fir Academy") == ["larch-academy", "fir-academy"]
    assert {present_slug(session, one) for one in ("birch-academy", "larch-academy")} == {"fir-academy"}


def test_the_same_words_spelt_otherwise_keep_the_address(renamed):
    assert renamed("BIRCH ACADEMY", "Birch  Academy", "Birch Academy.") == ["birch-academy"] * 3


def test_a_name_it_had_before_brings_its_address_back(session, renamed):
    assert renamed("Larch Academy", "Birch Academy") == ["larch-academy", "birch-academy"]
    assert present_slug(session, "larch-academy") == "birch-academy"
    assert present_slug(session, "birch-academy") is None


def test_a_name_that_another_school_has_too_keeps_one_number(session, school, renamed):
    school("alder-primary").slug = "yew-school"
    session.flush()
    assert renamed("Yew School", "YEW SCHOOL", "Larch School", "Yew School") == [
        "yew-school-2",
        "yew-school-2",
        "larch-school",
        "yew-school-2",
    ]


def test_a_name_too_long_for_an_address_keeps_its_address_too(renamed):
    long = "The School of " + "Very " * 20 + "Long Names"
    assert len(set(renamed(long, long.upper(), f"{long} and More"))) == 1
