"""Made documents for imports: our own library typed as a school would, with changes at known places."""

import re

from portal.notices.importing.documents import pasted_blocks
from portal.notices.importing.releases import read_release
from portal.settings import ROOT

BLOCK = re.compile(r"\{\{ (?:authority_links|specific_notices|request_link|version) \}\}\n?")
LIBRARY = [read_release(folder) for folder in sorted((ROOT / "tenants" / "library").glob("20*"), reverse=True)]
FACTS = {
    "school.name": "Alder Primary School",
    "school.email": "hello@alder-primary.example",
    "school.telephone": "01632 960111",
    "dpo.email": "IGS@essex.gov.uk",
    "dpo.telephone": "0333 032 2970",
    "controller.name": "the governing body of Alder Primary School",
    "regulator.name": "Information Commissioner’s Office",
}


def document(edition=0, *, change=(), leave_out=(), add=()):
    """The text of an edition. `change`: (key, old, new); `add`: (key, text) put below that clause."""
    changes = {key: (old, new) for key, old, new in change}
    added = dict(add)
    parts = ["Alder Primary School", "Privacy notice"]
    for clause in LIBRARY[edition].clauses:
        if clause.key in leave_out:
            continue
        text = clause.text
        if clause.key in changes:
            old, new = changes[clause.key]
            assert old in text, clause.key
            text = text.replace(old, new)
        text = BLOCK.sub("", text)
        for name, value in FACTS.items():
            text = text.replace("{{ " + name + " }}", value)
        parts.append(f"{clause.title}\n\n{text}")
        if clause.key in added:
            parts.append(added[clause.key])
    return "\n\n".join(parts)


def blocks_of(text):
    return pasted_blocks(text)
