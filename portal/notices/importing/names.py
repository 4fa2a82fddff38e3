"""Names of people, firms and schools, told by capitals and by the words around them."""

import re

from portal.notices.importing.councils import entity_table
from portal.notices.importing.words import spoken

BIG, SMALL = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĻĽŁŃŅŇŌŐŘŚŞŠȘŤȚŪŮŰŲŹŻŽ", "a-zß-öø-ÿāăąćčďđēėęěğģīıķļľłńņňōőřśşšșťțūůűųźżž"
ONE_NAME = rf"[{BIG}](?:'[{BIG}]|[{SMALL}])[{SMALL}]*(?:['-]?[{BIG}][{SMALL}]+|['-][{SMALL}]+)*"
INITIAL_OR_NAME = rf"(?:{ONE_NAME}|(?:de|van|von|al|el|bin)\b|[{BIG}]{{1,6}}\b\.?)"
CAPITALISED = rf"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s)?{INITIAL_OR_NAME}(?:\s{INITIAL_OR_NAME}){{1,3}}"
OFFICER = r"(?:[Dd]ata [Pp]rotection (?:[Oo]fficer|[Ll]ead)|DPO)"
OFFICER_THEN_NAME = re.compile(
    rf"{OFFICER}(?:\s\(DPO\))?\)?"
    r"(?:\W{1,3}(?:who is|is|name|named|called)\b|\sis(?:\scurrently)?|\W{0,2}:|,|\s[-(])?"
    rf"\s?\(?(?:called\s|named\s)?(?P<name>{CAPITALISED})"
)
NAME_THEN_OFFICER = re.compile(
    rf"(?P<name>{CAPITALISED})(?:,|\sis|\s\(|\sacts as|\s-)\s?(?:our|the|the school's|your)?\s?{OFFICER}\b"
)
NAME_AS_OFFICER = re.compile(
    rf"\b(?:appointed|engaged|named|designated|nominated|chosen|made|contracted|have|has|employs?|asked)\s"
    rf"(?P<name>{CAPITALISED})(?:\s\([^()]*\)|,[^,.]{{1,40}},)?"
    rf"\s(?:as|to be|to act as|to serve as|for)\s(?:\w+'?s?\s){{0,3}}{OFFICER}\b"
)
HELD_BY_NAME = re.compile(
    rf"{OFFICER}(?:\s\(DPO\))?\b[^.]{{0,40}}?\b(?:held|carried out|fulfilled|undertaken|performed|provided|filled"
    rf"|taken on|done|covered)\s(?:\w+\s)?by\s(?P<name>{CAPITALISED})"
)
OFFICER_OF_SCHOOL_IS_NAME = re.compile(
    rf"{OFFICER}(?:\s\(DPO\))?\s(?:for|of|at|in)\s[^.,:]{{1,60}}?\s(?:is|:)\s(?P<name>{CAPITALISED})"
)
NAME_SERVES = re.compile(
    rf"(?P<name>{CAPITALISED})(?:,[^,.]{{1,60}},|\s\([^()]*\))?\s(?:who\s)?"
    r"(?:is|acts|serves|works|will be|was|has been|will act)(?:\s(?:also|now|currently|appointed|named))*(?:\sas)?"
    rf"\s(?:\w+'?s?\s){{0,2}}{OFFICER}\b"
)
NAME_LINE = re.compile(rf"(?:(?:full |contact )?name|contact|who)\s?[:|-]\s?(?P<name>{CAPITALISED})", re.IGNORECASE)
WORDINGS = (
    OFFICER_THEN_NAME, NAME_THEN_OFFICER, NAME_AS_OFFICER, HELD_BY_NAME, OFFICER_OF_SCHOOL_IS_NAME, NAME_SERVES
)  # fmt: skip
TITLE_BEFORE = re.compile(
    r"^(?:(?:general )?privacy (?:notice|policy|statement)(?: for| of| -|:)?|welcome to)\s+", re.IGNORECASE
)
TITLE_AFTER = re.compile(r"\s*[-:,|]?\s*(?:general )?privacy (?:notice|policy|statement)$", re.IGNORECASE)
KIND = (
    "primary|juniors?|infants?|nursery|secondary|high|grammar|special|community|college|academy|federation|pre-?school|free|"
    "first|middle|church of england|c of e|ce|catholic|rc|foundation|girls'?|boys'?|pru|sixth form"
)
FULL_NAME = re.compile(rf"^\S+.*\b(?:{KIND})\b|^\S+ \S+ .*\bschool\b|^st\.? \S+ school\b")
SMALL_WORDS = frozenset(["of", "the", "and", "in", "for", "at", "on", "c.e.", "ce", "rc", "st", "a", "with", "by"])
MOST_NAME_WORDS = 14


def officer_name(text: str) -> str | None:
    """The name given for the Data Protection Officer, of a person or a firm."""
    plain = spoken(text)
    for pattern in WORDINGS:
        for match in pattern.finditer(plain):
            name = _trimmed_name(match["name"])
            if name:
                return name
    return None


def name_alone(text: str) -> str | None:
    """The name on a line that gives only that, such as `Name: Priya Nair`, wherever the lines around tell whose."""
    match = NAME_LINE.fullmatch(spoken(text).strip(" .|"))
    return _trimmed_name(match["name"]) if match else None


def is_person(name: str) -> bool:
    """Whether a DPO's name is a human being's rather than a role's or a firm's."""
    parts = name.split()
    return len(parts) > 1 and not any(
        part.strip(".,").lower() in entity_table()["people"]["never_a_person"] for part in parts
    )


def school_name(text: str) -> str | None:
    """The school's name when a line is one: `Alder Primary School`, `Privacy notice for Alder Primary School`."""
    name = TITLE_AFTER.sub("", TITLE_BEFORE.sub("", spoken(text).strip(" .:|#*"))).strip(" -:,|")
    table = entity_table()["schools"]
    lowered = name.lower()
    if not 1 < len(name.split()) <= MOST_NAME_WORDS or not _is_title(name) or not FULL_NAME.search(lowered):
        return None
    has_kind = any(re.search(rf"\b{re.escape(kind)}\b", lowered) for kind in table["kinds"])
    is_other = any(re.search(pattern, lowered) for pattern in table["not_names"])
    return name if has_kind and not is_other else None


def _is_title(name: str) -> bool:
    return all(
        word[:1].isupper() or word[:1].isdigit() or word.lower() in SMALL_WORDS for word in re.findall(r"[\w']+", name)
    )


def _trimmed_name(name: str) -> str | None:
    """A name without the words that merely follow it."""
    parts = name.split()
    stops = entity_table()["people"]["never_a_name"]
    while parts and parts[-1].lower().strip(".,") in stops:
        parts.pop()
    if not parts or parts[0].lower() in stops:
        return None
    return " ".join(parts) if len(parts) > 1 else None
