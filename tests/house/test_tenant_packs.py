"""The packs of `tenants/`: data only, complete, and agreeing with each other and with the rooms that read them."""

import csv
import re
import tomllib
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from portal.casework.models import CaseKind, Channel, WaitingFor
from portal.directory.postcode_file import read_postcode_file
from portal.directory.rules import AuthorityKind, CodeScheme, LinkKind, SuccessionStatus
from portal.identity.permissions import Role
from portal.lifecycle.packs.reading import read_headed
from portal.notices.models import ClausePolicy, OverrideMode
from portal.notices.placeholders import BLOCKS, FACTS
from portal.settings import ROOT
from portal.tenancy.models import SchoolLaw

TENANTS = ROOT / "tenants"
CLAUSES = {
    "about": ("welcome", "controller", "dpo"),
    "information": ("meaning", "special", "held"),
    "limits": ("minimise", "research", "sale"),
    "purposes": ("why", "lawful-bases", "special-conditions", "must-provide", "specific-notices"),
    "sources": ("where",),
    "rights": (
        "intro", "access", "educational-record", "rectification", "erasure", "restriction", "objection", "portability",
        "withdraw-consent", "automated", "how-to-ask",
    ),
    "sharing": ("suppliers", "duty", "discretion", "urgent", "department", "authorities"),
    "security": ("measures",),
    "transfers": ("abroad",),
    "retention": ("how-long",),
    "complaints": ("dpo", "school", "regulator"),
    "cookies": ("school-site", "choices", "other-sites", "portal"),
    "changes": ("version",),
}  # fmt: skip
KEYS = [f"{section}.{name}" for section, names in CLAUSES.items() for name in names]
LOCKED = {
    "about.controller",
    "about.dpo",
    "rights.access",
    "complaints.dpo",
    "complaints.school",
    "complaints.regulator",
}
CONFIRMED = {"rights.automated", "sharing.suppliers", "cookies.school-site", "cookies.choices", "cookies.other-sites"}
PARENTS_KINDS = set(CaseKind) - {CaseKind.BREACH, CaseKind.ADVICE, CaseKind.FOI}
DRAMA_NUMBERS = re.compile(r"01632 960\d{3}|07700 900\d{3}")
INVENTED_POSTCODE = re.compile(r"Z(?!E)[A-Z]\d{1,2} \d[A-Z]{2}")


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((TENANTS / name).read_text(encoding="utf-8"))


def read_release(name: str) -> dict[str, tuple[dict[str, Any], str]]:
    return {path.stem: read_headed(path)[:2] for path in sorted((TENANTS / "library" / name).glob("*.md"))}


RELEASES = sorted(folder.name for folder in (TENANTS / "library").glob("20*"))
LIBRARY = {name: read_release(name) for name in RELEASES}
HEADS = {name: read(f"library/{name}/release.toml") for name in RELEASES}
AUTHORITIES = {table["key"]: table for table in read("authorities/authorities.toml")["authorities"]}
DISTRICTS = {table["code"]: table for table in read("authorities/districts.toml")["districts"]}
SUCCESSIONS = read("authorities/successions.toml")["successions"]
SCHOOLS = {path.parent.name: tomllib.loads(path.read_text("utf-8")) for path in TENANTS.glob("schools/*/school.toml")}
TRUSTS = {path.parent.name: tomllib.loads(path.read_text("utf-8")) for path in TENANTS.glob("trusts/*/trust.toml")}
OVERRIDES = {path: read_headed(path)[:2] for path in sorted(TENANTS.glob("*/*/overrides/*.md"))}
DEMO = read("demo/schools.toml")
PEOPLE = {person["email"]: person for person in read("demo/people.toml")["people"]}
CASES = read("demo/cases.toml")["cases"]
every_release = pytest.mark.parametrize("release", RELEASES)


def test_tenants_are_data_and_hold_no_code():
    suffixes = {path.suffix for path in TENANTS.rglob("*") if path.is_file()}
    assert suffixes == {".toml", ".md", ".csv"}


def test_no_pack_sends_anybody_over_an_unprotected_connection():
    files = [path for path in TENANTS.rglob("*") if path.is_file()]
    assert [path for path in files if "http://" in path.read_text(encoding="utf-8")] == []


