"""Whatever is put into any argument, query or field of any route, the answer is a page and no fault of ours (R16)."""

import random
import re
from urllib.parse import quote

import pytest

from portal.core import limits
from tests.incidents.requests_made import ask, hidden

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
NASTY = (
    "\0", "\ud800", "\u202e", "\ufeff", "a\u0301" * 50, "👩‍👩‍👧‍👦" * 20, "ŵŷ", "\uffff",
    "'", '"', "' OR '1'='1", "1; DROP TABLE person--",
    "%", "_", "\\", "%00", "../../etc/passwd", "..\\..\\x", "{{7*7}}", "${7*7}", "<script>", "-1",
    "0", "2147483648", "9" * 30,
    "1e309", "NaN", "null", "true", "[]", "{}", "0x10", "٣", "²", "a" * 5000, " ", "\t",
    "\r\nX: y", "=1+1", "javascript:alert(1)",
    "http://127.0.0.1/", "2026-02-31", "0000-00-00", "99999-01-01", "24:60", "a@b", "@" * 300, "\x7f", "\x1b[31m",
)  # fmt: skip
QUERIES = (
    "q",
    "before",
    "after",
    "kind",
    "page",
    "lang",
    "next",
    "on",
    "from",
    "to",
    "view",
    "sort",
    "postcode",
    "seen",
    "version",
)
OF_EACH = 5


def fill(rule, values, chance):
    """The rule's address with nasty arguments, or with the ones that lead somewhere."""

    def value(found):
        kind, name = found.group(1) or "", found.group(2)
        if kind.startswith("any("):
            return kind[4:].split(",")[0].rstrip(")")
        if name in values and chance.random() < 0.6:
            return values[name]
        return quote(chance.choice(NASTY).encode("utf-8", "surrogatepass"), safe="")

    return re.sub(r"<(?:([^:<>]+(?:\([^)]*\))?):)?(\w+)>", value, rule.rule)


def encoded(text):
    return text.encode("utf-8", "surrogatepass")


def test_nothing_that_is_typed_is_a_fault_of_ours(app, staff, database, settings, record_property):
    chance = random.Random(20261122)
    opened = ask(database, settings)
    values = {
        "slug": "alder-primary", "reference": opened.case.reference, "token": opened.link.rpartition("/")[2],
        "key": "information.held", "clause_key": "information.held", "school": "alder-primary", "name": "2026-09",
    }  # fmt: skip
    viewers = {name: staff.client(name) for name in ("asha", "devi", "adi")}
    viewers["nobody"] = app.test_client()
    tokens = {
        name: hidden(client.get("/confirm" if name != "nobody" else "/sign-in").text, "csrf_token")
        for name, client in viewers.items()
    }
    asked, faults = 0, []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.rule.startswith("/sign-out"):
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            for _ in range(OF_EACH):
                name = "asha" if rule.rule.startswith("/school") else chance.choice(["devi", "adi", "nobody", "asha"])
                path = fill(rule, values, chance)
                options = {"query_string": {chance.choice(QUERIES): encoded(chance.choice(NASTY)) for _ in range(3)}}
                if method == "POST":
                    fields = names_of_fields(viewers[name], path) or list(QUERIES)
                    options["data"] = {field: encoded(chance.choice(NASTY)) for field in fields}
                    options["data"]["csrf_token"] = tokens[name]
                answer = viewers[name].open(path, method=method, buffered=True, **options)
                asked += 1
                if answer.status_code >= 500 or b"Traceback" in answer.data:
                    faults.append((name, method, path[:120], answer.status_code, str(options)[:300]))
    record_property("requests", asked)
    record_property("faults", len(faults))
    assert not faults


def names_of_fields(client, path):
    answer = client.get(path, buffered=True)
    return re.findall(r'<(?:input|textarea|select)[^>]*\sname="([\w-]+)"', answer.get_data(as_text=True))[
        : limits.FORM_PARTS
    ]
