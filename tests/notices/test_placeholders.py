"""The closed language of placeholders: what fills them, who is asked when nothing does, and that facts stay literal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from portal.notices.filling import Reference, fill
from portal.notices.markup import Rendered, problems, rendered
from portal.notices.placeholders import BLOCKS, FACTS, FILLERS, Filler, Kind, escape_markdown, placeholders_in, tidy

REFERENCES = {"rights.access": Reference("6", "Seeing <your> record", "rights-access")}


def filled(text, **facts):
    return fill(text, {key.replace("__", "."): value for key, value in facts.items()}, {}, REFERENCES)


def test_placeholders_are_found_in_order_with_their_lines():
    found = placeholders_in("{{ school.name }}\n{{see rights.access}} {{ version }}\n{{ nothing.known }}")
    assert [(each.kind, each.key, each.line) for each in found] == [
        (Kind.FACT, "school.name", 1),
        (Kind.REFERENCE, "rights.access", 2),
        (Kind.BLOCK, "version", 2),
        (Kind.UNKNOWN, "nothing.known", 3),
    ]


def test_every_fact_and_block_has_a_label_and_somebody_who_can_fill_it():
    assert len(FACTS) == 19
    assert set(BLOCKS) == {"authority_links", "specific_notices", "request_link", "version"}
    assert all(each.label and FILLERS[each.filler] for each in (*FACTS.values(), *BLOCKS.values()))


def test_a_placeholder_has_one_spelling():
    assert tidy("{{school.name}} {{  see  rights.access}}") == "{{ school.name }} {{ see rights.access }}"


@pytest.mark.parametrize(
    "name", ["*x* <b>", "[a](javascript:alert(1))", "<script>x</script>", "{{ dpo.name }}", "| a | # _b_ &amp;"]
)
def test_a_schools_name_comes_out_literally(name):
    result = filled("We are **{{ school.name }}**.", school__name=name)
    assert result.text == f"We are {name}."
    shown = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert result.html == f"<p>We are <strong>{shown}</strong>.</p>"


def test_contacts_become_links_in_running_text_and_words_in_letters():
    result = filled(
        "{{ school.email }} {{ school.telephone }} {{ school.website }}",
        school__email="office@alder.example",
        school__telephone="+44 (0)1234 567 890",
        school__website="www.alder.example",
    )
    assert 'href="mailto:office@alder.example"' in result.html
    assert 'href="tel:+441234567890"' in result.html
    assert 'href="https://www.alder.example"' in result.html
    assert result.text == "office@alder.example +44 (0)1234 567 890 www.alder.example"


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "x onclick=1", '"><b>', "https://a.b/'onx", "data:text/html,x"]
)
def test_a_false_contact_is_shown_but_leads_nowhere_dangerous(value):
    result = filled(
        "{{ school.website }} [site]({{ school.website }}) [mail](mailto:{{ school.email }})",
        school__website=value,
        school__email=value,
    )
    html = result.html.lower()
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert "<b>" not in html
    assert "onx=" not in html
    assert 'onclick="' not in html


def test_a_contact_inside_a_link_is_not_linked_again():
    result = filled("[{{ school.email }}](mailto:{{ school.email }})", school__email="a@b.example")
    assert result.html.count("<a ") == 1
    assert result.text == "a@b.example"


def test_an_address_of_several_lines_is_one_line():
    result = filled("{{ school.address }}", school__address="High Street,\n  Anytown\n\nAT1 1AA")
    assert result.text == "High Street, Anytown, AT1 1AA"


def test_what_is_missing_is_named_with_who_can_fill_it():
    result = filled("{{ school.email }} {{ dpo.name }} {{ regulator.name }} {{ school.email }}", school__email="  ")
    assert [(gap.key, gap.filler, gap.blocks_publishing) for gap in result.unresolved] == [
        ("school.email", Filler.SCHOOL, True),
        ("dpo.name", Filler.SERVICE, True),
        ("regulator.name", Filler.CENTRAL, True),
    ]
    assert result.unresolved[0].reason == "the school’s e-mail address is missing; the school can fill it in"
    assert "<mark>[the school’s e-mail address]</mark>" in result.html


def test_a_block_without_content_is_missing_and_an_empty_one_is_not():
    assert [gap.key for gap in filled("{{ version }}").unresolved] == ["version"]
    result = fill("One.\n\n{{ version }}", {}, {"version": Rendered("", "")}, {})
    assert not result.unresolved
    assert result.html.strip() == "<p>One.</p>"


def test_a_block_takes_the_place_of_its_paragraph():
    result = fill("One.\n{{ version }}", {}, {"version": rendered("- a\n- b")}, {})
    assert result.html == "<p>One.</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    assert result.text == "One.\n\n- a\n- b"


def test_a_reference_is_a_link_with_the_number_and_title():
    result = filled("See {{ see rights.access }}.")
    assert result.html == '<p>See <a href="#rights-access">section 6, Seeing &lt;your&gt; record</a>.</p>'
    assert result.text == "See section 6, Seeing <your> record."


def test_a_reference_to_no_clause_is_unresolved():
    (gap,) = filled("See {{ see rights.gone }}.").unresolved
    assert gap.key == "rights.gone"
    assert gap.blocks_publishing


def test_text_cannot_forge_a_slot():
    digest = "0" * 20
    assert filled(f"x{digest}x0x {{{{ school.name }}}}", school__name="Alder").text == f"x{digest}x0x Alder"


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_escaped_words_come_out_of_markdown_literally(words):
    one_line = ", ".join(part for line in words.splitlines() if (part := " ".join(line.split()).rstrip(",")))
    text = "x" + escape_markdown(words)
    (inline,) = MarkdownIt("commonmark", {"html": False}).parseInline(text)
    assert {child.type for child in inline.children or ()} <= {"text"}
    assert (
        "".join(child.content for child in inline.children or ()).strip()
        == f"x{one_line}".replace("\x00", "\ufffd").strip()
    )


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_value_of_a_fact_adds_an_element(value):
    result = filled("A {{ school.name }} b.", school__name=value)
    assert result.html.count("<") == (2 if value.strip() else 4)
    assert not problems("A {{ school.name }} b.")