@every_release
def test_a_release_has_every_clause_in_its_section_and_in_order(release):
    heads = [head for head, _ in LIBRARY[release].values()]
    sections = [section["key"] for section in HEADS[release]["sections"]]
    assert sections == list(CLAUSES)
    ordered = sorted(heads, key=lambda head: (sections.index(head["section"]), head["order"]))
    assert [head["key"] for head in ordered] == KEYS
    assert max(Counter((head["section"], head["order"]) for head in heads).values()) == 1
    assert all(head["key"] == name for name, (head, _) in LIBRARY[release].items())


@every_release
def test_the_rules_about_a_clause_fit_what_it_says(release):
    heads = {key: head for key, (head, _) in LIBRARY[release].items()}
    assert {head["policy"] for head in heads.values()} == set(ClausePolicy)
    assert all(heads[key]["policy"] == ClausePolicy.LOCKED for key in LOCKED)
    assert {key for key, head in heads.items() if head["confirm"]} == CONFIRMED
    assert all(set(head.get("applies", SchoolLaw)) <= set(SchoolLaw) for head in heads.values())
    assert set(heads["rights.educational-record"]["applies"]) == {SchoolLaw.MAINTAINED, SchoolLaw.SPECIAL}


@every_release
def test_clauses_use_only_the_known_placeholders_and_marks(release):
    for key, (_, body) in LIBRARY[release].items():
        for reference, name in re.findall(r"\{\{\s*(see )?([\w.-]+)\s*\}\}", body):
            assert name in (KEYS if reference else {*FACTS, *BLOCKS}), key
        for block in BLOCKS:
            assert body.count(f"{{{{ {block} }}}}") == len(re.findall(rf"(?m)^\{{\{{ {block} \}}\}}$", body)), key
        assert not re.search(r"<\w|!\[|^#{1,2} |^#{4,} |^  - ", body, re.MULTILINE), key


def test_a_school_that_gives_only_an_email_and_a_telephone_can_publish():
    """The one real school has no address and no website on record."""
    used = {name for _, body in LIBRARY[RELEASES[-1]].values() for name in re.findall(r"\{\{ ([\w.]+) \}\}", body)}
    filled = set(BLOCKS) | {f"school.{key}" for key in SCHOOLS["st-thomas-of-canterbury"]["school"]}
    filled |= {f"controller.{key}" for key in SCHOOLS["st-thomas-of-canterbury"]["controller"]}
    service = read("service.toml")
    filled |= {f"{group}.{key}" for group in ("service", "dpo", "regulator") for key in service[group]}
    assert used <= filled


def test_each_later_release_gives_a_reason_for_every_clause_it_changes():
    for before, after in pairwise(RELEASES):
        changed = {key for key in KEYS if LIBRARY[before][key] != LIBRARY[after][key]}
        assert HEADS[before]["effective_from"] < HEADS[after]["effective_from"]
        assert changed
        assert {change["key"] for change in HEADS[after]["changes"]} == changed


def test_the_councils_of_today_are_those_of_the_national_list(shared: Path):
    lines = (shared / "domain" / "authorities.csv").read_text(encoding="utf-8").splitlines()
    expected = {row["dfe_la_code"]: row["gss_code"] for row in csv.DictReader(lines)}
    day = HEADS[RELEASES[-1]]["effective_from"]
    today = [one for one in AUTHORITIES.values() if one.get("valid_from", day) <= day and "valid_to" not in one]
    assert len(today) == len(expected) == 153
    for table in today:
        codes = {scheme: {code["code"] for code in table["codes"] if code["scheme"] == scheme} for scheme in CodeScheme}
        (dfe,) = codes[CodeScheme.DFE]
        assert expected.pop(dfe) in codes[CodeScheme.GSS], table["key"]


def test_councils_speak_the_directorys_words():
    for table in AUTHORITIES.values():
        assert table["kind"] in set(AuthorityKind)
        assert {link["kind"] for link in table.get("links", [])} <= set(LinkKind)
        assert all(link["url"].startswith("https://") for link in table.get("links", []))
        assert all(link["verified"] or link["note"] for link in [*table.get("links", []), *table.get("contacts", [])])


def test_names_and_codes_of_a_council_follow_each_other_without_gap_or_overlap():
    for table in AUTHORITIES.values():
        codes = [[code for code in table.get("codes", []) if code["scheme"] == scheme] for scheme in CodeScheme]
        for spans in [table["names"], *codes]:
            assert all(one["valid_to"] == two["valid_from"] for one, two in pairwise(spans)), table["key"]


