"""The words that the portal itself puts into a notice, in each language in which it can show one. Pure.

English is the text that counts. A change of any word here changes what the same parts say: see `compose`.
"""

# ruff: noqa: RUF001 - Urdu is written with letters that look like others

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.notices.filling import REFERENCE_WORDING

ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """`counts`, `unchecked` and `in_english` stand at the head of a translation; English needs none of them."""

    months: tuple[str, ...]
    reference: str
    request: str
    draft: str
    version: str
    versions: str
    own_council: str
    no_councils: str
    no_notices: str
    counts: str = ""
    unchecked: str = ""
    in_english: str = ""

    def day(self, on: date) -> str:
        return f"{on.day} {self.months[on.month - 1]} {on.year}"


ENGLISH_WORDS: Final = NoticeWords(
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    reference=REFERENCE_WORDING,
    request="Use our online form",
    draft="This is a draft.",
    version="This is version {number} of our notice.\nIt has applied since {day}.",
    versions="See all versions and what changed",
    own_council="{council}, the council for our school’s area",
    no_councils="Ask us, and we will tell you where your council’s notice is.",
    no_notices="Ask us for the notice about an activity, and we will give it to you.",
)  # fmt: skip

WORDS: Final[Mapping[str, NoticeWords]] = {
    ENGLISH: ENGLISH_WORDS,
    "pl": NoticeWords(
        months=(
            "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września",
            "października", "listopada", "grudnia",
        ),
        reference="część {number}, {title}",
        request="Skorzystaj z naszego formularza internetowego",
        draft="To jest wersja robocza.",
        version="To jest wersja {number} naszej informacji.\nObowiązuje od {day} r.",
        versions="Zobacz wszystkie wersje i co się w nich zmieniło",
        own_council="{council}: władze lokalne właściwe dla obszaru naszej szkoły",
        no_councils="Zapytaj nas, a powiemy, gdzie jest informacja twoich władz lokalnych.",
        no_notices="Poproś nas o informację na temat danego działania, a otrzymasz ją.",
        counts="To jest tłumaczenie. Wiążący jest tekst angielski.",
        unchecked="Tego tłumaczenia nikt jeszcze nie sprawdził.",
        in_english="Jeszcze nieprzetłumaczone, po angielsku: {parts}.",
    ),
    "ur": NoticeWords(
        months=(
            "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر",
        ),
        reference="حصہ {number}، {title}",
        request="ہمارا آن لائن فارم استعمال کریں",
        draft="یہ ایک مسودہ ہے۔",
        version="یہ ہمارے نوٹس کا ورژن {number} ہے۔\nیہ {day} سے لاگو ہے۔",
        versions="تمام ورژن دیکھیں اور یہ کہ کیا بدلا",
        own_council="{council}، ہمارے اسکول کے علاقے کی کونسل",
        no_councils="ہم سے پوچھیں، ہم آپ کو بتائیں گے کہ آپ کی کونسل کا نوٹس کہاں ہے۔",
        no_notices="کسی سرگرمی کا نوٹس ہم سے مانگیں، ہم آپ کو دے دیں گے۔",
        counts="یہ ترجمہ ہے۔ معتبر متن انگریزی کا ہے۔",
        unchecked="اس ترجمے کی ابھی تک کسی نے جانچ نہیں کی۔",
        in_english="ابھی ترجمہ نہیں ہوا، انگریزی میں: {parts}۔",
    ),
}  # fmt: skip


def known_languages(declared: Sequence[str]) -> tuple[str, ...]:
    """In which of the declared languages a notice can be shown: English always, and first."""
    return (ENGLISH, *(code for code in declared if code in WORDS and code != ENGLISH))
