import pytest

from portal.notices.importing.councils import Councils


@pytest.fixture(scope="module")
def councils(authorities):
    return Councils(authorities)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("If you live in Essex County Council's area, their privacy notice is here", "881"),
        ("If you live in Southend-on-Sea City Council's area, their privacy notice is here", "882"),
        ("If you live in the Southend Borough Council area, their privacy notice is here", "882"),
        ("If your school is in the Thurrock Council area you can read its notice here", "883"),
        ("Do you live in Kent? Their privacy notice: [here](#)", "886"),
        ("[London Borough of Havering](https://www.havering.gov.uk/)", "311"),
        ("Redbridge Council: privacy notice", "317"),
        ("Nottinghamshire County Council privacy notice", "891"),
        ("Nottingham City Council privacy notice", "892"),
        ("Families in Medway can see the privacy notice of Medway Council", "887"),
        ("We must also share some information with Slough Borough Council.", "871"),
        ("NORTH NORTHAMPTONSHIRE COUNCIL - privacy notice", "940"),
        ("Residents of Kingston upon Thames: their council's privacy page", "314"),
    ],
)
def test_each_council_line_names_its_own_council(councils, line, code):
    assert [council.dfe_code for council in councils.line(line)] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Our choir sang for Essex Police at the summer fair.",
        "We are in Kent Road, next to the library.",
        "Essex County Council runs our kitchen and knows how many dinners we order.",
        "The Southend United mascot visits each June.",
        "Reading is taught every morning.",
        "Ask your local council how it uses your information.",
        "Write to office@alder.essex.sch.uk or see www.essex.gov.uk for term dates.",
    ],
)
def test_a_council_named_in_passing_is_no_council_line(councils, text):
    assert councils.line(text) == []


def test_two_councils_in_one_line_are_both_found(councils):
    found = councils.line("If you live in Essex County Council or Thurrock Council, see their privacy notices.")
    assert [council.dfe_code for council in found] == ["881", "883"]
