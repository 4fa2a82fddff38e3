"""Which passwords are too easy to guess: common ones and their disguises, runs, and words of the person's own world."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import PASSWORD_LENGTH, PASSWORD_MINIMUM

_LIST = Path(__file__).with_name("common_passwords.txt")
_DISGUISES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1234567890", "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p",
)  # fmt: skip
_OWN = 6
_SHORT = N_("Use 12 characters or more. Three or four unrelated words work well.")
_EASY = N_("This would be guessed early. Use three or four words that have nothing to do with each other.")


def check_strength(password: str, *, context: Iterable[str] = ()) -> None:
    """Raises `Invalid` for a password that is short, long, or made of what anybody would try first.

    `context` are names a guesser would know: the person's, the school's, the town's. No rule asks for kinds of
    characters (ASVS 6.2.5); what is left after taking common words, runs and context away must be six characters.
    """
    if len(password) < PASSWORD_MINIMUM:
        raise Invalid(_SHORT, field="password")
    if len(password) > PASSWORD_LENGTH:
        raise Invalid(f"Use at most {PASSWORD_LENGTH} characters.", field="password")
    if len(set(password.casefold())) < _OWN or _own_part(password, frozenset(_words(context))) < _OWN:
        raise Invalid(_EASY, field="password")


def _own_part(password: str, context: frozenset[str]) -> int:
    """How many characters are left when everything expected is taken away; the best reading counts."""
    plain = password.casefold()
    return min(_left(plain, context), _left(plain.translate(_DISGUISES), context))


def _left(text: str, context: frozenset[str]) -> int:
    for word in sorted(common_passwords() | context, key=len, reverse=True):
        text = text.replace(word, " ")
    for run in _RUNS:
        text = _without_runs(text, run)
    text = re.sub(r"(.)\1{2,}", " ", text)
    text = re.sub(r"(19|20)\d\d", " ", text)
    return len(re.sub(r"[\W_]", "", text))


def _without_runs(text: str, run: str) -> str:
    for line in (run, run[::-1]):
        for length in range(len(line), 3, -1):
            for start in range(len(line) - length + 1):
                text = text.replace(line[start : start + length], " ")
    return text


def _words(context: Iterable[str]) -> set[str]:
    return {word for text in context for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2}


@cache
def common_passwords() -> frozenset[str]:
    """Words that guessers try first, shipped with the portal."""
    lines = _LIST.read_text(encoding="utf-8").split()
    return frozenset(line for line in lines if not line.startswith("#"))