def test_no_code_means_two_councils_on_one_day():
    spans = [
        (code["scheme"], code["code"], *(one.get("valid_from", date.min), one.get("valid_to", date.max)))
        for table in AUTHORITIES.values()
        for code in table.get("codes", [])
        for one in [{**{key: table[key] for key in ("valid_from", "valid_to") if key in table}, **code}]
    ]
    assert [one for one, two in pairwise(sorted(spans)) if one[:2] == two[:2] and one[3] > two[2]] == []


def test_every_council_of_the_old_notices_has_a_website_a_link_and_a_contact():
    for key in DEMO["authorities"]:
        table = AUTHORITIES[key["key"]]
        assert table["website"], key
        assert {LinkKind.MAIN, LinkKind.PUPIL} & {link["kind"] for link in table["links"]}, key
        assert table["contacts"], key


@pytest.mark.parametrize("order", SUCCESSIONS, ids=lambda order: order["title"])
def test_an_order_places_every_district_of_the_councils_it_replaces_once(order):
    assert order["status"] in set(SuccessionStatus)
    moves = order.get("moves", [])
    parts = [*moves, *order.get("undecided", [])]
    assert order["status"] == SuccessionStatus.DRAFT or "undecided" not in order
    assert {move["to"] for move in moves} <= set(AUTHORITIES)
    for origin in {part["from"] for part in parts}:
        own = {code["code"] for code in AUTHORITIES[origin]["codes"] if code["scheme"] == CodeScheme.GSS}
        districts = {code for code, district in DISTRICTS.items() if district["authority"] == origin} or own
        placed = [code for part in parts if part["from"] == origin for code in part["districts"]]
        assert sorted(placed) == sorted(districts)
    if order["status"] == SuccessionStatus.MADE:
        assert all(AUTHORITIES[move["from"]]["valid_to"] == order["on"] for move in moves)
    assert all(AUTHORITIES[move["to"]]["valid_from"] == order["on"] for move in moves)


@pytest.mark.parametrize("slug", SCHOOLS)
def test_a_school_refers_to_what_exists_and_looks_right(slug):
    school = SCHOOLS[slug]["school"]
    assert school["slug"] == slug
    assert school["law"] in set(SchoolLaw)
    assert school["authority"] in AUTHORITIES
    assert school.get("trust", "rowan") in TRUSTS
    assert SCHOOLS[slug]["controller"]["name"]
    assert contrast_with_white(school.get("colour", "#000000")) >= 4.5


def test_invented_tenants_cannot_be_taken_for_real_ones():
    """Ofcom's numbers for drama, addresses under .example, postcodes of no post office, URNs above those issued."""
    invented = [school["school"] for school in SCHOOLS.values() if school["school"]["demonstration"]]
    assert len(invented) == 2
    for table in [*invented, *(trust["trust"] for trust in TRUSTS.values())]:
        assert table["email"].endswith(".example")
        assert DRAMA_NUMBERS.fullmatch(table["telephone"])
        assert INVENTED_POSTCODE.search(table["address"])
        assert int(table.get("urn", "900001")) > 900000


def test_the_real_school_carries_public_facts_only():
    real = SCHOOLS["st-thomas-of-canterbury"]
    assert real["school"]["demonstration"] is False
    assert "urn" not in real["school"]
    assert not [path for path in OVERRIDES if "st-thomas-of-canterbury" in path.parts]
    assert not [case for case in CASES if case["school"] == "st-thomas-of-canterbury"]
    assert not [person for person in PEOPLE.values() if person["tenant"] == "st-thomas-of-canterbury"]


@pytest.mark.parametrize("path", OVERRIDES, ids=lambda path: "/".join(path.parts[-3::2]))
def test_local_wording_is_made_from_a_shared_clause_that_may_be_changed(path):
    head, body = OVERRIDES[path]
    clause, shared_body = LIBRARY[head["base_release"]][head["clause"]]
    assert clause["policy"] != ClausePolicy.LOCKED
    match OverrideMode(head["mode"]):
        case OverrideMode.OMIT:
            assert clause["policy"] == ClausePolicy.OPTIONAL
            assert not body.strip()
        case OverrideMode.ADAPT:
            kept = set(body.splitlines()) & set(shared_body.splitlines())
            assert body != shared_body
            assert len(kept) >= len(set(shared_body.splitlines())) - 2
        case _:
            assert head["title"]
            assert body.strip()


