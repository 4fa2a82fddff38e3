"""The facts that a document states: the school's name, contacts, the DPO, the regulator, its own council."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from portal.notices.importing.anchors import FIRST_SECTION, Place
from portal.notices.importing.blocks import Block
from portal.notices.importing.contacts import POSTCODE, Contact, Found, contacts, is_contact_only, said_owner
from portal.notices.importing.councils import Councils, entity_table
from portal.notices.importing.lines import Kind
from portal.notices.importing.names import SMALL_WORDS, name_alone, officer_name, school_name
from portal.notices.importing.passages import Claim, Stream
from portal.notices.importing.words import sentences, spoken, without_label

FACTS = (
    "school.name",
    "school.short_name",
    "school.email",
    "school.telephone",
    "school.address",
    "school.website",
    "controller.name",
    "controller.address",
    "dpo.name",
    "dpo.email",
    "dpo.telephone",
    "dpo.address",
    "regulator.name",
    "regulator.address",
    "regulator.telephone",
    "regulator.website",
    "service.name",
    "trust.name",
    "authority.name",
)
OWNERS = {
    "about.dpo": "dpo",
    "complaints.dpo": "dpo",
    "complaints.regulator": "regulator",
    "about.controller": "controller",
}
OWN_COUNCIL = re.compile(
    r"\b(?:share|sharing|shares|provide|send|pass|give)\b.{0,60}COUNCIL"
    r"|\b(?:our|school's) (?:local )?(?:council|authority)\b.{0,20}COUNCIL"
)
REGULATOR = re.compile(r"\bInformation Commission(?:er['’]?s Office|er)?\b", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = (
    rf"(?:(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? )?{_MONTH},? (?:19|20)\d\d|\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d\d){{1,2}}"
    r"|\d{4}-\d\d-\d\d|(?:autumn|spring|summer) (?:term )?(?:19|20)\d\d|(?:19|20)\d\d(?:[/-]\d{2,4})?)"
)
_EVENT = (
    r"(?:(?:last|next|first|date|to be) )?(?:updated?|reviewed|changed?|revised|amended|published|issued?|approved"
    r"|adopted|agreed|ratified|effective|in force|valid|dated?|review(?: date| due)?|(?:review|issue|publication) date"
    r"|date of (?:issue|publication|adoption|approval|(?:the )?(?:last |next )?(?:review|update|revision)))"
)
_SUBJECT = (
    r"(?:(?:this|our|the) )?(?:(?:privacy )?(?:notice|policy|document|page|version|statement) )?"
    r"(?:(?:was|is|has been|will be) )?"
)
_BY = (
    r"(?: by (?:the |our )?(?:full )?(?:governors|governing (?:body|board)|board|trust|trustees|head ?teacher|school))?"
)
_PART = (
    rf"(?:{_SUBJECT}{_EVENT}(?: and {_EVENT})?{_BY}\s*[:=-]?\s*(?:(?:on|in|from|since|by|until) )?(?:the )?{_DAY}{_BY}"
    rf"|{_SUBJECT}(?:version|edition|issue|v)(?: (?:no|number)\.?)?\s?[:.]?\s*v?\d+(?:\.\d+)*|{_DAY})"
)
VERSION = re.compile(rf"(?!{_DAY}\W*$){_PART}(?:(?:[\s,;|./()-]|and)+{_PART})*[\s.)]*", re.IGNORECASE)
NAME_WORD = r"[A-Z][\w'’&.]*"
CONTROLLER = re.compile(
    rf"\b(?P<name>{NAME_WORD}(?:(?: |-| of the | of | and | for | in ){NAME_WORD}){{1,8}})"
    r"\s?(?:is|are|acts as|\(the)\s(?:the |a |your )?(?:data )?controller\b"
)
CONTROLLER_IS = re.compile(
    rf"\b(?:data )?controller(?: for [\w' ]{{1,40}}?)?(?: is|:)\s(?:the )?"
    rf"(?P<name>{NAME_WORD}(?:(?: |-| of the | of | and | for | in ){NAME_WORD}){{1,8}})"
)
LONGEST_LABEL = 6
TELLING = frozenset({"dpo", "regulator", "other"})
ADDRESS_LINES, SHORT_LINE, SHORT_TITLE = 6, 8, 4
WHOLE_ADDRESS = 2
TITLE_WORD = re.compile(
    r"\b(?:contacts?|address|details|privacy|notice|about|advice|complain\w*|questions?)\b", re.IGNORECASE
)
OTHER_NOTICES = "purposes.specific-notices"
ONLY_LINK = re.compile(r"^\[[^\]]+\]\([^)]+\)$|^[^()]{3,80} \((?:/|https?://)[^)\s]*\)$")
TITLE_BLOCKS = 6
OTHERS_SECTIONS = frozenset({"sharing", "security", "cookies", "transfers"})
OWN_CONTACT_CLAUSES = frozenset({"rights.how-to-ask", "rights.access", "about.controller", "about.welcome"})


def default_owners(blocks: Sequence[Block], places: Iterable[Place]) -> dict[int, str]:
    """By block, whose a contact in it is where the block itself does not say.

    That of the line above in the same run of contacts, else of the heading, else of the clause.
    """
    found: dict[int, str] = {}
    headed = above = None
    is_heading_own = False
    for block, place in zip(blocks, places, strict=True):
        if block.kind is Kind.HEADING:
            headed, above, is_heading_own = _labelled(block), None, is_about(block.text, "own")
            found[block.index] = headed or "school"
            continue
        told = headed if headed in TELLING or is_heading_own else None
        found[block.index] = (
            above or told or OWNERS.get(place.key or "") or headed or OWNERS.get(place.headed or "", "school")
        )
        above = _goes_on(block, above, found[block.index])
    return found


def _labelled(block: Block) -> str | None:
    """Whom a heading or a label speaks of: the school where it says `Contact us`."""
    if is_about(block.text, "own"):
        named = said_owner(block.text)
        return named if named in {"dpo", "regulator"} else "school"
    return "other" if is_about(block.text, "stranger") else said_owner(block.text)


def _goes_on(block: Block, above: str | None, owner: str) -> str | None:
    """Whose the next line's contacts are when it does not say; None after ordinary text."""
    reached = [one for one in contacts(block.text, owner) if one.contact in {Contact.EMAIL, Contact.TELEPHONE}]
    if reached and is_contact(block, reached):
        return reached[-1].owner
    is_label = not reached and len(block.plain.split()) <= LONGEST_LABEL and block.plain[-1:] not in {".", "?", "!"}
    return (_labelled(block) or above) if is_label else None


