import pytest

from portal.core.errors import Invalid
from portal.notices.importing.align import Aligner, align
from portal.notices.importing.blocks import read_blocks
from portal.notices.importing.editions import AuthorityName, Edition, EditionClause
from portal.notices.importing.report import Class

SECTIONS = (("limits", "Limits"), ("rights", "Your rights"), ("sharing", "Sharing"))
SALE = "We never sell information to any other organisation.\nNobody pays us for it."
ERASURE = (
    "You can ask us to delete information about you when:\n\n- we no longer need it for its purpose\n"
    "- you take back your consent\n\nWe keep what the law makes us keep."
)
RESTRICTION = (
    "You can ask us to restrict what we use information for while we check that it is right.\nWe only store it then."
)
OBJECTION = (
    "You can ask us to stop using information about you, and we weigh your reasons.\nRing {{ school.telephone }}."
)
DISCRETION = "We share your information without your permission only if we believe that someone is at risk."
OLDER_ERASURE = "On request we wipe what has served its turn.\nRecords that statute protects stay where they are."
ESSEX = AuthorityName("essex", "881", ("Essex County Council",))
SOUTHEND = AuthorityName("southend", "882", ("Southend-on-Sea City Council", "Southend-on-Sea Borough Council"))


def clause(key, title, order, text):
    return EditionClause(key, title, key.split(".")[0], order, text)


CURRENT = Edition(
    "now",
    None,
    SECTIONS,
    (
        clause("limits.sale", "No sale", 1, SALE),
        clause("rights.erasure", "Deleting information", 2, ERASURE),
        clause("rights.restriction", "Restricting use", 3, RESTRICTION),
        clause("rights.objection", "Objecting", 4, OBJECTION),
        clause("sharing.discretion", "When we choose to share", 5, DISCRETION),
    ),
)
OLDER = Edition(
    "template",
    None,
    SECTIONS,
    (
        clause("rights.erasure", "Erasure", 1, OLDER_ERASURE),
        clause("rights.telegrams", "Telegrams", 2, "Send us a telegram and a messenger will call at your house."),
    ),
    reference=True,
)


def imported(text, editions=(CURRENT, OLDER)):
    return align(read_blocks(text), list(editions), [ESSEX, SOUTHEND])


def only(text, editions=(CURRENT, OLDER)):
    (entry,) = imported(text, editions).entries
    return entry


def test_the_shared_wording_in_force_is_inherited():
    entry = only("We never sell information to any other organisation. Nobody pays us for it.")
    assert (entry.kind, entry.clause, entry.edition, entry.similarity) == (Class.INHERITED, "limits.sale", "now", 1.0)


def test_an_earlier_wording_is_older_and_names_its_edition():
    entry = only("On request we wipe what has served its turn. Records that statute protects stay where they are.")
    assert (entry.kind, entry.clause, entry.edition) == (Class.OLDER, "rights.erasure", "template")


def test_a_placeholder_matches_what_the_school_filled_in_and_gives_the_fact():
    text = "You can ask us to stop using information about you, and we weigh your reasons. Ring 01234 567890."
    report = imported(text)
    assert report.entries[0].kind is Class.INHERITED
    assert report.facts["school.telephone"] == "01234 567890"


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("We never sell information to any other school for the purposes of selling products. Nobody pays us for it.",
         "organisation", "school for the purposes of selling products"),
        ("We share your information without your permission only if there is proof that someone is at risk.",
         "we believe", "there is proof"),
        ("We seldom sell information to any other organisation. Nobody pays us for it.", "never", "seldom"),
    ],
)  # fmt: skip
def test_a_difference_of_few_words_that_changes_the_meaning_is_flagged(text, before, after):
    entry = only(text)
    assert entry.kind is Class.REWORDED
    assert f"“{before}” became “{after}”" in entry.note


PROMISES = {
    "numbers": "We keep a record of it for 7 years and answer within 20 days.",
    "parents": "Two parents must sign before we film a pupil.",
    "places": "We store the forms in the UK, and only anonymised marks are read there.",
    "law": "Once our use of your details is lawful we erase nothing and keep the list.",
    "bounds": "You have no fewer than five days to choose, and visitors are allowed to watch.",
}


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("numbers", "7 years", "5 years"),
        ("numbers", "7 years", "seventeen years"),
        ("numbers", "20 days", "ninety days"),
        ("parents", "Two parents", "One parent"),
        ("parents", "before we film", "after we film"),
        ("places", "in the UK", "outside the UK"),
        ("places", "in the UK", "abroad"),
        ("places", "anonymised marks", "published marks"),
        ("law", "lawful", "unlawful"),
        ("law", "erase nothing", "keep nothing"),
        ("law", "keep the list", "delete the list"),
        ("bounds", "no fewer than", "no more than"),
        ("bounds", "allowed to", "forbidden to"),
    ],
)
def test_a_changed_number_order_place_or_opposite_is_flagged(key, before, after):
    promises = clause("rights.promise", "Our promise", 1, PROMISES[key])
    entry = only(PROMISES[key].replace(before, after), (Edition("now", None, SECTIONS, (promises,)),))
    assert "May change the meaning" in entry.note


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [("numbers", "7 years", "seven years"), ("numbers", "20 days", "twenty days"), ("law", "keep", "retain")],
)
def test_another_way_to_write_the_same_is_not_flagged(key, before, after):
    promises = clause("rights.promise", "Our promise", 1, PROMISES[key])
    entry = only(PROMISES[key].replace(before, after), (Edition("now", None, SECTIONS, (promises,)),))
    assert "May change the meaning" not in entry.note


