"""Further notices of a school and its languages, as families reach them."""

import re

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.notices.subscriptions import Station, tell_readers
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token

GENERAL = "/schools/alder-primary/privacy-notice"
PHOTOGRAPHS = "/schools/alder-primary/privacy-notices/photographs"


@pytest.fixture
def template(sealed_template):
    return sealed_template


def text(response):
    return response.get_data(as_text=True)


def block(page, anchor):
    return page[page.index(f'id="{anchor}"') :].split("</div>", 1)[0]


def test_the_general_notice_leads_to_a_further_one_and_back(client):
    assert f'href="{PHOTOGRAPHS}"' in text(client.get(GENERAL))
    page = text(client.get(PHOTOGRAPHS))
    assert "Privacy notice: Photographs and video</h1>" in page
    assert f'href="{GENERAL}"' in page
    assert "Why we take pictures" in page
    assert f'href="{PHOTOGRAPHS}/versions"' in page
    assert "What we hold" not in page


def test_a_further_notice_has_versions_past_days_and_changes_of_its_own(client):
    assert "/privacy-notices/photographs/versions/1" in text(client.get(f"{PHOTOGRAPHS}/versions"))
    assert "Why we take pictures" in text(client.get(f"{PHOTOGRAPHS}/versions/1"))
    assert "Every clause says the same in both." in text(client.get(f"{PHOTOGRAPHS}/changes?from=1&to=1"))
    assert client.get(f"{PHOTOGRAPHS}?on=2026-10-01").status_code == 200
    assert client.get(f"{PHOTOGRAPHS}?on=2026-03-01").status_code == 404


@pytest.mark.parametrize("path", ["", "/versions", "/versions/1", "/changes?from=1&to=1", "/subscription"])
def test_a_notice_that_the_school_does_not_have_is_not_found(client, path):
    assert client.get(f"/schools/alder-primary/privacy-notices/biscuits{path}").status_code == 404


def test_the_general_notice_has_one_address(client):
    response = client.get("/schools/alder-primary/privacy-notices/general?lang=pl")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{GENERAL}?lang=pl"


def test_a_reader_of_a_further_notice_is_told_of_its_changes_only(client, database):
    form = f"{PHOTOGRAPHS}/subscription"
    client.post(form, data={"csrf_token": csrf_token(client, form), "email": "reader@example.com"})
    client.post(
        f"{GENERAL}/subscription",
        data={"csrf_token": csrf_token(client, f"{GENERAL}/subscription"), "email": "reader@example.com"},
    )
    with database.session() as session, every_tenant(session, "tests"):
        asked = list(session.scalars(select(Letter).where(Letter.kind == "subscription-asked").order_by(Letter.id)))
    assert len(asked) == 2
    path = re.search(r"/subscriptions/\S+", asked[0].body)[0]
    client.post(path, data={"csrf_token": csrf_token(client, path)})
    with database.transaction() as session, every_tenant(session, "tests"):
        assert tell_readers(session, station=Station("https://portal.example", "portal.example"), now=clock.now()) == 0


def test_the_polish_page_is_in_polish_and_marks_what_is_english(client):
    page = text(client.get(f"{GENERAL}?lang=pl"))
    assert "Ktoś musi odpowiadać za to" in page
    assert "Wiążący jest tekst angielski." in page
    assert 'lang="en"' not in block(page, "rights-access").split(">", 1)[0]
    assert block(page, "information-meaning").split(">", 1)[0].endswith('lang="en" dir="ltr"')
    assert "has not been translated yet" not in page


def test_the_urdu_page_reads_from_the_right_and_its_english_clauses_from_the_left(client):
    page = text(client.get(f"{GENERAL}?lang=ur"))
    assert '<html class="govuk-template" lang="ur" dir="rtl">' in page
    assert "آپ کے بارے میں ہماری معلومات دیکھنا" in page
    assert 'id="information-held" lang="en" dir="ltr"' in page
    assert 'id="rights-access">' in page


def test_a_language_that_the_school_does_not_declare_shows_english_and_says_so(client):
    page = text(client.get("/schools/birch-academy/privacy-notice?lang=ur"))
    assert '<div lang="en" dir="ltr">' in page
    assert "یہ ترجمہ ہے" not in page


def test_versions_in_polish_stand_beside_the_english_ones(client):
    assert "/privacy-notice/versions/1?lang=pl" in text(client.get(f"{GENERAL}/versions?lang=pl"))
    assert "Wiążący jest tekst angielski." in text(client.get(f"{GENERAL}/versions/1?lang=pl"))
    assert client.get(f"{GENERAL}/changes?from=1&to=2&lang=pl").status_code == 200
