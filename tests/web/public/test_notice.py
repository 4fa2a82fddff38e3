"""A school's notice as families read it: addresses, versions, caches, languages."""

import re
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.directory.actions import NewName
from portal.directory.models import AuthorityRow
from portal.directory.queries import read_book
from portal.identity.permissions import SYSTEM
from portal.lifecycle.link_checks import give_name
from portal.lifecycle.onboarding import decide_council
from portal.lifecycle.order_text import read_lines
from portal.lifecycle.postcodes import add_made_up_postcodes
from portal.lifecycle.register_apply import close_school
from portal.lifecycle.succession import approve_order, enter_order
from portal.notices.background import NoticeWork
from portal.notices.changes import new_generation, note_tenant_change
from portal.notices.models import Publication
from portal.settings import ROOT
from portal.tenancy.actions import record_facts, rename
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant, tenant_scope

NOTICE = "/schools/alder-primary/privacy-notice"


@pytest.fixture
def template(sealed_template):
    return sealed_template


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
    assert re.search(r"has new wording: (?!0)\d+ sentences? (reworded|added|taken out)[^:]*\.</li>", compared)
    assert not re.search(r"\b0 sentence", compared)
    in_polish = text(client.get(f"{NOTICE}/changes?from=1&to=2&lang=pl"))
    assert re.search(r"Zmieniono treść punktu „[^”]+”: (zmieniono|dodano|usunięto) \d+ zda", in_polish)
    for clauses in (compared, in_polish):
        assert clauses.count("Our Data Protection Officer") + clauses.count("Nasz inspektor") == 0, "it is unchanged"
    assert "Wgląd w dane" not in in_polish, "an English clause names a translated one, and nothing else changed in it"
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


@pytest.mark.parametrize("day", ["abc", "2026-02-31", "9999-01-01", "1999-01-01"])
def test_a_day_that_cannot_be_shown_gets_the_question_again_and_the_way_back(client, day):
    page = text(client.get(f"{NOTICE}?on={day}"))
    assert "There is a problem" in page
    assert 'href="#on"' in page
    assert re.search(r'<input[^>]*name="on"', page)
    assert f'href="{NOTICE}"' in page


def test_english_words_of_a_page_in_another_language_are_marked_as_english(client):
    """A school that does not declare the language has its notice in English there."""
    page = text(client.get("/schools/birch-academy/privacy-notice?lang=ur"))
    assert page.count("govuk-inset-text") == 1, "one box says that English counts"
    assert '<ol lang="en" dir="ltr">' in page
    assert '<bdi lang="en">Rowan Trust</bdi>' in page
    assert '<bdi lang="en">' not in text(client.get("/schools/birch-academy/privacy-notice"))


def test_english_words_of_a_translated_notice_are_marked_as_english(client):
    page = text(client.get(f"{NOTICE}?lang=ur"))
    assert page.count("govuk-inset-text") == 1, "one box says that English counts"
    assert '<ol lang="en" dir="ltr">' not in page
    assert '<bdi lang="en">the governing body of Alder Primary School</bdi>' in page
    assert re.search(r'<div class="portal-clause" id="[^"]*" lang="en" dir="ltr">', page)


