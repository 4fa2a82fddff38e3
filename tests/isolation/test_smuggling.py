"""What belongs to others, put where one's own is meant: one argument, field, token or way of showing at a time."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import inspect, select

from portal.tenancy.scope import every_tenant, tenant_models
from portal.web.door import Audience
from tests.isolation.samples import address, arguments_without_sample
from tests.isolation.test_matrix import OTHERS, OWN, Matrix, matrix, plain
from tests.isolation.world import CENTRE, FEED_READERS, LEAVE_OUT

assert matrix
WAYS = ({"print": "1"}, {"format": "csv"}, {"format": "json"}, {"format": "pdf"}, {"format": "ics"}, {"preview": "1"})
FIELDS = (
    "cases", "reference", "person", "people", "school", "slug", "case", "clause", "key", "member", "membership",
    "number", "trust", "council", "remove", "tenant", "tenant_id", "id", "view", "letter", "person_id", "to",
)  # fmt: skip
STRANGERS = ("birch-academy", "elm-school")
KEPT = frozenset({"csrf_token"})


def test_one_foreign_argument_among_ones_own_is_absent(matrix: Matrix, record_property):
    """The case is the reader's own, the letter or file behind it another school's."""
    asked, wrong = 0, []
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        arguments = sorted(rule.arguments - {"slug"} - arguments_without_sample(rule))
        if len(arguments) < 2:
            continue
        for name in arguments:
            viewer = matrix.viewers["asha"]
            nowhere = address(rule, matrix.world, slug=OWN, target=OWN, foreign=name)
            viewer.ask(method, nowhere)  # shows what earlier requests left to say
            expected = viewer.ask(method, nowhere)
            for slug in STRANGERS:
                path = address(rule, matrix.world, slug=OWN, target=OWN, foreign=name, whose=slug)
                answer = viewer.ask(method, path)
                asked += 1
                if path != nowhere and (answer[0], plain(answer[1], path)) != (
                    expected[0],
                    plain(expected[1], nowhere),
                ):
                    wrong.append((method, path, answer[0], expected[0]))
                wrong += [(method, path, word) for word in matrix.leaks(viewer, answer[1])]
    record_property("requests", asked)
    record_property("leaks", len(wrong))
    assert not wrong
    assert asked


def test_another_schools_values_in_any_field_reach_nothing_of_theirs(matrix: Matrix, record_property):
    """T4: every form of one's own door, every field filled with what is another's; their rows stay as they are."""
    before, asked, wrong = rows_of(matrix, STRANGERS), 0, []
    viewer = matrix.viewers["asha"]
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        if method != "POST":
            continue
        path = address(rule, matrix.world, slug=OWN, target=OWN)
        names = set(FIELDS) | (fields_of(viewer.client, path) if "GET" in (rule.methods or ()) else set())
        for slug in STRANGERS:
            theirs = matrix.world.rows[slug]
            for value in (theirs["case_file"]["reference"], str(theirs["case_file"]["id"]), slug):
                data = {**dict.fromkeys(names - KEPT, value), "csrf_token": viewer.token}
                answer = viewer.client.post(path, data=data, follow_redirects=True, buffered=True)
                asked += 1
                body = answer.data.replace(value.encode(), b"")
                wrong += [(path, value, word) for word in matrix.leaks(viewer, body)]
                if answer.status_code >= 500:
                    wrong.append((path, value, answer.status_code))
    record_property("requests", asked)
    record_property("leaks", len(wrong))
    assert not wrong
    after = rows_of(matrix, STRANGERS)
    assert [key for key in before if before[key] != after.get(key)] == []
    assert len(after) == len(before), "nothing was added to them either"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(f"{name}-{value}" for name, value in way.items()))
def test_no_other_way_of_showing_a_page_shows_more(matrix: Matrix, way):
    wrong = []
    for rule, method, audience in matrix.routes(Audience.SCHOOL, Audience.PUBLIC):
        if method != "GET" or (way != WAYS[0] and audience is Audience.PUBLIC):
            continue
        viewer = matrix.viewers["asha" if audience is Audience.SCHOOL else "nobody"]
        path = address(rule, matrix.world, slug=OWN, target=OWN)
        body = viewer.client.get(path, query_string=way, buffered=True).data
        wrong += [(path, word) for word in matrix.leaks(viewer, body, public=audience is Audience.PUBLIC)]
    assert not wrong


def test_a_head_request_answers_as_the_page_does(matrix: Matrix):
    wrong = []
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        if method == "GET":
            path = address(rule, matrix.world, slug="birch-academy", target="birch-academy")
            answer = matrix.viewers["asha"].client.head(path, buffered=True)
            if answer.status_code != 404 or answer.data:
                wrong.append((path, answer.status_code))
    assert not wrong


def test_what_belongs_to_the_central_team_stands_on_no_page_of_a_school(matrix: Matrix):
    secret = matrix.world.words(CENTRE)[0].encode()
    wrong = []
    for rule, method, audience in matrix.routes(Audience.SCHOOL, Audience.PUBLIC):
        if method != "GET":
            continue
        for target in (OWN, CENTRE):
            for name in ("asha", "tom", "nobody"):
                path = address(rule, matrix.world, slug="rowan" if name == "tom" else OWN, target=safe(target, rule))
                if secret in matrix.viewers[name].client.get(path, buffered=True).data.lower():
                    wrong.append((name, audience, path))
    assert not wrong


def test_a_calendar_address_shows_the_dates_of_its_own_place_only(matrix: Matrix):
    for slug in FEED_READERS:
        answer = matrix.viewers["nobody"].client.get(f"/calendars/{matrix.world.tokens[slug]}.ics")
        assert answer.status_code == 200, slug
        own = matrix.world.rows[slug]["case_file"]["reference"]
        shown = set(re.findall(r"QZ\d\d-TEST", answer.text))
        assert shown <= {own} | {row["case_file"]["reference"] for row in below(matrix, slug)}, slug


def test_no_letter_to_one_place_holds_words_of_another(matrix: Matrix):
    """Notifications: whatever the outbox holds after every form was sent speaks of its own tenant."""
    viewer = matrix.viewers["asha"]
    for rule, method, _audience in matrix.routes(Audience.SCHOOL):
        if method == "POST":
            viewer.ask(method, address(rule, matrix.world, slug=OWN, target=OWN))
    model = next(model for table, model in tenant_models().items() if table.name == "letter")
    places = {number: slug for slug, number in matrix.world.tenants.items()}
    with matrix.database.session() as session, every_tenant(session, "tests"):
        for letter in session.scalars(select(model)):
            text = f"{letter.subject} {letter.body} {letter.recipient}".lower()
            for slug in (OWN, *OTHERS):
                if places.get(letter.tenant_id) != slug:
                    assert matrix.world.words(slug)[0] not in text


def below(matrix: Matrix, slug: str) -> Iterator[dict]:
    schools = {"rowan": ("birch-academy",), "hazel-trust": ("elm-school",)}
    return (matrix.world.rows[school] for school in schools.get(slug, ()))


def safe(target: str, rule) -> str | None:
    """Samples that name people and offers exist for places, not for the centre."""
    rows_only = rule.arguments <= {"slug", "reference", "number", "letter_id", "mail_id", "view_id", "waiver_id"}
    return target if target != CENTRE or rows_only else OWN


def fields_of(client, path: str) -> set[str]:
    page = client.get(path, buffered=True).get_data(as_text=True)
    return set(re.findall(r'<(?:input|textarea|select)[^>]*\sname="([\w-]+)"', page))


def rows_of(matrix: Matrix, slugs: tuple[str, ...]) -> dict[tuple[str, int], str]:
    """Each row of these tenants as text."""
    found = {}
    numbers = [matrix.world.tenants[slug] for slug in slugs]
    with matrix.database.session() as session, every_tenant(session, "tests"):
        for table, model in tenant_models().items():
            if table.name in LEAVE_OUT:
                continue
            names = [column.key for column in inspect(model).column_attrs]
            for row in session.scalars(select(model).where(model.tenant_id.in_(numbers))):
                found[table.name, row.id] = repr([getattr(row, name) for name in names])
    return found
