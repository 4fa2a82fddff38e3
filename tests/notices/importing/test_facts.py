"""Whose a contact is in a whole document: never a stranger's for the school's, never the school's for the officer's."""

import pytest

from portal.notices.importing.align import Aligner
from portal.notices.importing.blocks import Source, read_blocks
from portal.notices.importing.report import Class

TOP = "Quay Lane Community School\n\nPrivacy notice\n\nWe use personal information to teach children.\n\n"
OURS = {
    "school.email": "office@quaylane.sch.uk",
    "school.telephone": "01206 000 010",
    "dpo.email": "privacy@shire.gov.uk",
    "dpo.telephone": "0333 000 2970",
}
LAYOUTS = {
    "a heading each": """How to contact us

Telephone: {school.telephone}
Email: {school.email}

How to contact the Data Protection Officer

Telephone: {dpo.telephone}
Email: {dpo.email}

How to contact the ICO

Telephone: 0303 000 1113
""",
    "labels": """Contact us

School office: {school.email}
Telephone: {school.telephone}

Our Data Protection Officer

Name: Mariam Haddad
Email: {dpo.email}
Tel: {dpo.telephone}
""",
    "a list": """Contacts

- School office: {school.telephone}, {school.email}
- School nurse: 0300 000 4444, nurse@clinic.example
- Data Protection Officer: {dpo.telephone}, {dpo.email}
- Chair of governors: chair@quaylane.sch.uk, 07700 900 555
""",
    "one paragraph": """Who to ask

Our Data Protection Officer is SBM Services Ltd, who can be reached on {dpo.telephone} or at {dpo.email}. The school
itself is on {school.telephone} and {school.email}.

Photographs are taken by a firm. Questions about them go to that firm, on 01206 000 777 or at photos@snap.example.
""",
}


@pytest.fixture(scope="module")
def aligner(library, authorities):
    return Aligner(library, authorities)


def filled(layout):
    for name, value in OURS.items():
        layout = layout.replace(f"{{{name}}}", value)
    return TOP + layout


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_each_contact_goes_to_whom_the_layout_gives_it(aligner, layout):
    facts = aligner.align(read_blocks(filled(layout))).facts
    assert {name: facts.get(name) for name in OURS} == OURS
    assert facts["school.name"] == "Quay Lane Community School"


def test_a_name_on_a_line_of_its_own_below_the_officers_heading_is_the_officers(aligner):
    assert aligner.align(read_blocks(filled(LAYOUTS["labels"]))).facts["dpo.name"] == "Mariam Haddad"


def test_a_table_of_contacts_gives_each_row_its_own(aligner):
    rows = (
        "| Who | Email | Telephone |\n| --- | --- | --- |\n"
        "| School office | {school.email} | {school.telephone} |\n"
        "| Data Protection Officer | {dpo.email} | {dpo.telephone} |\n"
        "| Meals: Tasty Ltd | data@tasty.example | 01206 000 999 |\n"
    )
    facts = aligner.align(read_blocks(filled(rows), Source.MARKDOWN)).facts
    assert {name: facts.get(name) for name in OURS} == OURS


def test_contacts_of_strangers_alone_give_the_school_none(aligner):
    nurse = "School nurse\n\nTelephone: 0300 000 4444\nEmail: nurse@clinic.example\n\n"
    text = f"{TOP}{nurse}If you worry about a child, ring Childline on 0800 1111."
    assert not set(aligner.align(read_blocks(text)).facts) & set(OURS)


def test_an_address_in_paragraphs_of_its_own_is_one_fact_after_another(aligner):
    text = (
        TOP + "Complaints\n\nYou may complain to the regulator.\n\n14 Wharf House\n\nLow Street\n\nNewark\n\nNG24 1AB\n"
    )
    kinds = [entry.kind for entry in aligner.align(read_blocks(text)).entries]
    assert kinds[-4:] == [Class.FACT] * 4


def test_a_heading_above_a_whole_address_stays_a_heading(aligner):
    text = TOP + "Getting In Touch\n\nQuay Lane, Newark, Notts NG24 1AB\n\nWe keep records safe."
    entries = aligner.align(read_blocks(text)).entries
    assert [entry.kind for entry in entries[3:5]] == [Class.HEADING, Class.FACT]
