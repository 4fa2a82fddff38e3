import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.notices.importing.blocks import MOST_BLOCKS, Source, read_blocks, reconstruct, same_text
from portal.notices.importing.lines import Kind

WRAPPED = """Taking part in the harvest supper is open to every family, and the rota for
washing up is pinned to the door of the hall from the first Monday of the
month until the supper itself.

Please bring a plate, a fork and, if you have one to spare, a folding chair
for a neighbour who may have come without.

1. What to bring
A dish that feeds six.
"""


def kinds(text, source=Source.TEXT):
    return [(block.kind, block.text) for block in read_blocks(text, source)]


@pytest.mark.parametrize("bullet", ["·", "•", "-", "–", "*", "o", "▪", "\uf0b7"])
def test_every_bullet_character_makes_an_item(bullet):
    assert kinds(f"We keep:\n\n{bullet} apples\n{bullet}\u00a0pears from the tree\n")[1:] == [
        (Kind.ITEM, "apples"),
        (Kind.ITEM, "pears from the tree"),
    ]


def test_a_bold_word_at_the_start_of_a_line_is_no_bullet():
    assert kinds("**Locks.** Papers are locked away in the evening.") == [
        (Kind.PARAGRAPH, "**Locks.** Papers are locked away in the evening.")
    ]


def test_wrapped_lines_become_paragraphs_again():
    blocks = read_blocks(WRAPPED)
    assert [block.kind for block in blocks] == [Kind.PARAGRAPH, Kind.PARAGRAPH, Kind.HEADING, Kind.PARAGRAPH]
    assert (blocks[0].line, blocks[0].last_line) == (1, 3)


def test_long_lines_without_blanks_between_them_stay_apart():
    first, second = "A " + "long " * 60 + "paragraph.", "Another " + "long " * 60 + "paragraph."
    assert len(read_blocks(f"{first}\n{second}\n")) == 2


def test_lines_of_an_address_are_no_headings():
    blocks = read_blocks("Write to:\n\nThe Office\nMill House\nWater End\nNewtown\nNT1 2AB\n\nThank you.\n")
    assert Kind.HEADING not in {block.kind for block in blocks}


def test_a_list_that_lost_its_bullets_is_still_a_list():
    text = "They are facts about:\n\nhealth\nreligion\npolitical views\n\nWe guard them.\n"
    assert [kind for kind, _ in kinds(text)] == [Kind.PARAGRAPH, Kind.ITEM, Kind.ITEM, Kind.ITEM, Kind.PARAGRAPH]


@pytest.mark.parametrize("title", ["3. How we use it", "Your rights", "What do we keep?", "**Cookies**", "SECURITY"])
def test_titles_are_told_by_their_look(title):
    assert kinds(f"{title}\n\nHere is what we have to say about that, in a sentence.\n")[0][0] is Kind.HEADING


@pytest.mark.parametrize(
    "line", ["We never sell information to anybody else", "Please ring 01234 567890", "Tel: 01234 567890", "see below:"]
)
def test_short_sentences_and_contacts_are_no_titles(line):
    assert kinds(f"{line}\n\nHere is what we have to say about that, in a sentence.\n")[0][0] is not Kind.HEADING


def test_markdown_headings_tables_and_rulers_survive():
    text = "# Notice\n\nTitle\n=====\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n---\n\nText that follows.\n"
    blocks = read_blocks(text, Source.MARKDOWN)
    assert [block.kind for block in blocks] == [Kind.HEADING, Kind.HEADING, Kind.ROW, Kind.ROW, Kind.PARAGRAPH]
    assert same_text(reconstruct(blocks), text)


def test_a_web_page_gives_what_a_reader_sees():
    page = """<html><head><title>x</title><style>p{}</style></head><body><nav>Home</nav>
    <main><h2>Your <em>rights</em></h2>
    <p>Ask us,<br>or ring <a href="tel:0123">0123</a>.</p><ul><li><p>one</p></li><li>two <a href="">here</a></li></ul>
    <table><tr><th>a</th><td>b</td></tr></table><p hidden>secret</p><script>alert(1)</script></main>
    <footer>f</footer></body>"""
    assert kinds(page, Source.HTML) == [
        (Kind.HEADING, "Your *rights*"),
        (Kind.PARAGRAPH, "Ask us,"),
        (Kind.PARAGRAPH, "or ring [0123](tel:0123)."),
        (Kind.ITEM, "one"),
        (Kind.ITEM, "two [here](#)"),
        (Kind.ROW, "a | b"),
    ]


def test_a_page_with_unclosed_tags_loses_no_words():
    blocks = read_blocks("<p>One<p>Two <b>three<li>four<td>five", Source.HTML)
    assert " ".join(block.text for block in blocks).replace("*", "").split() == ["One", "Two", "three", "four", "five"]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff"])
def test_a_document_without_words_is_refused(text):
    with pytest.raises(Invalid, match="no words"):
        read_blocks(text)


def test_ten_thousand_paragraphs_are_refused():
    with pytest.raises(Invalid, match=f"at most {MOST_BLOCKS:,}"):
        read_blocks("\n\n".join(["A paragraph of its own."] * 10_000))


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1), min_size=1, max_size=12
    )
)
def test_no_letter_of_any_text_is_lost(lines):
    text = "\n".join(lines)
    try:
        blocks = read_blocks(text)
    except Invalid:
        assert not text.strip()
        return
    printed, source = ("".join(ch for ch in part if ch.isalnum() and ch != "o") for part in (reconstruct(blocks), text))
    assert printed == source


@given(st.lists(st.sampled_from(["· ", "- ", "", "1. ", "## ", "o "]), min_size=1, max_size=15), st.integers(0, 99))
def test_reconstruction_is_the_source_but_for_white_space_and_bullets(starts, seed):
    lines = [f"{start}Words of line {seed + number} are here, in full." for number, start in enumerate(starts)]
    text = "\n \n".join(lines)
    assert same_text(reconstruct(read_blocks(text)), text)


@pytest.mark.parametrize("end", ["</p>", "<br></p>"])
def test_an_address_broken_into_lines_stays_an_address_below_its_lead_in(end):
    page = f"<p>Write to them at:</p><p>Grange House<br>4 Mill Lane<br>Saltby<br>Kent ME1 1AA{end}<p>They reply.</p>"
    assert [(block.kind, block.text) for block in read_blocks(page, Source.HTML)][1:5] == [
        (Kind.PARAGRAPH, line) for line in ("Grange House", "4 Mill Lane", "Saltby", "Kent ME1 1AA")
    ]


def test_steps_of_a_page_keep_their_numbers():
    page = "<ol><li>Ask us.</li><li>Wait.</li></ol><ul><li>Smile.</li></ul>"
    assert [block.marker for block in read_blocks(page, Source.HTML)] == ["1.", "2.", "-"]


def test_lines_with_bars_are_rows_where_several_stand_together():
    kinds = [block.kind for block in read_blocks("What | How long\nTill rolls | A year\n\nSee Maps | Saltby\n")]
    assert kinds[:2] == [Kind.ROW, Kind.ROW]


def test_a_line_that_ends_in_a_web_address_or_a_conjunction_is_no_heading():
    text = "We keep to the law.\n\nMore about this is at example.org.uk\n\nNames of other people; or\n\nWe lock doors."
    assert {kind for kind, _ in kinds(text)} == {Kind.PARAGRAPH}


def test_items_that_lost_their_bullets_stay_apart_where_one_ends_in_or():
    text = "We may tell others:\nTo find and stop people who break in at night; or\nto keep a child out of danger.\n"
    assert len(read_blocks(text)) == 3