def test_a_difference_that_changes_no_meaning_is_not_flagged():
    entry = only(
        "You can ask us to restrict what we use information for while we check that it is correct. "
        "We only store it then."
    )
    assert (entry.kind, entry.clause, entry.note) == (Class.REWORDED, "rights.restriction", "")


def test_a_sentence_left_out_makes_the_paragraph_reworded_and_is_named():
    entry = only("We never sell information to any other organisation.")
    assert entry.kind is Class.REWORDED
    assert "Nobody pays us for it." in entry.note


def test_a_typing_slip_derails_nothing_and_is_named():
    entry = only("We never sell infromation to any other organisaton. Nobody pays us for it.")
    assert entry.kind is Class.INHERITED
    assert "infromation" in entry.note


def test_a_paragraph_split_in_mid_sentence_is_still_inherited():
    report = imported("We never sell information to\n\nany other organisation. Nobody pays us for it.\n")
    assert [entry.kind for entry in report.entries] == [Class.INHERITED, Class.INHERITED]


def test_joined_paragraphs_of_two_clauses_name_both():
    text = (
        "We never sell information to any other organisation. Nobody pays us for it. "
        "You can ask us to restrict what we use information for while we check that it is right. We only store it then."
    )
    entry = only(text)
    assert entry.kind is Class.INHERITED
    assert {entry.clause, *entry.also} == {"limits.sale", "rights.restriction"}


def test_no_right_is_paired_with_another_right():
    text = (
        "Deleting information\n\nOn request we restrict what we use information for, while we check "
        "whether what we hold of you is right, and delete nothing.\n\n"
        "You may request that we stop using your information; we weigh your reasons.\n"
    )
    found = {entry.clause for entry in imported(text).entries if entry.kind is not Class.HEADING}
    assert "rights.erasure" not in found
    assert "rights.objection" in found


def test_each_council_line_is_a_fact_of_its_own_council():
    text = (
        "If you live or go to school in Essex County Council's area, you can read their notice [here](#)\n\n"
        "If you live or go to school in Southend Borough Council's area, you can read their notice [here](#)\n"
    )
    assert [(entry.kind, entry.authority) for entry in imported(text).entries] == [
        (Class.FACT, "881"),
        (Class.FACT, "882"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "If you live in Southend-on-Sea City Council's area we also send them your child's shoe size.",
        "We share what we know of late arrivals with Southend Borough Council, which may visit you at home.",
        "Southend-on-Sea City Council: privacy notice. We do not share anything with it.",
    ],
)
def test_a_council_line_that_says_something_of_its_own_is_kept_as_text_with_its_council(text):
    report = imported(text)
    assert [(entry.kind, entry.authority) for entry in report.entries] == [(Class.LOCAL, "882")]
    assert [local.text.replace("\n", " ").strip() for local in report.local_clauses] == [text]


@pytest.mark.parametrize(
    "line",
    [
        "Version 7.2",
        "Last reviewed: 3rd of March 2026",
        "This notice was updated in October 2025.",
        "Approved by the governing body on 14/05/2026 | Next review: Summer 2027",
    ],
)
def test_a_line_that_only_dates_the_notice_is_data(line):
    assert only(line).kind is Class.FACT


@pytest.mark.parametrize(
    "line",
    [
        "Date of birth and 3 numbers we can ring",
        "Published marks of the 2024 spelling contest",
        "Updated allergy lists, kept for 2 terms",
        "Version 3 of our dinner app knows your bank card",
        "Reviewed in May 2025 by a firm that read every file",
        "Effective from 2026 we film the bicycle shed",
    ],
)
def test_a_line_that_merely_holds_a_date_or_a_number_stays_text(line):
    assert only(line).kind is Class.LOCAL


OFFICE = "Ask our school office: desk@alder.example.org, 01632 960111."


@pytest.mark.parametrize(
    "strangers",
    [
        "Hot dinners come from Soup Kettle Ltd: help@soup.example.org or 01632 960999.",
        "Chairs are lent by Bench Hire Ltd.\n\nTelephone: 01632 960999",
        "Mrs Hale, the nurse, is on 01632 960999 or hale@clinic.example.org.",
        "Buses are run by Redline Tours. Ring 01632 960999 or write to bus@redline.example.org.",
        "Essex County Council: ring 01632 960999, schools@essex.gov.uk, https://www.essex.gov.uk/school-data/privacy",
    ],
)
def test_contacts_of_others_never_become_the_schools(strangers):
    facts = imported(f"Our data\n\n{strangers}\n\n{OFFICE}\n").facts
    assert (facts["school.telephone"], facts["school.email"]) == ("01632 960111", "desk@alder.example.org")
    alone = imported(f"Our data\n\nWe look after what we know.\n\n{strangers}\n").facts
    assert not {"school.telephone", "school.email", "school.website", "dpo.email"} & set(alone)


