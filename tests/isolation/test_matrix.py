"""Every route, every method, everybody, everybody's: nobody touches what is not theirs, or learns that it is there.

Made from the address map, the declared policies and the permission table; a new route is in it without anybody's doing.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from portal.core.database import Database
from portal.identity.permissions import Action, Actor, Place, Role, may, may_know
from portal.web.door import Audience
from tests.isolation.samples import address, arguments_without_sample
from tests.isolation.world import PLACES, World, build, enter
from tests.tools.statements import statements

OWN = "alder-primary"
OTHERS = ("birch-academy", "rowan", "elm-school", "gone-school", "coming-school")
PEOPLE = ("asha", "ben", "gus", "bea", "tom", "devi", "cal", "dora", "adi", "audrey", "ed", "hal", "ann", "xena", "gil")
EVERYBODY = ("nobody", "dan", *PEOPLE)
SECRETS = re.compile(
    rb'name="csrf_token" value="[^"]*"|&#34;challenge&#34;: &#34;[^&]*&#34;|value="[A-Za-z0-9_-]{20,}"'
)
WITHOUT_BYTES = (
    "_case.file",
    "_inbox.original",
)  # the world's files and messages are rows only: no bytes lie behind them
ENDS_SESSIONS = {"shared.sign_out", "shared.end_my_other_sessions"}


@dataclass
class Viewer:
    """Somebody with a browser, her actor in the sense of the table, and the token of her forms."""

    name: str
    client: FlaskClient
    actor: Actor
    token: str

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        data = {"csrf_token": self.token} if method == "POST" else None
        answer = self.client.open(path, method=method, data=data, buffered=True)
        if answer.headers.get("Location", "").startswith("/sign-in"):
            return answer.status_code, b""  # it names only the address that was asked for
        return answer.status_code, answer.data


@dataclass
class Matrix:
    app: Flask
    database: Database
    world: World
    viewers: dict[str, Viewer]

    def routes(self, *audiences: Audience) -> Iterator[tuple[Rule, str, Audience]]:
        policies = self.app.extensions["portal_policies"]
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint == "static":
                continue
            audience = policies[rule.endpoint].audience
            if audience in audiences:
                for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                    yield rule, method, audience

    def place(self, slug: str) -> Place:
        trusts = {"birch-academy": "rowan", "elm-school": "hazel-trust"}
        trust = self.world.tenants[trusts[slug]] if slug in trusts else None
        return Place(self.world.tenants[slug], trust, self.world.tenants["service"])

    def permission(self, rule: Rule) -> Action | None:
        declared = self.app.extensions["portal_policies"][rule.endpoint].may
        return declared if isinstance(declared, Action) else None

    def leaks(self, viewer: Viewer, body: bytes, *, public: bool = False) -> list[str]:
        """Words of tenants that the viewer stands in no relation to; public pages may hold what is published."""
        text = body.lower()
        found = []
        for slug in PLACES:
            if not may_know(viewer.actor, self.place(slug)):
                secret, published = self.world.words(slug)
                found += [word for word in ((secret,) if public else (secret, published)) if word.encode() in text]
        return found


@pytest.fixture
def matrix(app: Flask, database: Database) -> Matrix:
    world = build(database)
    return Matrix(app, database, world, {name: _viewer(app, database, world, name) for name in EVERYBODY})


def _viewer(app: Flask, database: Database, world: World, name: str) -> Viewer:
    client = app.test_client()
    if name != "nobody":
        client.set_cookie("portal", enter(database, world.people[name]))
    page = client.get("/confirm" if name not in {"nobody", "dan"} else "/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    return Viewer(name, client, Actor(world.people.get(name), name, _roles(world, name)), token)


def _roles(world: World, name: str) -> tuple[tuple[int, Role], ...]:
    slugs: dict[str, tuple[tuple[str, Role], ...]] = {
        "asha": (("alder-primary", Role.HEAD),), "ben": (("alder-primary", Role.OFFICE),),
        "gus": (("alder-primary", Role.GOVERNOR),), "bea": (("birch-academy", Role.EDITOR),),
        "tom": (("rowan", Role.LEAD),), "devi": (("service", Role.DPO_OFFICER),),
        "cal": (("service", Role.CLAUSE_EDITOR),),
        "dora": (("service", Role.DIRECTORY_EDITOR),), "adi": (("service", Role.ADMINISTRATOR),),
        "audrey": (("service", Role.AUDITOR),), "ed": (("elm-school", Role.HEAD),),
        "hal": (("hazel-trust", Role.LEAD),),
        "ann": (("alder-primary", Role.LEAD), ("birch-academy", Role.LEAD)), "gil": (("gone-school", Role.HEAD),),
    }  # fmt: skip
    return tuple((world.tenants[slug], role) for slug, role in slugs.get(name, ()))


def plain(body: bytes, *paths: str) -> bytes:
    """A body without what differs from request to request, and without the addresses that were asked for."""
    body = SECRETS.sub(b"", body)
    for path in paths:
        body = body.replace(path.encode(), b"")
    return body


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_route_is_classified_and_every_argument_has_a_sample(app):
    policies = app.extensions["portal_policies"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    assert not [rule.rule for rule in rules if rule.endpoint not in policies]
    missing = {rule.rule: sorted(arguments_without_sample(rule)) for rule in rules if arguments_without_sample(rule)}
    assert not missing, "say in samples.py what these look like when they are another tenant's"


def test_another_schools_pages_are_absent_whatever_the_route_and_method(matrix, record_property):
    """School door: a stranger's answer for another's is that for nobody's, in status and body."""
    asked, wrong = 0, []
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        for viewer in matrix.viewers.values():
            nowhere = address(rule, matrix.world, slug="absent-school", target=None)
            expected = viewer.ask(method, nowhere)
            for slug in (OWN, *OTHERS):
                if may_know(viewer.actor, matrix.place(slug)):
                    continue
                path = address(rule, matrix.world, slug=slug, target=slug)
                answer = viewer.ask(method, path)
                asked += 1
                if answer[0] != expected[0] or not _alike(answer, expected, path, nowhere):
                    wrong.append((viewer.name, method, path, answer[0], expected[0]))
                wrong += [(viewer.name, method, path, word) for word in matrix.leaks(viewer, answer[1])]
                if viewer.name in {"nobody", "dan", "xena"}:
                    break  # they have no relation to any place; one is as good as all
    record_property("requests", asked)
    record_property("leaks", len(wrong))
    assert not wrong
    assert asked > 100