def test_what_somebody_wrote_about_a_version_is_marked_as_english(client, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        for row in session.scalars(select(Publication)):
            row.reason = "A letter from the council named new officers."
    page = text(client.get(f"{NOTICE}/versions?lang=pl"))
    assert '<bdi lang="en">A letter from the council named new officers.</bdi>' in page


def test_the_contacts_at_the_top_are_links(client):
    top = text(client.get(NOTICE)).split('class="portal-notice"')[0]
    assert 'href="mailto:IGS@essex.gov.uk"' in top
    assert 'href="tel:03330322970"' in top


def test_a_school_leads_back_to_the_search_and_its_notice_to_the_school(client):
    assert 'class="govuk-back-link"' in text(client.get("/schools/alder-primary"))
    assert 'href="/find"' in text(client.get("/schools/alder-primary"))
    assert re.search(r'href="/schools/alder-primary" class="govuk-back-link"', text(client.get(NOTICE)))


def change(database, action):
    with database.transaction() as session, every_tenant(session, "tests"):
        action(session)
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass


def alder(session):
    return session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()


def test_the_notice_offers_to_find_the_council_of_the_home_beside_its_councils(client, database):
    page = text(client.get(NOTICE))
    part = page[page.index('id="sharing-authorities"') :]
    part = part[: part.index("</section>")]
    assert 'href="/schools/alder-primary/councils"' in part
    assert 'href="/councils/essex/wrong-link"' in part
    assert 'name="postcode"' not in part
    change(
        database, lambda session: add_made_up_postcodes(session, ROOT / "tenants/demo/postcodes.csv", now=clock.now())
    )
    change(database, new_generation)
    later = text(client.get(f"{NOTICE}?lang=pl"))
    assert 'action="/schools/alder-primary/councils?lang=pl"' in later
    answer = text(client.post("/schools/alder-primary/councils", data={"postcode": "za1 1en"}))
    assert answer.index("Where the child goes to school") < answer.index("Where the child lives")


def test_an_older_version_offers_no_search(client):
    assert "wrong-link" not in text(client.get(f"{NOTICE}/versions/1"))


def test_a_closed_schools_notice_says_at_its_head_that_it_closed_and_where_its_records_are(client, database):
    def close(session):
        birch = session.scalars(select(Tenant).where(Tenant.slug == "birch-academy")).one()
        close_school(
            session,
            alder(session),
            on=date(2026, 8, 31),
            successor=birch,
            records="Ask Birch Academy.",
            now=clock.now(),
        )
        new_generation(session)

    change(database, close)
    for path in (NOTICE, f"{NOTICE}/versions/1"):
        page = text(client.get(path))
        head = page[page.index("<h1") : page.index('<div class="portal-notice">')]
        assert "This school has closed." in head
        assert "31 August 2026" in head
        assert "Ask Birch Academy." in head
        assert 'href="/schools/birch-academy"' in head
    assert "Find the council" not in text(client.get(NOTICE))


def test_a_name_corrected_from_a_past_day_leaves_what_the_notice_said_on_past_days(client, database):
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    before = text(client.get(f"{NOTICE}?on={yesterday}"))

    def correct(session):
        essex = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "essex")).one()
        new = NewName("Council of All Essex", "Essex", clock.today() - timedelta(days=40))
        give_name(session, SYSTEM, essex, new, now=clock.now(), corrects=True)

    change(database, correct)
    assert text(client.get(f"{NOTICE}?on={yesterday}")) == before
    assert "Council of All Essex" not in before
    assert "Council of All Essex" in text(client.get(NOTICE))


def test_an_order_of_a_past_day_leaves_what_the_notice_said_on_past_days(client, database):
    yesterday = (clock.today() - timedelta(days=1)).isoformat()

    def order(session):
        written = read_lines(
            "Essex > Estuary Council", read_book(session), {}, on=clock.today() - timedelta(days=40), title="Late"
        )
        row = enter_order(session, SYSTEM, written, now=clock.now())
        approve_order(session, SYSTEM, row, today=clock.today(), now=clock.now(), corrects=True)

    change(database, order)
    assert "Estuary Council" not in text(client.get(f"{NOTICE}?on={yesterday}"))
    assert "Estuary Council" in text(client.get(NOTICE))


def test_a_council_decided_for_a_day_is_in_the_version_of_that_day(client, database):
    tomorrow = clock.today() + timedelta(days=1)

    def decide(session):
        decide_council(session, SYSTEM, alder(session), key="kent", district="", from_day=tomorrow, now=clock.now())

    change(database, decide)
    numbers = set(re.findall(r"/versions/(\d+)", text(client.get(f"{NOTICE}/versions"))))
    work = NoticeWork(database)
    after = clock.from_london(tomorrow, time(0, 5))
    while work.step(now=after):
        pass
    listed = text(client.get(f"{NOTICE}/versions"))
    (new,) = set(re.findall(r"/versions/(\d+)", listed)) - numbers
    assert "Kent County Council, the council for our" in re.sub(
        "<[^>]+>", "", text(client.get(f"{NOTICE}/versions/{new}"))
    )


def test_a_school_is_found_by_its_former_name_and_its_old_addresses_lead_to_it(client, database):
    def rename_it(session):
        rename(session, alder(session), name="Larch Primary School", now=clock.now())
        alder_now = session.scalars(select(Tenant).where(Tenant.slug == "larch-primary-school")).one()
        alder_now.colour = "#1d5c3a"

    change(database, rename_it)
    assert "Larch Primary School" in text(client.get("/find?q=Alder+Primary"))
    assert "Larch Primary School" not in text(client.get("/find?q=Alder+Secondary"))
    for page in ("crest", "colour.css"):
        answer = client.get(f"/schools/alder-primary/{page}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/schools/larch-primary-school/{page}")