def is_contact(block: Block, found: Sequence[Found]) -> bool:
    """Whether a block only says how to reach somebody, or who they are."""
    plain = spoken(block.text)
    spans = [(contact.start, contact.end) for contact in found]
    spans += [match.span() for match in REGULATOR.finditer(plain)]
    if name := officer_name(plain):
        spans.append((plain.find(name), plain.find(name) + len(name)))
    return is_contact_only(plain, spans)


def is_version_line(block: Block) -> bool:
    """Whether the whole of a block says when it was made or which version it is."""
    return VERSION.fullmatch(block.plain) is not None


def is_computed(block: Block, place: Place) -> bool:
    """Whether the portal wrote a block itself: the version, the form, the list of other notices."""
    if is_written_by_portal(block):
        return True
    is_listed = block.kind is Kind.ITEM and OTHER_NOTICES in {place.key, place.headed}
    return is_listed and bool(ONLY_LINK.match(block.text) or len(block.words) <= SHORT_TITLE)


def is_written_by_portal(block: Block) -> bool:
    return any(re.search(pattern, block.plain.lower()) for pattern in entity_table()["computed"]["lines"])


def address_lines(blocks: Sequence[Block]) -> set[int]:
    """The short lines, one below the other, that end in a postcode.

    Pasted from a page, each may stand in a paragraph of its own; then a heading above them is no line of theirs.
    """
    found: set[int] = set()
    for place, block in enumerate(blocks):
        if not _may_be_address(block) or not POSTCODE.search(spoken(block.text)):
            continue
        found.add(block.index)
        for above in range(place - 1, max(place - ADDRESS_LINES, -1), -1):
            is_apart = blocks[above + 1].line - blocks[above].last_line > 1
            if not _may_be_address(blocks[above]) or (is_apart and not _may_stand_apart(blocks[above], block)):
                break
            found.add(blocks[above].index)
    return found


