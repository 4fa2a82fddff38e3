from portal.notices.importing.align import align
from portal.notices.importing.blocks import read_blocks
from portal.notices.importing.report import Class
from portal.notices.importing.template import split_template

TEMPLATE = """Privacy notice

At [name of school] we hold your privacy dear, and this page tells you what becomes of your details.

1. Your choices

Seeing your own file

You may ask for a copy of all information that we keep about you.

Ring [school telephone number] or write to [school email address].

Wiping the slate

On request we delete what is no longer needed for the purpose it was collected for.

You may ask that we stop using your details, and we will think hard about it.

2. Who else?

We share some information with the council.

If you live in Essex County Council's area, its privacy notice is here.
If you live in the Thurrock Council area, its privacy notice is here.

3. Lost umbrellas

Umbrellas left in the hall are kept until Easter.
"""


def split(library, authorities):
    return split_template(read_blocks(TEMPLATE), library[0], authorities, name="made-up")


def test_clauses_get_the_keys_of_our_library_where_they_speak_of_the_same(library, authorities):
    keys = [clause.key for clause in split(library, authorities).edition.clauses]
    assert keys[:6] == [
        "about.welcome",
        "rights.access",
        "rights.erasure",
        "rights.objection",
        "sharing.authorities",
        keys[5],
    ]


def test_other_clauses_get_keys_of_their_own(library, authorities):
    template = split(library, authorities)
    assert len(template.new_keys) == 1
    assert "umbrellas" in template.new_keys[0]
    assert template.new_keys == split(library, authorities).new_keys


def test_gaps_become_placeholders_and_are_listed(library, authorities):
    template = split(library, authorities)
    assert [(gap.text, gap.fact) for gap in template.placeholders] == [
        ("[name of school]", "school.name"),
        ("[school telephone number]", "school.telephone"),
        ("[school email address]", "school.email"),
    ]
    access = template.edition.clause("rights.access")
    assert access is not None
    assert "{{ school.telephone }}" in access.text


def test_council_lines_become_one_computed_block_and_are_listed(library, authorities):
    template = split(library, authorities)
    assert [line.authority for line in template.councils] == ["881", "883"]
    councils = template.edition.clause("sharing.authorities")
    assert councils is not None
    assert "Essex" not in councils.text
    assert councils.text.endswith("{{ authority_links }}\n")


def test_the_template_aligns_wholly_with_itself(library, authorities):
    blocks = read_blocks(TEMPLATE)
    report = align(blocks, [*library, split(library, authorities).edition], authorities)
    assert {entry.kind for entry in report.entries} <= {Class.OLDER, Class.HEADING, Class.FACT}


def test_a_release_of_our_own_gets_back_all_its_keys(library, authorities):
    own = library[0]
    text = "\n\n".join(f"## {clause.title}\n\n{clause.text}" for clause in own.clauses)
    keys = {clause.key for clause in split_template(read_blocks(text), own, authorities, name="again").edition.clauses}
    assert keys >= {clause.key for clause in own.clauses}
