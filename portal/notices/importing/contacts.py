"""E-mail addresses, telephone numbers, websites and postal addresses, and whose they are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from portal.notices.importing.councils import entity_table
from portal.notices.importing.words import EMAIL, SITE, TELEPHONE, spoken

POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")
POSTAL = re.compile(
    r"(?:[A-Z0-9][\w'&/() -]{1,60}[,.]\s+){1,8}(?:[A-Z][\w' -]{0,40}\s)?[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b"
)
OFFICER_ADDRESS = re.compile(r"(?:dpo|dataprotection|data\.protection|igs)\b")
OFFICE_ADDRESS = re.compile(r"(?:office|admin|enquir\w+|info|contact|head\w*|secretary|reception|mail)\w*@")
REACH = 160
ROOM_FOR_A_WORD = 12


class Contact(StrEnum):
    EMAIL = "email"
    TELEPHONE = "telephone"
    WEBSITE = "website"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Found:
    """A contact in a straightened text. `owner` is `school`, `dpo`, `regulator`, `controller` or `other`.

    `is_said`: its own look or its paragraph told whose it is.
    """

    contact: Contact
    value: str
    start: int
    end: int
    owner: str
    is_said: bool = True

    @property
    def fact(self) -> str:
        return f"{self.owner}.{self.contact}"


@lru_cache(maxsize=5_000)
def contacts(text: str, default_owner: str = "school") -> tuple[Found, ...]:
    """Every contact of one paragraph. `default_owner` is whom what stands around it speaks of.

    A council's mailbox is nobody's, except where the Data Protection Officer is spoken of.
    """
    plain = spoken(text)
    found: list[Found] = []
    for kind, pattern in (
        (Contact.EMAIL, EMAIL),
        (Contact.TELEPHONE, TELEPHONE),
        (Contact.ADDRESS, POSTAL),
        (Contact.WEBSITE, SITE),
    ):
        for match in pattern.finditer(plain):
            if not any(_overlap(match.span(), (other.start, other.end)) for other in found):
                value = _whole(match.group(0).strip(" .,;"))
                owner = _owner(plain, match.start(), kind, value)
                if owner == "other" and kind is Contact.EMAIL and default_owner == "dpo":
                    owner = None
                found.append(
                    Found(kind, value, match.start(), match.end(), owner or default_owner, is_said=owner is not None)
                )
    return tuple(sorted(found, key=lambda contact: contact.start))


def said_owner(text: str) -> str | None:
    """Whom a line or a heading is about, by the last word for somebody in it."""
    return _nearest_owner(_without_addresses(spoken(text).lower()))


def is_contact_only(text: str, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a line says nothing beside a name, a number or an address."""
    plain = spoken(text)
    covered = list(spans)
    if not covered:
        return False
    rest = "".join(
        " " if any(start <= place < end for start, end in covered) else letter for place, letter in enumerate(plain)
    )
    left = re.findall(r"[a-z]+", rest.lower().replace("'", ""))
    meaning = [word for word in left if word not in contact_words()]
    return len(meaning) <= (len(plain.split()) // ROOM_FOR_A_WORD)


@lru_cache(maxsize=1)
def contact_words() -> frozenset[str]:
    return frozenset(entity_table()["contact_words"]["words"])


def _owner(plain: str, place: int, kind: Contact, value: str) -> str | None:
    """Whose a contact is: by its own look, else by the nearest word for somebody before it, else after it."""
    plain = _without_addresses(plain)
    nearest = _nearest_owner(plain[max(0, place - REACH) : place].lower())
    owner = _owner_by_look(value.lower(), nearest)
    if owner is None and kind is Contact.WEBSITE:
        return "other"
    return owner or nearest or _nearest_owner(plain[place : place + REACH].lower(), first=True)


def _without_addresses(plain: str) -> str:
    """The same places without e-mail and web addresses: `school` in one says nothing of whose a number near it is."""
    for pattern in (EMAIL, SITE):
        plain = pattern.sub(lambda match: " " * len(match.group(0)), plain)
    return plain


def _whole(value: str) -> str:
    """Without a bracket that opens or closes outside, as in `(01234 567890)`."""
    if value.startswith("(") and ")" not in value:
        return value[1:]
    return value


def _owner_by_look(value: str, nearest: str | None) -> str | None:
    hosts = entity_table()["hosts"]
    host = _host(value)
    if any(host == known or host.endswith(f".{known}") for known in hosts["regulator"]):
        return "regulator"
    is_schools = _is_schools_host(host)
    if OFFICE_ADDRESS.match(value) and is_schools:
        return "school"
    if nearest in {"dpo", "regulator"}:
        return nearest
    if "@" in value and OFFICER_ADDRESS.match(value):
        return "dpo"
    if host.endswith(tuple(hosts["dpo"])):
        return "other"
    return "school" if is_schools else None


def _host(value: str) -> str:
    """The host of an e-mail or web address; "" for a number or a postal address."""
    if "@" in value:
        return value.rpartition("@")[2]
    bare = re.sub(r"^https?://", "", value).split("/", maxsplit=1)[0]
    return bare.removeprefix("www.") if "." in bare and " " not in bare else ""


def _is_schools_host(host: str) -> bool:
    hosts = entity_table()["hosts"]
    labels = host.split(".")[:-1]
    return host.endswith(tuple(hosts["school_ends"])) or any(
        label.endswith(known) for label in labels for known in hosts["school_labels"]
    )


def _nearest_owner(text: str, *, first: bool = False) -> str | None:
    places = [
        (match.start(), owner)
        for owner in ("dpo", "regulator", "controller", "school")
        for pattern in entity_table()["people"][owner]
        for match in re.finditer(pattern, text)
    ]
    if not places:
        return None
    return (min(places) if first else max(places))[1]


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