def facts(
    blocks: Sequence[Block],
    places: Sequence[Place],
    claims: Iterable[Claim],
    stream: Stream,
    councils: Councils,
    local: Collection[int] = (),
) -> dict[str, str]:
    """What fills the placeholders of sentences that match counts most; then what stands in the text itself.

    `local` are the paragraphs that only this document has: what they say of strangers is not the school's.
    """
    found: dict[str, str] = {}
    foreign = {block.index for block in blocks if block.index in local and is_about(block.text, "stranger")}
    owners = default_owners(blocks, places)
    for block, name, value in _claimed([block for block in blocks if block.index not in foreign], claims, stream):
        if not _is_anothers(name, contacts(block.text, owners[block.index])):
            found.setdefault(name, value)
    ranked: dict[str, tuple[int, str]] = {}
    for number, (block, place) in enumerate(zip(blocks, places, strict=True)):
        is_title = number < TITLE_BLOCKS or place.section == FIRST_SECTION
        if not councils.line(block.text):
            for contact in contacts(block.text, owners[block.index]):
                is_local = block.index in local or block.index - 1 in foreign
                rank = _rank(contact, block, place, is_title=is_title, is_local=is_local)
                if rank is not None and rank < ranked.get(contact.fact, (rank + 1, ""))[0]:
                    ranked[contact.fact] = (rank, _root(contact))
        for name, value in _names(block, councils, owners[block.index]):
            found.setdefault(name, value)
    for name, (_, value) in ranked.items():
        found.setdefault(name, value)
    _add_name(found, blocks)
    return {name: found[name] for name in (*FACTS, *sorted(set(found) - set(FACTS))) if name in found}


def _names(block: Block, councils: Councils, owner: str) -> Iterable[tuple[str, str]]:
    plain = spoken(block.text)
    if officer := officer_name(block.text) or (name_alone(block.text) if owner == "dpo" else None):
        yield "dpo.name", officer
    if controller := CONTROLLER.search(plain):
        yield "controller.name", controller["name"].strip()
    if named := REGULATOR.search(plain):
        yield "regulator.name", named.group(0)
    if OWN_COUNCIL.search(councils.masked(block.text)) and (mentions := councils.mentions(block.text)):
        yield "authority.name", mentions[0].name


def _rank(contact: Found, block: Block, place: Place, *, is_title: bool, is_local: bool) -> int | None:
    """How likely a contact is the tenant's own, 0 the most; None when it is somebody else's."""
    if contact.owner == "other":
        return None
    plain = spoken(block.text)
    if contact.owner not in {"school", "controller"}:
        sentence = _sentence_around(plain, contact.start)
        return None if is_about(sentence, "stranger") and said_owner(sentence) != contact.owner else 1
    said = plain if is_local else _sentence_around(plain, contact.start)
    needs_own = is_local or place.section in OTHERS_SECTIONS
    if is_about(said, "stranger") or (needs_own and not is_about(said, "own")):
        return None
    is_where_schools_say_it = is_title or {place.key, place.headed} & OWN_CONTACT_CLAUSES
    if not (contact.is_said or is_where_schools_say_it or is_about(said, "own") or is_contact(block, [contact])):
        return 3
    return 0 if is_where_schools_say_it else 2 if is_local else 1


