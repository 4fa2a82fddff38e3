"""Whether a document is a privacy notice in English at all, before anybody spends time on it."""

from collections.abc import Sequence

from portal.core.errors import Invalid
from portal.notices.importing.anchors import STRONG, evidence
from portal.notices.importing.blocks import Block
from portal.notices.importing.likeness import EVERYDAY
from portal.notices.importing.words import words

FEWEST_WORDS = 30
LEAST_ENGLISH = 0.15
FEWEST_CLAUSES = 2
TOPIC = frozenset(["privacy", "personal", "data", "information", "cookies", "gdpr"])
LEAST_TOPIC = 0.01
TO_SOMEBODY = frozenset(["we", "us", "our", "you", "your", "school", "academy", "trust", "pupils", "parents"])
LEAST_TO_SOMEBODY = 0.01
COOKIES = "cookies."


def check_notice(blocks: Sequence[Block], *, is_piece_welcome: bool = False) -> None:
    """Raises `Invalid` for a text in another language, for one that speaks of something else and for a mere piece.

    A box that asks about cookies is no notice, and neither is an article about the law that speaks to nobody.
    """
    found = [word for block in blocks for word in words(block.text) if any(letter.isalpha() for letter in word)]
    if len(found) < FEWEST_WORDS:
        if is_piece_welcome:
            return
        raise Invalid("This is too short to be a privacy notice. Choose the whole document.")
    if sum(word in EVERYDAY for word in found) < LEAST_ENGLISH * len(found):
        raise Invalid("This does not seem to be in English. Import the English notice; translations are added later.")
    spoken_of = {key for block in blocks for key, weight in evidence(block.plain).items() if weight >= STRONG}
    beside_cookies = {key for key in spoken_of if is_piece_welcome or not key.startswith(COOKIES)}
    topic = sum(word in TOPIC for word in found)
    addressed = sum(word in TO_SOMEBODY for word in found)
    is_about_us = is_piece_welcome or addressed >= LEAST_TO_SOMEBODY * len(found)
    if len(beside_cookies) < FEWEST_CLAUSES or topic < LEAST_TOPIC * len(found) or not is_about_us:
        raise Invalid("This does not read like a privacy notice: it says too little about personal information.")
