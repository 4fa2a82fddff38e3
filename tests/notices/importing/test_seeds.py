"""The two published notices. Their sentences are read from where they lie, never kept here."""

import re

import pytest

from portal.notices.importing.align import align
from portal.notices.importing.blocks import read_blocks, reconstruct, same_text
from portal.notices.importing.report import Class
from portal.notices.importing.template import split_template

RIGHT_BY_HEADING = {
    r"^Accessing": "rights.access",
    r"^Changing": "rights.rectification",
    r"^Asking": "rights.erasure",
    r"^Restricting": "rights.restriction",
    r"^Computer": "rights.automated",
}


@pytest.fixture(scope="module")
def template(seeds, library, authorities):
    return split_template(read_blocks(seeds[0].read_text("utf-8")), library[0], authorities, name="igs-template")


@pytest.fixture(scope="module")
def report(seeds, library, authorities, template):
    return align(read_blocks(seeds[1].read_text("utf-8")), [*library, template.edition], authorities)


def test_both_documents_are_reconstructed_from_their_blocks(seeds):
    for path in seeds:
        text = path.read_text("utf-8")
        assert same_text(reconstruct(read_blocks(text)), text)


def test_every_block_is_accounted_for(report):
    assert report.accounted == report.total


def test_the_template_gives_almost_only_keys_that_our_library_has(template):
    assert len(template.new_keys) <= 2
    assert {gap.fact for gap in template.placeholders} == {"school.email", "school.telephone"}
    assert [line.authority for line in template.councils] == ["881", "882", "883", "886", "317", "311", "891", "871"]


def test_each_council_line_is_a_fact_of_its_own_council(report):
    found = {entry.block.line: entry.authority for entry in report.entries if entry.authority}
    assert found == {114: "881", 116: "882", 118: "883"}


def test_the_facts_are_found(report):
    assert report.facts["school.email"].endswith(".sch.uk")
    assert re.sub(r"\D", "", report.facts["school.telephone"]).startswith("01277")
    assert report.facts["dpo.email"].endswith(".gov.uk")
    assert report.facts["dpo.telephone"].startswith("0333")
    assert report.facts["dpo.name"].startswith("Lauri")
    assert report.facts["school.name"].startswith("St Thomas")
    assert report.facts["authority.name"].startswith("Essex")


def test_no_clause_is_paired_with_another_rights_clause(report):
    headed = None
    for entry in report.entries:
        if entry.kind is Class.HEADING:
            headed = next((key for start, key in RIGHT_BY_HEADING.items() if re.match(start, entry.block.plain)), None)
        elif headed and entry.clause:
            assert entry.clause in {headed, "rights.objection"}, entry.block.line
    assert next(entry.clause for entry in report.entries if entry.block.line == 88) == "rights.objection"


def test_the_two_known_changes_of_meaning_are_flagged(report):
    notes = {entry.block.line: entry.note for entry in report.entries}
    assert "May change the meaning" in notes[35]
    assert "May change the meaning" in notes[108]


def test_the_template_aligns_wholly_with_itself(seeds, library, authorities, template):
    own = align(read_blocks(seeds[0].read_text("utf-8")), [*library, template.edition], authorities)
    assert {entry.kind for entry in own.entries} <= {Class.OLDER, Class.HEADING, Class.FACT}


def test_without_the_template_the_headings_still_lead_to_the_right_clauses(seeds, library, authorities):
    alone = align(read_blocks(seeds[1].read_text("utf-8")), library, authorities)
    assert not {"rights.access", "rights.erasure", "rights.objection", "security.measures"} & set(alone.missing)
    assert {"rights.portability", "sources.where", "complaints.school"} <= set(alone.missing)
