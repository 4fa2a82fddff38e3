"""A school's own document, read and compared with every edition of the library.

documents (bytes to text, in a process of its own), blocks (text to blocks and back), anchors, councils, contacts and
names (what a block is about), align (blocks to editions), template (a document to an edition), report (what the office
sees), corpus and bench (made notices with known answers). The TOML files beside them are their tables. Everything here
only looks: it changes no row, reads no clock, and takes plain values.
"""
