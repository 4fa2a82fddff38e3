"""Whatever is put into an argument, query, field or file of any route, the answer is a page and no fault of ours (R16).

The routes of one noun behind one door are a family. The suite puts some bad inputs into each; `portal drill security`
puts ten thousand, half on each database, and watches time and memory.
"""

import io
import os
import random
import re
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from portal.core import limits
from tests.incidents.requests_made import ask, hidden

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
IS_DRILL = bool(os.environ.get("DRILL"))
INPUTS = 5_000 if IS_DRILL else 50
SECONDS = 5
"""Of work, so that a busy machine is no fault."""
MEMORY_BYTES = 50 * limits.MEGABYTE
NASTY = (
    "\u202e", "\u2066\u202e\u2069", "\ufeff", "a" + "\u0301" * 10_000,
    "👩‍👩‍👧‍👦" * 2_000, "ŵŷ", "\uffff", "\U0010ffff", "\u0410lder Prim\u0430ry", "ﷺ" * 1_000, "İ" * 300, "ß",
    "\u2028", "\x85",
    "'", '"', "' OR '1'='1", "1; DROP TABLE person--",
    "%", "_", "\\", "%00", "../../etc/passwd", "..\\..\\x", "{{7*7}}", "${7*7}", "<script>", "-1",
    "0", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "9" * 30, "1" * 5_000,
    "1e309", "NaN", "null", "true", "[]", "{}", '{"id": 1}', "0x10", "٣", "²", "a" * 5_000, "a" * 100_000, " ", "\t",
    "\r\nX: y", "=1+1", "javascript:alert(1)", "(" * 1_000, "- " * 2_000, "{{ " * 2_000, "[x](" * 2_000, "\n" * 5_000,
    "http://127.0.0.1/", "http://[::1", "//x", "2026-02-31", "0000-00-00", "99999-01-01", "24:60", "a@b", "@" * 300,
    "\x7f", "\x1b[31m",
)  # fmt: skip
NEVER_SENT = ("\0", "\ud800", "\udfff\ud800", "a\0b", "\0" * 1_000)
"""One of these and the request goes no further, so few have them."""
SHORT = tuple(text for text in NASTY if len(text) < 1_000)
LETTERS = (
    (1, 0xD7FF), (1, 0x7F), (0x300, 0x36F), (0x590, 0x6FF), (0x200B, 0x206F), (0xFE00, 0xFFFF), (0x1F300, 0x1FAFF),
    (0x10000, 0x10FFFF),
)  # fmt: skip
CONTENTS = (b"", b"\0" * 100, b"%PDF-1.7\n", b"PK\x03\x04" + b"\xff" * 60, b"\xff\xd8\xff" + b"\0" * 90, b"a;b\n" * 500)
QUERIES = (
    "q", "before", "after", "kind", "page", "lang", "next", "on", "from", "to", "view", "sort", "postcode", "seen",
    "version", "columns", "status", "print", "format", "do",
)  # fmt: skip
WHO = {"school": ("asha",), "central": ("adi", "devi", "cal", "dora")}
WELL = frozenset({200, 302, 303, 409, 422})
FIELD = re.compile(r'<(?:input|textarea|select)[^>]*\sname="([\w-]+)"')
FILE = re.compile(r'<input[^>]*\sname="([\w-]+)"[^>]*type="file"|<input[^>]*type="file"[^>]*\sname="([\w-]+)"')


