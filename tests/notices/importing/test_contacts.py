import pytest

from portal.notices.importing.contacts import contacts, is_contact_only
from portal.notices.importing.names import is_person, officer_name, school_name
from portal.notices.importing.placeholders import fact_of, with_placeholders


def found(text, owner="school"):
    return {contact.fact: contact.value for contact in contacts(text, owner)}


def test_contacts_belong_to_whoever_is_named_before_them():
    text = "Ring the school office on 01277 000111, or our Data Protection Officer on 0333 000 2222 or dpo@x.gov.uk."
    assert found(text) == {
        "school.telephone": "01277 000111",
        "dpo.telephone": "0333 000 2222",
        "dpo.email": "dpo@x.gov.uk",
    }


def test_the_regulators_contacts_are_not_the_schools():
    text = (
        "Information Commissioner's Office, 1 Some Road, Sometown, Cheshire SK1 2AB. Tel: 0303 000 1113. www.ico.org.uk"
    )
    assert set(found(text)) == {"regulator.address", "regulator.telephone", "regulator.website"}


def test_a_paragraphs_clause_decides_where_no_word_does():
    assert found("Call 0303 000 1113.", "regulator") == {"regulator.telephone": "0303 000 1113"}


def test_the_word_school_in_an_address_does_not_make_a_number_beside_it_the_schools():
    text = "Ask the Data Protection Officer at dpo@quay.school or on 029 2000 0555."
    assert found(text) == {"dpo.email": "dpo@quay.school", "dpo.telephone": "029 2000 0555"}


def test_a_number_in_brackets_is_kept_without_them():
    assert found("Ring the office (01473 000 019).") == {"school.telephone": "01473 000 019"}
    assert found("Ring the office on (0115) 400 0123.") == {"school.telephone": "(0115) 400 0123"}


def test_somebody_elses_website_is_no_fact_of_the_school():
    assert set(found("See AboutCookies.org for more.")) == {"other.website"}


@pytest.mark.parametrize(
    "address",
    [
        "https://www.leeds.gov.uk/school-admissions/primary",
        "www.lunches.example.com/academy",
        "https://schoolphotos.example.org",
        "hello@primarybooks.example.com",
    ],
)
def test_the_word_school_in_a_path_or_at_the_head_of_a_name_makes_no_school(address):
    assert not set(found(f"See {address} for this.", "other")) & {"school.website", "school.email"}


def test_a_councils_mailbox_is_nobodys_unless_the_officer_is_named():
    assert set(found("Write to parking@leeds.gov.uk.")) == {"other.email"}
    assert set(found("Write to our Data Protection Officer at privacy@leeds.gov.uk.")) == {"dpo.email"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("please contact the Data Protection Officer, Jo Bloggs, at dpo@example.org", "Jo Bloggs"),
        ("Our Data Protection Officer is Mrs Grace O'Neill.", "Mrs Grace O'Neill"),
        ("Our DPO (Idris Vaughan) will help.", "Idris Vaughan"),
        ("DPO: Anwar K. Siddique", "Anwar K. Siddique"),
        ("Our Data Protection Officer is Siân Lloyd-Hughes.", "Siân Lloyd-Hughes"),
        ("Our Data Protection Officer is HY Education.", "HY Education"),
        ("Fiona McAllister is our Data Protection Officer.", "Fiona McAllister"),
        ("Our Data Protection Officer is Harbour Privacy Ltd.", "Harbour Privacy Ltd"),
        ("We have a Data Protection Officer. They check what we do.", None),
        ("Contact our Data Protection Officer at dpo@example.org.", None),
        ("Ask the Data Protection Officer. Our Office is open.", None),
    ],
)
def test_the_officers_name_is_found_where_there_is_one(text, name):
    assert officer_name(text) == name


@pytest.mark.parametrize(
    ("name", "answer"), [("Jo Bloggs", True), ("Harbour Privacy Ltd", False), ("Schools Data Team", False)]
)
def test_a_firm_is_not_taken_for_a_person(name, answer):
    assert is_person(name) is answer


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Alder Primary School", "Alder Primary School"),
        ("Privacy Notice for St Mary's Catholic Infant School", "St Mary's Catholic Infant School"),
        ("Birch Academy - Privacy Policy", "Birch Academy"),
        ("School choir", None),
        ("Our school website", None),
        ("How the School uses information", None),
        ("Privacy notice", None),
    ],
)
def test_a_schools_name_is_told_from_other_titles(line, name):
    assert school_name(line) == name


def test_a_line_that_only_says_how_to_reach_somebody_is_a_contact():
    line = "You can contact our Data Protection Officer at dpo@example.org or by calling 0333 000 2222."
    spans = [(contact.start, contact.end) for contact in contacts(line)]
    assert is_contact_only(line, spans)
    promise = "Write to dpo@example.org and we shall tell you within a month what became of your worry."
    assert not is_contact_only(promise, [(contact.start, contact.end) for contact in contacts(promise)])


@pytest.mark.parametrize(
    ("gap", "fact"),
    [
        ("school email address", "school.email"),
        ("insert telephone number", "school.telephone"),
        ("name of school", "school.name"),
        ("DPO email", "dpo.email"),
        ("Name of Data Protection Officer", "dpo.name"),
        ("name of Trust", "trust.name"),
        ("see annex", None),
    ],
)
def test_gaps_of_templates_are_understood(gap, fact):
    assert fact_of(gap) == fact


def test_links_are_no_gaps():
    text = "[school email](mailto:a@b.uk) and [school email]"
    assert with_placeholders(text) == "[school email](mailto:a@b.uk) and {{ school.email }}"