def test_the_demonstration_has_four_hundred_schools_over_the_eight_councils():
    assert sum(table["schools"] for table in DEMO["authorities"]) == 400
    assert len(DEMO["authorities"]) == 8
    assert sum(kind["share"] for kind in DEMO["types"]) == 100
    assert {kind["law"] for kind in DEMO["types"]} <= set(SchoolLaw)
    for table in DEMO["authorities"]:
        for town in table["towns"]:
            own = {code["code"] for code in AUTHORITIES[table["key"]]["codes"]}
            assert DISTRICTS.get(town["district"], {}).get("authority") == table["key"] or town["district"] in own, town


def test_the_demonstrations_lists_make_more_names_than_it_needs():
    words = DEMO["words"]
    assert all(len(set(names)) == len(names) for names in words.values())
    assert len(words["first"]) * len(words["second"]) >= 800
    for kind in DEMO["types"]:
        if kind.get("saints"):
            assert len(words["saints"]) * len(kind["endings"]) > 400 * kind["share"] / 100


def test_made_up_postcodes_load_serve_every_town_and_share_a_district():
    with (TENANTS / "demo" / "postcodes.csv").open("rb") as stream:
        assert read_postcode_file(stream).skipped == ()
    with (TENANTS / "demo" / "postcodes.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    places: dict[str, set[str]] = {}
    for row in rows:
        assert INVENTED_POSTCODE.fullmatch(row["pcds"])
        county = row["cty26cd"] if row["cty26cd"].startswith("E10") else row["lad26cd"]
        places.setdefault(row["pcds"].split()[0], set()).add(county)
    towns = [(town, table["key"]) for table in DEMO["authorities"] for town in table["towns"]]
    for town, key in towns:
        assert places[town["outward"]] & {code["code"] for code in AUTHORITIES[key]["codes"]}, town
        assert len(places[town["outward"]]) == 1, town
    assert places["ZA13"] == {"E10000012", "E06000033"}


def test_the_demonstrations_wording_changes_sentences_that_are_there():
    for one in read("demo/adaptations.toml")["adaptations"]:
        clause, body = LIBRARY[one["base_release"]][one["clause"]]
        assert clause["policy"] != ClausePolicy.LOCKED
        match OverrideMode(one["mode"]):
            case OverrideMode.ADAPT:
                assert one["sentence"] in body.splitlines()
                assert one["becomes"] != one["sentence"]
            case OverrideMode.OMIT:
                assert clause["policy"] == ClausePolicy.OPTIONAL
            case _:
                assert one["title"]
                assert one["text"].strip()


def test_the_cast_holds_every_role_of_the_story():
    tenants = {*SCHOOLS, *TRUSTS, "service"}
    assert {person["tenant"] for person in PEOPLE.values()} <= tenants
    assert {person["role"] for person in PEOPLE.values()} == set(Role) - {Role.CHAIR}
    assert {"Asha", "Ben", "Bea", "Tom", "Devi", "Cal", "Gus"} <= {
        person["name"].split()[0] for person in PEOPLE.values()
    }
    assert all(email.endswith(".example") for email in PEOPLE)


def test_the_demonstrations_requests_cover_every_right_and_could_have_happened():
    assert {case["kind"] for case in CASES} == PARENTS_KINDS
    for case in CASES:
        assert case["channel"] in set(Channel)
        assert case["waiting_for"] in set(WaitingFor)
        school = SCHOOLS[case["school"]]["school"]
        assert school["demonstration"]
        assert case["kind"] != CaseKind.RECORD or school["law"] == SchoolLaw.MAINTAINED
        assert case.get("email", "x.example").endswith(".example")
        assert DRAMA_NUMBERS.fullmatch(case.get("telephone", "01632 960000"))
        later = [one for name in ("messages", "notes", "events") for one in case.get(name, [])]
        later += [case["closed"]] if "closed" in case else []
        assert all(case["day"] <= one["day"] <= 0 for one in later)
        actors = {one["by"] for one in later if "by" in one} | {case[key] for key in ("assigned_to",) if key in case}
        assert {PEOPLE[email]["tenant"] for email in actors} <= {case["school"], school.get("trust"), "service"}


def test_terms_are_in_order_and_every_council_of_the_demonstration_has_them():
    terms = read("demo/terms.toml")["terms"]
    assert set(terms) == {table["key"] for table in DEMO["authorities"]}
    for years in terms.values():
        spans = [span for year in sorted(years) for span in years[year]]
        assert len(spans) == 18
        assert all(first < last and first.weekday() < 5 and last.weekday() < 5 for first, last in spans)
        assert all(one[1] < two[0] for one, two in pairwise(spans))


def contrast_with_white(colour: str) -> float:
    """WCAG 2.2, relative luminance: 1 to 21."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
