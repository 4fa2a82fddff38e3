"""The look-up that a parent uses: nothing is stored, both relations are said, every wrong input gets a sentence."""

import logging

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.core.database import Base
from portal.directory.models import WrongLinkReport
from portal.lifecycle.postcodes import add_made_up_postcodes
from portal.settings import ROOT
from portal.tenancy.actions import rename
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token


@pytest.fixture
def postcodes(database):
    with database.transaction() as session, every_tenant(session, "tests"):
        assert add_made_up_postcodes(session, ROOT / "tenants/demo/postcodes.csv", now=clock.now())


def text(answer):
    return answer.get_data(as_text=True)


def test_a_school_page_shows_its_own_council_first(client):
    page = text(client.get("/schools/alder-primary/councils"))
    assert page.index("Where the child goes to school") < page.index("Essex County Council")


def test_a_postcode_gives_the_council_of_the_home_beside_that_of_the_school(client, postcodes):
    page = text(client.post("/schools/birch-academy/councils", data={"postcode": "za1 1en"}))
    school, home = page.index("Where the child goes to school"), page.index("Where the child lives")
    assert school < page.index("Thurrock Council") < home < page.index("Essex County Council", home)


def test_a_look_up_sent_to_a_former_address_is_passed_on(client, database, postcodes):
    with database.transaction() as session, every_tenant(session, "tests"):
        birch = session.scalars(select(Tenant).where(Tenant.slug == "birch-academy")).one()
        rename(session, birch, name="Larch Academy", now=clock.now())
    answer = client.post("/schools/birch-academy/councils", data={"postcode": "za1 1en"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/schools/larch-academy/councils")
    page = text(client.post(answer.headers["Location"], data={"postcode": "za1 1en"}))
    assert "Essex County Council" in page[page.index("Where the child lives") :]


def test_a_council_may_be_picked_by_name_instead(client):
    page = text(client.post("/councils", data={"postcode": "", "council": "kent"}))
    assert "Where the child lives" in page
    assert "<bdi>Kent County Council</bdi>" in page


def test_a_district_in_two_councils_offers_both(client, postcodes):
    page = text(client.post("/councils", data={"postcode": "ZA13"}))
    assert "more than one council" in page
    assert page.count('<h3 class="govuk-heading-s"><bdi>') == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type a postcode"),
        ("CF10 1AA", "in Wales"),
        ("ZA1 1", "only part of a postcode"),
        ("hello", "does not look like a postcode"),
        ("ZA1 1BB", "could not find that postcode"),
        ("9" * 5000, "does not look like a postcode"),
    ],
)
def test_a_bad_postcode_gets_a_helpful_sentence(client, postcodes, typed, sentence):
    answer = client.post("/councils", data={"postcode": typed})
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_the_page_says_that_the_search_is_off(client):
    assert "Postcode search is off" in text(client.get("/councils"))
    assert "switched off" in text(client.post("/councils", data={"postcode": "ZA1 1EN"}))


def test_the_demonstration_says_that_its_postcodes_are_made_up(client, postcodes):
    assert "made-up postcodes" in text(client.get("/councils"))


def test_a_look_up_stores_nothing_sets_no_cookie_and_logs_nothing(client, database, postcodes, caplog):
    def rows():
        with database.session() as session, every_tenant(session, "tests"):
            return {
                mapper.class_.__name__: session.scalar(select(func.count()).select_from(mapper.class_))
                for mapper in Base.registry.mappers
            }

    before = rows()
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/councils", data={"postcode": "ZA1 1EN"})
    assert rows() == before
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ZA1" not in caplog.text
    assert "ZA1 1EN" not in text(answer).replace("such as ZA1 1EN", "")


def test_the_pages_without_a_look_up_set_no_cookie(client):
    for path in ("/councils", "/councils/essex", "/schools/alder-primary/councils"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers


def test_an_unknown_council_or_school_is_not_found(client):
    for path in ("/councils/atlantis", "/schools/nowhere/councils", "/councils/atlantis/wrong-link"):
        assert client.get(path).status_code == 404
    assert client.post("/councils", data={"council": "atlantis"}).status_code == 404


def test_a_reader_reports_a_wrong_link(client, database):
    token = csrf_token(client, "/councils/essex/wrong-link")
    answer = client.post(
        "/councils/essex/wrong-link", data={"csrf_token": token, "message": "It leads to the home page."}
    )
    assert "Thank you" in text(answer)
    with database.session() as session:
        report = session.scalars(select(WrongLinkReport)).one()
        assert (report.message, report.settled_at) == ("It leads to the home page.", None)


def test_an_empty_report_is_asked_again(client):
    token = csrf_token(client, "/councils/essex/wrong-link")
    answer = client.post("/councils/essex/wrong-link", data={"csrf_token": token, "message": " "})
    assert answer.status_code == 422
    assert "Say in a few words" in text(answer)


def test_unverified_marks_are_for_the_central_team_only(client):
    for path in ("/councils/nottinghamshire", "/schools/alder-primary/councils"):
        assert "nverified" not in text(client.get(path))
        assert "stored copy" not in text(client.get(path))
