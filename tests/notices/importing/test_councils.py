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


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Pupils whose home address is in Bexley: the Bexley Council privacy notice is available online.", "303"),
        ("Hertfordshire County Council publishes its own privacy information at www.example.gov.uk/privacy", "919"),
        (
            "For families in Derby: Derby City Council's notice can be viewed or downloaded from its site.",
            "831",
        ),
        ("Living in the Cornwall Council area? You may read there privcy notice online", "908"),
        ("Families in the St. Helens Council area can see their privacy notice online", "342"),
        ("Children who live in or attend a school in Cambridgeshire: https://www.example.gov.uk/privacy", "873"),
        ("Our council is Devon County Council; its privacy notice is at devon.gov.uk/privacy", "878"),
    ],
)
def test_a_council_line_may_be_worded_or_mistyped_in_any_way(councils, line, code):
    assert [council.dfe_code for council in councils.line(line)] == [code]
    assert councils.is_bare(line)


@pytest.mark.parametrize(
    "line",
    [
        "We send attendance figures to Kent County Council every term with the names of pupils who were often away.",
        "A therapist paid by Havering Council writes a report, which we keep until the child is twenty-five.",
        "Essex County Council's notice is online. The school also gives it the dates of every exclusion and fine.",
    ],
)
def test_a_line_that_tells_what_a_council_gets_is_wording_and_no_bare_line(councils, line):
    assert not (councils.line(line) and councils.is_bare(line))
