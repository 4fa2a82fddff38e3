"""A crest is taken for what its bytes say: neither a huge picture nor half of one reaches readers."""

import pytest

from portal.core.errors import Invalid
from portal.lifecycle.branding import image_kind


def png(width, height):
    return (
        b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    )


def jpeg(width, height, frame=0xC0, before=b""):
    """A heading (JFIF), whatever comes `before` the frame, and the frame."""
    heading = b"\xff\xe0" + (16).to_bytes(2, "big") + b"JFIF\0" + bytes(9)
    sides = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xd8" + heading + before + bytes([0xFF, frame]) + (11).to_bytes(2, "big") + b"\x08" + sides + bytes(4)


TABLE = b"\xff\xc4" + (6).to_bytes(2, "big") + (60_000).to_bytes(2, "big") * 2  # looks like a frame, and is none


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(300, 200), "image/png"),
        (png(4_000, 1), "image/png"),
        (jpeg(300, 200), "image/jpeg"),
        (jpeg(4_000, 4_000, frame=0xC2), "image/jpeg"),
        (jpeg(300, 200, before=TABLE), "image/jpeg"),
        (jpeg(300, 200, before=b"\xff"), "image/jpeg"),
    ],
)
def test_a_picture_of_a_usual_size_is_taken(content, kind):
    assert image_kind(content) == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(4_001, 10), "4,000 points"),
        (jpeg(10, 50_000), "4,000 points"),
        (jpeg(60_000, 60_000, frame=0xC2, before=TABLE), "4,000 points"),
        (png(0, 10), "damaged"),
        (png(10, 10)[:12], "damaged"),
        (jpeg(10, 10)[:25], "damaged"),
        (b"\xff\xd8\xff\xda" + bytes(100), "damaged"),
        (b"GIF89a" + bytes(20), "PNG or JPEG"),
        (png(10, 10) + bytes(200_000), "150 kB"),
    ],
)
def test_a_huge_or_broken_picture_is_refused_with_its_reason(content, reason):
    with pytest.raises(Invalid, match=reason):
        image_kind(content)
