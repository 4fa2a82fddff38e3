import io
import json
import subprocess
import sys
import zipfile

import docx
import pytest
from docx.oxml import OxmlElement

from portal.core.errors import Invalid
from portal.notices.importing.blocks import MOST_BLOCKS, read_blocks
from portal.notices.importing.documents import Limits, document_blocks, pasted_blocks
from portal.notices.importing.lines import Kind
from portal.notices.importing.notice_check import check_notice

PARAGRAPH = "You can ask to see what we hold about you, and we answer within one month of the day we hear from you."


def word_file(*paragraphs, headings=("Your rights",)):
    document = docx.Document()
    for heading in headings:
        document.add_heading(heading, level=2)
    for paragraph in paragraphs or (PARAGRAPH,):
        document.add_paragraph(paragraph)
    document.add_paragraph("by email", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Photos", "One year"
    return saved(document)


def saved(document):
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def repacked(data, **changed):
    """The same Word file with some parts exchanged or added."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            if entry.filename not in changed:
                archive.writestr(entry, source.read(entry))
        for name, content in changed.items():
            archive.writestr(name, content)
    return target.getvalue()


def pdf(content=b"", more=b""):
    """A PDF of one page, written by hand; readers rebuild the cross-reference table that it lacks."""
    stream = b"BT /F1 12 Tf 72 720 Td (" + content + b") Tj ET" if content else b""
    parts = [
        b"%PDF-1.4",
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R",
        b"/Resources<</Font<</F1 5 0 R>>>>>>endobj",
        b"4 0 obj<</Length " + str(len(stream)).encode() + b">>stream",
        stream,
        b"endstream endobj",
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj",
        b"trailer<</Root 1 0 R" + more + b">>",
        b"%%EOF",
    ]
    return b"\n".join(parts)


def test_a_word_document_is_read_with_its_headings_lists_and_tables():
    blocks = document_blocks("notice.docx", word_file())
    assert [(block.kind, block.text) for block in blocks] == [
        (Kind.HEADING, "Your rights"),
        (Kind.PARAGRAPH, PARAGRAPH),
        (Kind.ITEM, "by email"),
        (Kind.ROW, "Photos | One year"),
    ]
    assert [block.line for block in blocks] == sorted({block.line for block in blocks})


def test_a_pdf_is_read():
    (block,) = document_blocks("notice.pdf", pdf(b"We never sell information about you to anybody."))
    assert block.text == "We never sell information about you to anybody."


def test_a_web_page_is_read_apart_too():
    page = "<h1>Rights</h1><p>Ask us – we’ll answer.</p>".encode("cp1252")
    assert [block.text for block in document_blocks("notice.htm", page)] == ["Rights", "Ask us – we’ll answer."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_the_encodings_that_people_use(encoding):
    (block,) = document_blocks("notice.txt", "It’s the school’s notice.".encode(encoding))
    assert block.text == "It’s the school’s notice."


def refused(name, data, limits=None):
    with pytest.raises(Invalid) as refusal:
        document_blocks(name, data, limits)
    return refusal.value.message


def test_an_empty_file_is_refused():
    assert "empty" in refused("notice.txt", b" \n ")


def test_fifty_megabytes_are_refused_before_anything_reads_them():
    assert "50 MB" in refused("notice.docx", b"PK\x03\x04" + bytes(50 * 1024 * 1024))


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones():
    assert ".docx" in refused("notice.odt", b"anything")


def test_a_spreadsheet_with_a_word_name_is_refused():
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "spreadsheet" in refused("notice.docx", book.getvalue())


def test_a_locked_word_document_is_refused():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert "password" in refused("notice.docx", data)


def test_an_old_word_document_is_refused():
    assert "old version" in refused("notice.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", word_file()[:-200], b"plain words"])
def test_a_damaged_word_document_is_refused(data):
    assert "damaged" in refused("notice.docx", data)


def test_a_word_document_with_a_garbled_part_is_refused():
    data = bytearray(word_file(*(f"We keep list {number} of who came." for number in range(400))))
    start = data.index(b"word/document.xml") + 60
    data[start : start + 120] = bytes(255 - one for one in data[start : start + 120])
    assert "damaged" in refused("notice.docx", bytes(data))


def test_a_word_document_with_broken_xml_is_refused():
    assert "damaged" in refused(
        "notice.docx", repacked(word_file(), **{"word/document.xml": b"<w:document><unclosed>"})
    )


def test_a_zip_bomb_is_refused():
    bomb = repacked(word_file(), **{"word/media/large.bin": bytes(70 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    assert "unpacks" in refused("notice.docx", bomb)


def test_a_zip_that_lies_about_its_sizes_is_counted_as_it_unpacks():
    bomb = bytearray(repacked(word_file(), **{"word/document.xml": b" " * (30 * 1024 * 1024)}))
    size = (30 * 1024 * 1024).to_bytes(4, "little")
    honest = bytes(bomb)
    assert honest.count(size) >= 1
    assert refused("notice.docx", honest.replace(size, (1000).to_bytes(4, "little")))


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "word/VBAPROJECT.BIN"])
def test_macros_are_refused(part):
    assert "macros" in refused("notice.docx", repacked(word_file(), **{part: b"x"}))


def test_parts_from_elsewhere_are_refused_but_links_are_not():
    link = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="http://example.org/x" '
        'TargetMode="External"/></Relationships>'
    )
    name = "word/_rels/settings.xml.rels"
    assert "other places" in refused("notice.docx", repacked(word_file(), **{name: link.format("attachedTemplate")}))
    assert document_blocks("notice.docx", repacked(word_file(), **{name: link.format("hyperlink")}))


def test_entities_are_refused():
    xml = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    assert "declarations" in refused("notice.docx", repacked(word_file(), **{"word/document.xml": xml}))


def test_a_scanned_pdf_is_refused():
    assert "no text" in refused("notice.pdf", pdf())


def test_a_damaged_pdf_is_refused():
    assert "damaged" in refused("notice.pdf", b"no pdf at all")
    assert refused("notice.pdf", b"%PDF-1.7\nrubbish")


def test_a_locked_pdf_is_refused():
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P %d>>/ID[<00><00>]"
    assert "password" in refused("notice.pdf", pdf(b"secret", lock % -4))
    too_large_for_the_reader = 2**33
    assert "password" in refused("notice.pdf", pdf(b"secret", lock % too_large_for_the_reader))


def test_a_picture_with_a_text_name_is_refused():
    assert "not a text file" in refused("notice.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")


def test_ten_thousand_paragraphs_are_refused_in_words():
    page = "<p>A paragraph of its own.</p>" * 10_000
    assert f"{MOST_BLOCKS:,}" in refused("notice.html", page.encode())


def test_a_reader_that_takes_too_long_is_stopped():
    assert "too long" in refused("notice.docx", word_file(), Limits(wall=0.01))


def test_a_reader_that_wants_too_much_memory_is_stopped():
    assert "too large" in refused("notice.docx", word_file(), Limits(memory=40 * 1024 * 1024))


def test_a_reader_that_says_too_much_is_stopped():
    assert "too large" in refused("notice.html", ("<p>" + "word " * 4_000 + "</p>").encode(), Limits(output=4_000))


CONFINED = """
import sys, os, json
sys.path[:] = json.loads(sys.argv[1])
from portal.notices.importing.confinement import Refused, confine
import socket, subprocess
confine(memory=10**9, seconds=5, output=10**6)
try:
    {attempt}
except Refused:
    print("refused")
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('example.org', 80)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "open('/etc/hostname')",
        "open('/tmp/written', 'w')",
        "os.remove('/tmp/nothing')",
    ],
)
def test_the_reading_process_can_reach_nothing(attempt):
    done = subprocess.run(
        [sys.executable, "-c", CONFINED.format(attempt=attempt), json.dumps(sys.path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.strip() == "refused", done.stderr


def test_a_page_about_something_else_is_no_notice():
    text = "Our summer fair is on the second Saturday in July. There will be cakes, a band and a tombola. " * 4
    with pytest.raises(Invalid, match="does not read like a privacy notice"):
        check_notice(pasted_blocks(text))


def test_a_box_that_asks_about_cookies_is_no_notice():
    text = (
        "We and our 80 partners use cookies to store information on your device, such as an identifier, and to show "
        "advertisements that fit you. Some rely on their legitimate interests, to which you may object.\n\n"
        "You can accept all cookies, refuse them or choose. Your choice is kept for a year.\n\nManage your cookies"
    )
    with pytest.raises(Invalid, match="does not read like a privacy notice"):
        check_notice(pasted_blocks(text))


def test_an_article_about_the_law_is_no_notice():
    text = (
        "The regulation governs the processing of personal data of individuals in the Union. Data subjects have the "
        "right of access, the right to erasure and the right to object. Critics feared for small firms. Fines can be "
        "large, and many websites blocked readers on the day on which it came into force.\n\n"
    )
    with pytest.raises(Invalid, match="does not read like a privacy notice"):
        check_notice(pasted_blocks(text))


def test_a_notice_in_another_language_is_told_apart():
    text = "Szkoła przechowuje dane osobowe uczniów i rodziców. Każdy może poprosić o kopię swoich danych. " * 6
    with pytest.raises(Invalid, match="English"):
        check_notice(pasted_blocks(text))


def test_our_own_notice_passes_for_one(library):
    check_notice(read_blocks("\n\n".join(clause.text for clause in library[0].clauses)))


def test_both_seeds_pass_for_notices(seeds):
    for path in seeds:
        check_notice(document_blocks(path.name, path.read_bytes()))


def test_tracked_insertions_are_kept_and_deletions_are_not():
    document = docx.Document()
    paragraph = document.add_paragraph("We never sell information. ")
    for tag, words in (("w:ins", "Nobody pays us."), ("w:del", "Except on Fridays.")):
        change, run, text = OxmlElement(tag), OxmlElement("w:r"), OxmlElement("w:t" if tag == "w:ins" else "w:delText")
        text.text = words
        run.append(text)
        change.append(run)
        paragraph._p.append(change)
    (block,) = document_blocks("notice.docx", saved(document))
    assert block.text == "We never sell information. Nobody pays us."