class Filler:
    """Fills addresses, queries and forms with what nobody should send, and counts it."""

    def __init__(self, values, chance):
        self.values, self.chance, self.inputs = values, chance, 0
        self.is_never_sent = False

    def begin(self):
        self.is_never_sent = self.chance.random() < 0.1

    def text(self, chosen=NASTY):
        self.inputs += 1
        if self.is_never_sent and self.chance.random() < 0.3:
            return self.chance.choice(NEVER_SENT)
        if self.chance.random() < 0.6:
            return self.chance.choice(chosen)
        alphabet = self.chance.choice(LETTERS)
        return "".join(chr(self.chance.randint(*alphabet)) for _ in range(self.chance.choice((1, 3, 20, 200))))

    def path(self, rule, share):
        """The rule's address, so many of its arguments leading somewhere and the others nasty."""

        def value(found):
            kind, name = found.group(1) or "", found.group(2)
            if kind.startswith("any("):
                return kind[4:].split(",")[0].rstrip(")")
            if self.chance.random() < share and (name in self.values or kind == "int"):
                return self.values.get(name) or str(self.chance.randint(1, 9))
            return quote(encoded(self.text(SHORT)), safe="")

        return re.sub(r"<(?:([^:<>]+(?:\([^)]*\))?):)?(\w+)>", value, rule.rule)

    def query(self):
        return {name: encoded(self.text(SHORT)) for name in self.chance.sample(QUERIES, 10)}

    def form(self, fields, files):
        """Each field, some more than once; each file with a name of the same kind."""
        data = {name: [encoded(self.text()) for _ in range(self.chance.choice((1, 1, 1, 2)))] for name in fields}
        for name in files:
            label = self.text(SHORT).encode("utf-8", "replace").decode()
            data[name] = [(io.BytesIO(self.chance.choice(CONTENTS)), label)]
        return data


def encoded(text):
    return text.encode("utf-8", "surrogatepass")


class Viewers:
    """Browsers of members of staff and of nobody, with the token of their forms."""

    def __init__(self, app, staff):
        people = ("asha", *WHO["central"])
        self.clients = {name: staff.client(name) for name in people} | {"nobody": app.test_client()}
        self.tokens = {
            name: hidden(client.get("/account" if name != "nobody" else "/sign-in").text, "csrf_token")
            for name, client in self.clients.items()
        }


def family(rule):
    return rule.endpoint.rpartition(".")[0]


def routes(app):
    """(rule, method) of all that can be asked; signing out would end what the others need."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and not rule.rule.startswith("/sign-out"):
            yield from ((rule, method) for method in sorted(rule.methods - {"HEAD", "OPTIONS"}))


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_nothing_that_is_typed_is_a_fault_of_ours(app, staff, database, settings, record_property):
    chance = random.Random(20261122)
    filler = Filler({"slug": "alder-primary", "school": "alder-primary", "name": "2026-09"}, chance)
    filler.values |= dict.fromkeys(("key", "clause_key"), "information.held")
    given, fields, faults = Counter(), {}, []
    asked = well = began_with = slowest = 0
    while left := [(rule, method) for rule, method in routes(app) if given[family(rule)] < INPUTS]:
        viewers, opened = Viewers(app, staff), ask(database, settings)
        filler.values |= {"reference": opened.case.reference, "token": opened.link.rpartition("/")[2]}
        for rule, method in left:
            name = chance.choice(WHO.get(rule.rule.split("/")[1], ("asha", "nobody")))
            client, before = viewers.clients[name], filler.inputs
            filler.begin()
            options = {"query_string": filler.query(), "environ_base": {"REMOTE_ADDR": f"10.0.0.{asked % 250}"}}
            if method == "POST":
                if (name, rule.rule) not in fields:
                    page = client.get(filler.path(rule, share=1), buffered=True).get_data(as_text=True)
                    files = {one or other for one, other in FILE.findall(page)}
                    fields[name, rule.rule] = (sorted(set(FIELD.findall(page)) - files) or QUERIES, sorted(files))
                options["data"] = {**filler.form(*fields[name, rule.rule]), "csrf_token": viewers.tokens[name]}
            path = filler.path(rule, share=0.85)
            began = time.thread_time()
            answer = client.open(path, method=method, buffered=True, **options)
            seconds = time.thread_time() - began
            asked, slowest = asked + 1, max(slowest, seconds)
            given[family(rule)] += filler.inputs - before
            well += answer.status_code in WELL
            if answer.status_code >= 500 or b"Traceback" in answer.data or seconds > SECONDS:
                faults.append((name, method, path[:120], answer.status_code, seconds, str(options)[:300]))
        began_with = began_with or (resident_bytes() if min(given.values()) > INPUTS // 5 else 0)
    growth = resident_bytes() - began_with
    figures = {
        "families": len(given), "inputs": filler.inputs, "requests": asked, "got_to_a_page": well,
        "faults": len(faults), "slowest_ms": round(slowest * 1000),
        "memory_growth_mb": max(growth // limits.MEGABYTE, 0),
    }  # fmt: skip
    for figure, value in figures.items():
        record_property(figure, value)
    assert not faults
    assert not IS_DRILL or growth < MEMORY_BYTES
