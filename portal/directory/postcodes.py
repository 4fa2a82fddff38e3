"""The shape of a British postcode: reading what a person typed, and saying helpfully what is wrong with it.

No message and no `repr` holds what was typed: where somebody lives must not reach a log.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from portal.core.errors import Invalid
from portal.core.i18n import N_

_OUTWARD = re.compile(
    r"[A-PR-UWYZ](?:[0-9]{1,2}|[0-9][ABCDEFGHJKPSTUW]|[A-HK-Y][0-9]{1,2}|[A-HK-Y][0-9][ABEHMNPRVWXY])|GIR"
)
_INWARD = re.compile(r"[0-9][ABDEFGHJLNP-UW-Z]{2}")
_AREA = re.compile(r"[A-PR-UWYZ][A-HK-Y]?")
_STUMP = re.compile(r"[0-9][A-Z]?")
_INWARD_LENGTH = 3
_LONGEST_TYPED = 40
_MISREAD_DIGITS = str.maketrans("OIL", "011")

_AREAS_ELSEWHERE = {
    "N": ["BT"],
    "S": ["AB", "DD", "EH", "FK", "G", "HS", "IV", "KA", "KW", "KY", "ML", "PA", "PH", "ZE"],
    "W": ["CF", "SA"],
    "L": ["GY", "JE"],
    "M": ["IM"],
}
_NOWHERE = frozenset({"BF", "BX", "XX"})

EMPTY = N_("Type a postcode, such as CM1 1AA.")
PARTIAL = N_("That is only part of a postcode. Type all of it, such as CM1 1AA, or choose the council by its name.")
WRONG = N_("That does not look like a postcode. A postcode looks like CM1 1AA.")
NOT_FOUND = N_("We could not find that postcode. Check it, or choose the council by its name.")
NO_PLACE = N_("That postcode belongs to no place in England. Choose the council by its name instead.")

_ISLANDS = N_("That postcode is in the Channel Islands or on the Isle of Man. We only know the councils of England.")
ELSEWHERE = {
    "N": N_("That postcode is in Northern Ireland. We only know the councils of England."),
    "S": N_("That postcode is in Scotland. We only know the councils of England."),
    "W": N_("That postcode is in Wales. We only know the councils of England."),
    "L": _ISLANDS,
    "M": _ISLANDS,
}
"""By the first letter of the statistics office's codes for a country."""


@dataclass(frozen=True, slots=True, order=True)
class Postcode:
    """`outward` (CM1) is the postcode district; `inward` (1AA) is empty where only the district was given."""

    outward: str = field(repr=False)
    inward: str = field(repr=False, default="")

    @property
    def is_whole(self) -> bool:
        return bool(self.inward)

    @property
    def area(self) -> str:
        return self.outward[: 1 if self.outward[1].isdigit() else 2]

    @property
    def text(self) -> str:
        return f"{self.outward} {self.inward}".strip()


def parse_postcode(typed: str) -> Postcode:
    """A whole postcode of a place that may be in England. Raises `Invalid` with a sentence that helps."""
    postcode = parse_place(typed)
    if not postcode.is_whole:
        raise Invalid(PARTIAL, field="postcode")
    return postcode


def parse_place(typed: str) -> Postcode:
    """A whole postcode or a postcode district such as CM1. Raises `Invalid`, also for other nations' areas."""
    squeezed = _squeeze(typed)
    if not squeezed:
        raise Invalid(EMPTY, field="postcode")
    postcode = None if _stops_early(typed) else _split(squeezed)
    if postcode is None:
        raise Invalid(PARTIAL if _begins_like_one(squeezed) else WRONG, field="postcode")
    for country, areas in _AREAS_ELSEWHERE.items():
        if postcode.area in areas:
            raise Invalid(ELSEWHERE[country], field="postcode")
    if postcode.area in _NOWHERE:
        raise Invalid(NO_PLACE, field="postcode")
    return postcode


def well_formed(text: str) -> Postcode | None:
    """A whole postcode from a file, whatever the nation; `None` when the shape is wrong."""
    postcode = _split(_squeeze(text)) if len(text) <= _LONGEST_TYPED else None
    return postcode if postcode is not None and postcode.is_whole else None


def _squeeze(typed: str) -> str:
    """Capitals and figures only: spaces, full stops and hyphens are habits of typing, not part of a postcode."""
    if len(typed) > _LONGEST_TYPED:
        raise Invalid(WRONG, field="postcode")
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(
        character for character in plain if not character.isspace() and character not in ".-\u2010\u2013\u200b"
    )


def _split(squeezed: str) -> Postcode | None:
    outward, inward = squeezed[:-_INWARD_LENGTH], squeezed[-_INWARD_LENGTH:]
    inward = inward[:1].translate(_MISREAD_DIGITS) + inward[1:]
    if _OUTWARD.fullmatch(outward) and _INWARD.fullmatch(inward):
        return Postcode(outward, inward)
    return Postcode(squeezed) if _OUTWARD.fullmatch(squeezed) else None


def _stops_early(typed: str) -> bool:
    """CM1 1 is the beginning of CM1 1AA, not the district CM11: the space tells."""
    parts = typed.upper().rsplit(maxsplit=1)
    return len(parts) > 1 and bool(_OUTWARD.fullmatch(_squeeze(parts[0])) and _STUMP.fullmatch(parts[1]))


def _begins_like_one(squeezed: str) -> bool:
    if _AREA.fullmatch(squeezed):
        return True
    return any(_OUTWARD.fullmatch(squeezed[:-length]) and _STUMP.fullmatch(squeezed[-length:]) for length in (1, 2))