def _alike(answer, expected, path, nowhere) -> bool:
    if answer[0] in {302, 303}:
        return True  # to the sign-in page, with the address that was asked for
    return plain(answer[1], path) == plain(expected[1], nowhere)


def test_another_schools_things_are_absent_under_ones_own_address(matrix, backend, record_property):
    """T1, incident 3: own school in the address, somebody else's number behind it; same answer, same work.

    The work is compared; how long both took, half of the answers each, is printed.
    """
    wrong, asked, taken = [], 0, {"absent": [], "foreign": []}
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        if rule.arguments == {"slug"} or not _names_a_thing(rule, matrix.world):
            continue
        for name in ("asha", "ben"):
            viewer = matrix.viewers[name]
            nowhere = address(rule, matrix.world, slug=OWN, target=None)
            viewer.ask(method, nowhere)
            with statements(matrix.database) as work, timed(taken["absent"]):
                expected = viewer.ask(method, nowhere)
            for slug in OTHERS:
                path = address(rule, matrix.world, slug=OWN, target=slug)
                with statements(matrix.database) as done, timed(taken["foreign"]):
                    answer = viewer.ask(method, path)
                asked += 1
                if answer[0] != expected[0] or plain(answer[1], path) != plain(expected[1], nowhere):
                    wrong.append((name, method, path, answer[0], expected[0]))
                if len(done) != len(work):
                    wrong.append((name, method, path, f"{len(done)} statements, not {len(work)}"))
                wrong += [(name, method, path, word) for word in matrix.leaks(viewer, answer[1])]
    record_property("requests", asked)
    record_property("differences", len(wrong))
    for what, times in taken.items():
        record_property(f"{what}_us_{backend}", round(median(times) * 1_000_000))
    assert not wrong
    assert asked


@contextmanager
def timed(taken):
    began = time.perf_counter()
    yield
    taken.append(time.perf_counter() - began)


def _names_a_thing(rule: Rule, world: World) -> bool:
    return address(rule, world, slug=OWN, target="birch-academy") != address(rule, world, slug=OWN, target=None)


def test_the_central_door_is_closed_to_everybody_else(matrix):
    wrong = []
    for rule, method, _audience in matrix.routes(Audience.CENTRAL):
        for viewer in matrix.viewers.values():
            if any(tenant_id == matrix.world.tenants["service"] for tenant_id, _role in viewer.actor.roles):
                continue
            path = address(rule, matrix.world, slug=OWN, target=OWN)
            status, body = viewer.ask(method, path)
            expected = {302} if viewer.name in {"nobody", "dan"} else {404}
            if status not in expected:
                wrong.append((viewer.name, method, path, status))
            wrong += [(viewer.name, method, path, word) for word in matrix.leaks(viewer, body)]
    assert not wrong


