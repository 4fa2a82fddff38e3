"""Postcodes packed small: one value for each postcode district, one byte for each postcode that could exist there.

A sector (CM1 1) has room for 400 postcodes: two letters of twenty each. Its plane is 400 bytes; each byte is an index
into the district's palette of places, 0 where no such postcode exists. Looking one up is one slice, and all of England
is at most some ten megabytes in about 2,500 rows.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.directory.postcodes import Postcode
from portal.directory.rules import education_code

ENGLAND: Final = "E92000001"

_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"
_PLANE: Final = len(_LETTERS) ** 2
_SLOTS: Final = {
    f"{digit}{first}{second}": place
    for place, (digit, first, second) in enumerate(product("0123456789", _LETTERS, _LETTERS))
}
_MOST_PLACES: Final = 255
_MOST_DISTRICTS: Final = 5000
_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBH")
_ENTRY: Final = struct.Struct(">9s9s9s?")


@dataclass(frozen=True, slots=True)
class Place:
    """The statistics office's codes for where a postcode lies. Outside England only `country` is kept."""

    country: str
    county: str = ""
    district: str = ""
    is_terminated: bool = False

    @property
    def is_english(self) -> bool:
        return self.country == ENGLAND

    @property
    def education(self) -> str:
        return education_code(self.county, self.district)


@dataclass(frozen=True, slots=True)
class PackedDistrict:
    """All postcodes of one postcode district. `sectors` has bit n set where the plane of sector n is present."""

    outward: str
    palette: tuple[Place, ...]
    sectors: int = 0
    planes: bytes = field(default=b"", repr=False)

    def find(self, inward: str) -> Place | None:
        if not self.sectors:
            return self.palette[0] if self.palette else None
        sector, offset = divmod(_SLOTS.get(inward, -1), _PLANE)
        if sector < 0 or not self.sectors >> sector & 1:
            return None
        before = (self.sectors & ((1 << sector) - 1)).bit_count()
        index = self.planes[before * _PLANE + offset]
        return self.palette[index - 1] if index else None

    def places(self) -> tuple[Place, ...]:
        """The English places of the district, the fullest first; terminated ones only where nothing else is left."""
        counts = Counter(self.planes)
        english = [
            (-counts[index], place)
            for index, place in enumerate(self.palette, start=1)
            if place.is_english and counts[index]
        ]
        current = [pair for pair in english if not pair[1].is_terminated] or english
        ordered = sorted(current, key=lambda pair: (pair[0], pair[1].county, pair[1].district))
        return tuple(place for _, place in ordered)

    def to_bytes(self) -> bytes:
        entries = [
            _ENTRY.pack(place.country.encode(), place.county.encode(), place.district.encode(), place.is_terminated)
            for place in self.palette
        ]
        return b"".join([_HEAD.pack(_VERSION, len(entries), self.sectors), *entries, self.planes])

    @classmethod
    def from_bytes(cls, outward: str, packed: bytes) -> "PackedDistrict":
        """The reverse of `to_bytes`. Raises `Invalid` for bytes of another version or length."""
        try:
            version, count, sectors = _HEAD.unpack_from(packed)
            start = _HEAD.size + count * _ENTRY.size
            entries = [_ENTRY.unpack_from(packed, _HEAD.size + place * _ENTRY.size) for place in range(count)]
        except struct.error as error:
            raise Invalid(N_("The stored postcodes are damaged. Load the postcode file again.")) from error
        if version != _VERSION or len(packed) != start + sectors.bit_count() * _PLANE:
            raise Invalid(N_("The stored postcodes are damaged. Load the postcode file again."))
        palette = tuple(
            Place(_text(country), _text(county), _text(district), ended) for country, county, district, ended in entries
        )
        return cls(outward, palette, sectors, packed[start:])


@dataclass(frozen=True, slots=True)
class PostcodeTable:
    """Every postcode district of one edition of the file, by outward part."""

    districts: Mapping[str, PackedDistrict] = field(repr=False)

    def find(self, postcode: Postcode) -> Place | None:
        district = self.districts.get(postcode.outward)
        return district.find(postcode.inward) if district is not None else None

    def places_in_district(self, outward: str) -> tuple[Place, ...]:
        district = self.districts.get(outward)
        return district.places() if district is not None else ()


@dataclass(slots=True)
class Packer:
    """Takes postcodes in any order; memory grows with the number of postcode districts, not of postcodes."""

    _growing: dict[str, "_Growing"] = field(default_factory=dict)

    def add(self, outward: str, inward: str, place: Place) -> bool:
        """False when the postcode is already there with other codes; a live one replaces a terminated one silently.

        Raises `Invalid` when the file holds more than any real one: the input is not the postcode file.
        """
        growing = self._growing.get(outward)
        if growing is None:
            if len(self._growing) >= _MOST_DISTRICTS:
                raise Invalid(N_("The file holds more postcode districts than there are in the country."))
            growing = self._growing[outward] = _Growing()
        return growing.put(_SLOTS[inward], place)

    def table(self) -> PostcodeTable:
        return PostcodeTable({outward: growing.packed(outward) for outward, growing in sorted(self._growing.items())})


@dataclass(slots=True)
class _Growing:
    palette: dict[Place, int] = field(default_factory=dict)
    planes: dict[int, bytearray] = field(default_factory=dict)

    def put(self, slot: int, place: Place) -> bool:
        sector, offset = divmod(slot, _PLANE)
        plane = self.planes.get(sector)
        if plane is None:
            plane = self.planes[sector] = bytearray(_PLANE)
        index = self.palette.get(place)
        if index is None:
            if len(self.palette) >= _MOST_PLACES:
                raise Invalid(N_("One postcode district lies in more councils than is possible."))
            index = self.palette[place] = len(self.palette) + 1
        present = plane[offset]
        if not present or present == index:
            plane[offset] = index
            return True
        return self._replace(plane, offset, place)

    def packed(self, outward: str) -> PackedDistrict:
        palette = tuple(self.palette)
        if not any(place.is_english for place in palette):
            return PackedDistrict(outward, palette[:1])
        sectors = sum(1 << sector for sector in self.planes)
        planes = b"".join(bytes(self.planes[sector]) for sector in sorted(self.planes))
        return PackedDistrict(outward, palette, sectors, planes)

    def _replace(self, plane: bytearray, offset: int, place: Place) -> bool:
        held = next(one for one, index in self.palette.items() if index == plane[offset])
        if held.is_terminated == place.is_terminated:
            return False
        if held.is_terminated:
            plane[offset] = self.palette[place]
        return True


def inward_is_possible(inward: str) -> bool:
    return inward in _SLOTS


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii")


def each_packed(table: PostcodeTable) -> Iterator[tuple[str, bytes]]:
    """Rows for storage: the outward part and its bytes."""
    return ((outward, district.to_bytes()) for outward, district in table.districts.items())
