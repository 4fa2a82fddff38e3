"""A school's colour and crest: checked before anybody sees them. Pure."""

import re

from portal.core.errors import Invalid
from portal.core.i18n import N_

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: white words on the colour, and the colour's words on white."""

CREST_BYTES = 150 * 1024
_CREST_POINTS = 4_000
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of JPEG that begin a frame; the three left out begin tables and an extension."""


def checked_colour(text: str) -> str:
    """The colour as #rrggbb. Raises `Invalid` when it is none, or too light for white words."""
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise Invalid(N_("Enter a colour like #1d5c3a."), field="colour")
    found = contrast_with_white(colour)
    if found < LEAST_CONTRAST:
        reason = N_("White words on this colour cannot be read well: the contrast is %(found)s, and 4.5 is the least.")
        shown = int(found * 100) / 100  # never rounded up to what it falls short of
        raise Invalid(reason % {"found": f"{shown:.2f}"}, field="colour")
    return colour


def contrast_with_white(colour: str) -> float:
    """The WCAG contrast ratio, 1 to 21."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def image_kind(content: bytes) -> str:
    """`image/png` or `image/jpeg` by what the file holds. Raises `Invalid` for anything else or too large."""
    if len(content) > CREST_BYTES:
        raise Invalid(N_("The picture is too large: use one of at most 150 kB."), field="crest")
    if content.startswith(_PNG):
        kind, sides = "image/png", _png_sides(content)
    elif content.startswith(_JPEG):
        kind, sides = "image/jpeg", _jpeg_sides(content)
    else:
        raise Invalid(N_("Use a PNG or JPEG picture."), field="crest")
    if min(sides) < 1:
        raise Invalid(N_("This picture is damaged. Save it anew, or use another one."), field="crest")
    if max(sides) > _CREST_POINTS:
        raise Invalid(N_("The picture is too large: use one of at most 4,000 points each way."), field="crest")
    return kind


def _png_sides(content: bytes) -> tuple[int, int]:
    """Width and height in points, as the first chunk of a PNG states them (ISO/IEC 15948, 11.2.2); 0 without one."""
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _jpeg_sides(content: bytes) -> tuple[int, int]:
    """Width and height in points from the frame header (ISO/IEC 10918-1, B.2.2); 0 without one."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if marker in _FRAMES:
            sizes = content[place + 5 : place + 9]
            return int.from_bytes(sizes[2:], "big"), int.from_bytes(sizes[:2], "big")
        place += 1 if marker == 0xFF else 2 + length  # a marker may be led by any number of 0xFF
    return 0, 0