def test_the_permission_table_is_what_the_doors_do(matrix):
    """Whoever stands in a relation to a place and has no right is told so (403); whoever has it is not."""
    wrong, asked = [], 0
    for rule, method, audience in matrix.routes(Audience.SCHOOL, Audience.CENTRAL):
        action = matrix.permission(rule)
        for viewer in matrix.viewers.values():
            slug = OWN if audience is Audience.SCHOOL else "service"
            place = matrix.place(slug)
            if action is None or not may_know(viewer.actor, place):
                continue
            allowed = may(viewer.actor, action, place)
            if allowed and method != "GET":
                continue
            status, body = viewer.ask(method, address(rule, matrix.world, slug=OWN, target=OWN))
            asked += 1
            if (not allowed and status != 403) or (status >= 500 and not rule.endpoint.endswith(WITHOUT_BYTES)):
                wrong.append((viewer.name, method, rule.rule, status, allowed))
            wrong += [(viewer.name, method, rule.rule, word) for word in matrix.leaks(viewer, body)]
    assert not wrong
    assert asked > 100


def test_public_pages_hold_no_secret_word(matrix):
    wrong = []
    for rule, method, _audience in matrix.routes(Audience.PUBLIC):
        for name in ("nobody", "asha", "ed"):
            viewer = matrix.viewers[name]
            for slug in (OWN, *OTHERS):
                path = address(rule, matrix.world, slug=slug, target=slug)
                status, body = viewer.ask(method, path)
                if status >= 500:
                    wrong.append((name, method, path, status))
                wrong += [(name, method, path, word) for word in matrix.leaks(viewer, body, public=True)]
    assert not wrong


def test_schools_that_are_not_public_yet_are_absent(matrix):
    wrong = []
    for rule, method, _audience in matrix.routes(Audience.PUBLIC):
        if "slug" not in rule.arguments:
            continue
        viewer = matrix.viewers["nobody"]
        nowhere = address(rule, matrix.world, slug="absent-school", target=None)
        path = address(rule, matrix.world, slug="coming-school", target=None)
        answer, expected = viewer.ask(method, path), viewer.ask(method, nowhere)
        if answer[0] != expected[0] or plain(answer[1], path) != plain(expected[1], nowhere):
            wrong.append((method, path, answer[0], expected[0]))
    assert not wrong


def test_ones_own_account_holds_nothing_of_others(matrix):
    """Sessions, passkeys and linked accounts of others are absent, and whatever else an address may name."""
    wrong = []
    for rule, method, _audience in matrix.routes(Audience.SIGNED_IN):
        if rule.endpoint in ENDS_SESSIONS:
            continue
        for name in ("asha", "ed", "nobody"):
            viewer = matrix.viewers[name]
            nowhere = address(rule, matrix.world, slug=OWN, target=None)
            path = address(rule, matrix.world, slug=OWN, target="birch-academy")
            answer = viewer.ask(method, path)
            if answer[0] >= 500:
                wrong.append((name, method, path, answer[0]))
            if "token" in rule.arguments:
                continue  # an invitation's link is meant for whoever holds it
            wrong += [(name, method, path, word) for word in matrix.leaks(viewer, answer[1])]
            if path != nowhere and answer[0] != viewer.ask(method, nowhere)[0]:
                wrong.append((name, method, path, answer[0]))
    assert not wrong


@pytest.mark.parametrize("word", ["search", "filter"])
def test_no_search_finds_another_schools_words(matrix, word):
    """Incident 9: one's own lists, asked for the words of others and with others' values mixed into every filter."""
    wrong = []
    for slug in OTHERS:
        secret, published = matrix.world.words(slug)
        reference = matrix.world.rows[slug]["case_file"]["reference"]
        query = {"q": secret} if word == "search" else {"q": "", "school": [OWN, slug], "slug": slug, "case": reference}
        for rule, _method, _audience in matrix.routes(Audience.SCHOOL):
            if "GET" not in (rule.methods or set()) or rule.arguments != {"slug"}:
                continue
            path = address(rule, matrix.world, slug=OWN, target=OWN)
            body = matrix.viewers["asha"].client.get(path, query_string=query, buffered=True).data.lower()
            body = body.replace(f'value="{secret}"'.encode(), b"").replace(f"q={secret}".encode(), b"")
            wrong += [(path, slug) for found in (secret, published) if f"{found} ".encode() in body]
    assert not wrong