def test_a_schools_website_is_its_site_and_not_a_page_of_it():
    facts = imported(
        "Alder Primary School\n\nOur website: https://www.alderprimary.example.co.uk/docs/keep.pdf\n"
    ).facts
    assert facts["school.website"] == "https://www.alderprimary.example.co.uk"


def test_what_the_portal_writes_into_a_notice_is_no_wording_of_the_school():
    text = (
        "Sharing\n\n- Essex County Council (https://www.essex.gov.uk/privacy), the council for our school’s area\n"
        "- Southend-on-Sea City Council\n\nThis is version 3 of our notice. It has applied since 1 September 2026.\n"
    )
    entries = imported(text).entries
    assert [entry.kind for entry in entries] == [Class.HEADING, Class.FACT, Class.FACT, Class.FACT]
    assert [entry.authority for entry in entries] == [None, "881", "882", None]


def test_a_paragraph_told_again_in_other_words_is_reworded_where_it_fills_a_gap():
    text = (
        "Deleting information\n\nYou can ask us to delete information about you when:\n\n"
        "- we no longer need it for its purpose\n- you take back your consent\n\n"
        "Whatever a law makes us keep stays in our files.\n"
    )
    entry = imported(text).entries[-1]
    assert (entry.kind, entry.clause) == (Class.REWORDED, "rights.erasure")


def test_one_aligner_serves_many_documents():
    aligner = Aligner([CURRENT, OLDER], [ESSEX])
    first, second = (aligner.align(read_blocks(text)) for text in (SALE.replace("\n", " "), DISCRETION))
    assert [report.entries[0].clause for report in (first, second)] == ["limits.sale", "sharing.discretion"]


def test_text_that_only_the_school_has_is_local_and_keeps_its_place():
    text = (
        "No sale\n\nWe never sell information to any other organisation. Nobody pays us for it.\n\nOur school dog\n\n"
        "Biscuit visits on Thursdays, and children who sneeze sit by the window.\n"
    )
    report = imported(text)
    assert report.entries[-1].kind is Class.LOCAL
    (local,) = report.local_clauses
    assert (local.title, local.after) == ("Our school dog", "limits.sale")
    assert "Biscuit visits on Thursdays" in local.text


def test_a_paragraph_in_another_language_is_local_and_says_so():
    entry = only("Szkoła przechowuje dane o uczniach i ich rodzinach, o które można zapytać w sekretariacie szkoły.")
    assert (entry.kind, entry.clause) == (Class.LOCAL, None)
    assert "English" in entry.note


def test_what_time_has_overtaken_is_obsolete_with_the_reason():
    entry = only("Asking for your file costs £10, a fee payable in advance to the bursar.")
    assert entry.kind is Class.OBSOLETE
    assert "free" in entry.note


def test_a_retired_section_of_our_own_library_is_obsolete():
    retired = Edition("before", None, SECTIONS, OLDER.clauses)
    entry = only("Send us a telegram and a messenger will call at your house.", (CURRENT, retired))
    assert entry.kind is Class.OBSOLETE


def test_a_clause_of_a_reference_edition_alone_is_older():
    assert only("Send us a telegram and a messenger will call at your house.").kind is Class.OLDER


def test_clauses_that_the_document_lacks_are_missing():
    report = imported("We never sell information to any other organisation. Nobody pays us for it.")
    assert report.missing == ("rights.erasure", "rights.restriction", "rights.objection", "sharing.discretion")


def test_every_block_is_accounted_for_and_the_json_has_the_promised_shape():
    report = imported(
        "Your rights\n\nBiscuit visits.\n\nWe never sell information to any other organisation.\n"
    ).as_json()
    assert report["accounted"] == report["total"] == 3
    assert set(report) == {"blocks", "missing", "facts", "accounted", "total"}
    assert set(report["blocks"][0]) == {
        "index",
        "text",
        "class",
        "clause",
        "edition",
        "similarity",
        "authority",
        "note",
    }


def test_a_decision_carries_the_schools_wording_with_facts_in_their_placeholders():
    text = "You can ask us to stop using information about you, and we always agree. Ring 01234 567890."
    (decision,) = imported(text).decisions
    assert (decision.kind, decision.edition) == (Class.REWORDED, "now")
    assert decision.text == (
        "You can ask us to stop using information about you, and we always agree.\nRing {{ school.telephone }}.\n"
    )


def test_a_list_with_an_item_less_is_an_override_though_each_item_is_shared():
    text = (
        "You can ask us to delete information about you when:\n\n- we no longer need it for its purpose\n\n"
        "We keep what the law makes us keep.\n"
    )
    report = imported(text)
    assert {entry.kind for entry in report.entries} == {Class.INHERITED}
    assert [decision.kind for decision in report.decisions] == [Class.REWORDED]


def test_without_any_edition_there_is_a_clear_sentence():
    with pytest.raises(Invalid, match="no library"):
        align(read_blocks("Some text."), [], [])