def _sentence_around(plain: str, place: int) -> str:
    end = 0
    for sentence in sentences(plain):
        end = plain.find(sentence, end) + len(sentence)
        if place < end:
            return sentence
    return plain


def is_about(text: str, whom: str) -> bool:
    """Whether a text names a stranger, or says outright that a contact is the school's own."""
    lowered = spoken(text).lower()
    return any(re.search(pattern, lowered) for pattern in entity_table()["people"][whom])


def _root(contact: Found) -> str:
    """A web address without the page that it leads to: the site is the school's fact."""
    if contact.contact is not Contact.WEBSITE:
        return contact.value
    scheme, separator, rest = contact.value.rpartition("://")
    return f"{scheme}{separator}{rest.split('/', maxsplit=1)[0]}"


def _is_anothers(name: str, found: Sequence[Found]) -> bool:
    """Whether a line holds a contact of the kind that `name` asks for, but of somebody else alone.

    `Telephone: ...` is a known sentence of more than one clause; the lines above it tell whose it is.
    """
    owner, _, kind = name.partition(".")
    same_kind = [contact for contact in found if contact.contact == kind]
    return bool(same_kind) and all(contact.owner != owner for contact in same_kind)


def _claimed(blocks: Sequence[Block], claims: Iterable[Claim], stream: Stream) -> Iterable[tuple[Block, str, str]]:
    by_index = {block.index: block for block in blocks}
    for claim in claims:
        for name, start, end in claim.values:
            block = next(
                (by_index[index] for index, (low, high) in stream.spans.items() if low <= start and end <= high), None
            )
            if name in FACTS and block is not None and (value := _original(block, stream.words[start:end])):
                yield block, name, value


def _original(block: Block, words: Sequence[str]) -> str | None:
    """A value as the document writes it."""
    if not words or any(word.startswith("{{") for word in words):
        return None
    letters = [
        r"[\s()-]*".join(word.removeprefix("tel:")) if word.startswith("tel:") else _loose(word) for word in words
    ]
    value = r"[\W_]{1,6}".join(letters)
    match = re.search(rf"(?:\+|\((?=[^()]*\)))?{value}", spoken(block.text), re.IGNORECASE)
    return match.group(0) if match else None


def _loose(word: str) -> str:
    return re.escape(word) if "@" in word else "'?".join(map(re.escape, word))


def _add_name(found: dict[str, str], blocks: Sequence[Block]) -> None:
    titles = [
        name
        for block in blocks[:TITLE_BLOCKS]
        if block.kind in {Kind.HEADING, Kind.PARAGRAPH} and (name := school_name(block.text))
    ]
    if titles:
        found["school.name"] = titles[0]
    elif "school.name" not in found and "controller.name" in found and school_name(found["controller.name"]):
        found["school.name"] = found["controller.name"]


def _may_be_address(block: Block) -> bool:
    """A short line in capitals, as `12 Mill Lane`: a line of an address, unless it ends like a sentence."""
    plain = spoken(block.text)
    names = [word for word in re.findall(r"[\w']+", plain) if word.lower() not in SMALL_WORDS]
    return (
        block.kind in {Kind.PARAGRAPH, Kind.HEADING}
        and len(plain.split()) <= SHORT_LINE
        and plain[-1:] not in {".", ":", "?"}
        and all(word[:1].isupper() or word[:1].isdigit() for word in names)
    )


def _may_stand_apart(line: Block, last: Block) -> bool:
    """Whether a paragraph belongs to the address that ends in `last`: no title, and nothing above a whole address."""
    is_whole = spoken(last.text).count(",") >= WHOLE_ADDRESS
    is_title = line.level > 0 or without_label(line.text) != line.text or TITLE_WORD.search(line.plain) is not None
    return not is_whole and not is_title


def placed_by_index(blocks: Sequence[Block], places: Sequence[Place]) -> Mapping[int, Place]:
    return {block.index: place for block, place in zip(blocks, places, strict=True)}
