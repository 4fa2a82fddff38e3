"""A school's notice as families read it: addresses, versions, caches, languages."""

import re
from datetime import timedelta

import pytest

from portal.core import clock
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions, note_tenant_change
from portal.tenancy.actions import record_facts, rename
from portal.tenancy.scope import every_tenant, tenant_scope

NOTICE = "/schools/alder-primary/privacy-notice"


@pytest.fixture(autouse=True)
def sealed(database):
    with database.transaction() as session, every_tenant(session, "tests"):
        note_first_versions(session, now=clock.now())
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass


def text(response):
    return response.get_data(as_text=True)


def test_the_notice_has_contents_numbers_anchors_version_and_contacts(client):
    page = text(client.get(NOTICE))
    anchors = re.findall(r'<section class="portal-section" id="([^"]+)"', page)
    assert len(anchors) == 13
    assert all(f'href="#{anchor}"' in page for anchor in anchors)
    assert 'id="rights-access"' in page
    assert "Version 2, since" in page
    assert "the governing body of Alder Primary School" in page
    assert "IGS@essex.gov.uk" in page
    assert "data-portal-print" in page
    assert "/schools/alder-primary/requests/start" in page


def test_the_schools_own_council_comes_first_in_the_list(client):
    page = text(client.get(NOTICE))
    block = page[page.index('id="sharing-authorities"') :]
    assert block.index("Essex County Council") < block.index("Thurrock Council")


def test_the_page_sets_no_cookie_and_may_be_kept(client):
    response = client.get(NOTICE)
    assert "Set-Cookie" not in response.headers
    assert "public" in response.headers["Cache-Control"]


def test_an_unchanged_page_is_not_sent_again(client):
    etag = client.get(NOTICE).headers["ETag"]
    again = client.get(NOTICE, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.data == b""


def test_the_page_is_the_same_packed_and_unpacked(client):
    packed = client.get(NOTICE, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get(NOTICE).headers
    assert packed.headers["ETag"] == client.get(NOTICE).headers["ETag"]


def test_a_change_is_seen_within_a_second(client, database, school, session):
    session.rollback()
    before = client.get(NOTICE)
    with database.transaction() as writing:
        tenant = school("alder-primary")
        tenant = writing.merge(tenant, load=True)
        with tenant_scope(writing, tenant.id):
            now = clock.now()
            record_facts(writing, tenant, {"school.email": "new@alder.example"}, now=now, recorded_by=None)
            note_tenant_change(writing, tenant, reason="New address.", now=now)
    client.application.extensions["portal_page_cache"].forget()
    after = client.get(NOTICE)
    assert "new@alder.example" in text(after)
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_past_day_shows_what_was_said_then(client):
    page = text(client.get(f"{NOTICE}?on=2026-03-01"))
    assert "This is what the notice said on" in page
    assert "Version 1, since" in page


@pytest.mark.parametrize(("day", "status"), [("x", 422), ("2026-13-01", 422), ("2001-01-01", 404)])
def test_a_day_that_cannot_be_is_answered_plainly(client, day, status):
    assert client.get(f"{NOTICE}?on={day}").status_code == status


def test_a_day_that_lies_ahead_is_refused(client):
    later = clock.today() + timedelta(days=2)
    assert client.get(f"{NOTICE}?on={later}").status_code == 422


def test_versions_are_listed_and_compared(client):
    page = text(client.get(f"{NOTICE}/versions"))
    assert "/privacy-notice/versions/1" in page
    compared = text(client.get(f"{NOTICE}/changes?from=1&to=2"))
    assert "In short" in compared
    assert "<ins>" in compared
    assert "Version 1" in text(client.get(f"{NOTICE}/versions/1"))


@pytest.mark.parametrize("path", ["versions/99", "changes?from=1&to=99", "changes?from=x&to=1", "changes"])
def test_versions_that_never_were_are_not_found(client, path):
    assert client.get(f"{NOTICE}/{path}").status_code == 404


def test_the_fingerprint_stands_behind_about_this_version(client):
    page = text(client.get(NOTICE))
    assert "About this version" in page
    assert re.search(r"\b[0-9a-f]{64}\b", page)


def test_another_language_says_that_english_counts(client):
    page = text(client.get(f"{NOTICE}?lang=ur"))
    assert '<html class="govuk-template" lang="ur" dir="rtl">' in page
    assert "معتبر متن انگریزی کا ہے" in page


def test_a_former_address_leads_to_the_present_one(client, database, school, session):
    session.rollback()
    with database.transaction() as writing:
        tenant = writing.merge(school("alder-primary"), load=True)
        rename(writing, tenant, name="Alder and Ash Primary School", now=clock.now())
    for path in ("", "/versions", "?on=2026-03-01"):
        response = client.get(f"{NOTICE}{path}")
        assert response.status_code == 301
        assert response.headers["Location"].startswith("/schools/alder-and-ash-primary-school/privacy-notice")


def test_an_unknown_school_is_not_found(client):
    assert client.get("/schools/nowhere/privacy-notice").status_code == 404
    assert client.get("/schools/rowan/privacy-notice").status_code == 404
