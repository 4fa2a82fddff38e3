"""What a school arranges for itself, and what the public then sees of it."""

import io

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Invalid
from portal.lifecycle.branding import checked_colour, contrast_with_white
from portal.lifecycle.school_setup import read_days, read_terms, terms_of
from portal.tenancy.actions import rename
from portal.tenancy.models import Setting, Tenant
from portal.tenancy.scope import every_tenant, tenant_scope
from tests.conftest import form_marks

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0dIHDR" + (64).to_bytes(4, "big") * 2 + b"\0" * 40


def text(answer):
    return answer.get_data(as_text=True)


def send(client, path, **data):
    page = data.pop("page", path)
    return client.post(path, data={**form_marks(client, page), **data})


def test_the_roles_of_a_school_are_kept_and_shown(staff):
    asha = staff.client("asha")
    send(asha, "/school/alder-primary/school/responsible", contact="Ben Ode", siro="Asha Rao", chair="Gus Hill")
    page = text(asha.get("/school/alder-primary/school"))
    assert "Senior information risk owner: <bdi>Asha Rao</bdi>" in page
    assert "Chair of governors" in page
    assert "Information champion" not in page


def test_english_stays_whatever_languages_are_chosen(staff, database):
    send(staff.client("asha"), "/school/alder-primary/school/languages", languages=["ur"])
    with database.session() as session:
        assert session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one().languages == ["en", "ur"]


@pytest.mark.parametrize("colour", ["#ffff00", "red", "#12345", "#77777g", "javascript:"])
def test_a_colour_that_cannot_be_read_on_is_refused(staff, colour):
    answer = send(staff.client("asha"), "/school/alder-primary/school/branding", colour=colour)
    assert answer.status_code == 422


def test_contrast_is_that_of_the_guidelines():
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)
    assert checked_colour("#767676") == "#767676"
    with pytest.raises(Invalid, match=r"the contrast is 4\.47"):
        checked_colour("#777777")


def test_a_crest_is_shown_on_the_public_page(staff, client):
    asha = staff.client("asha")
    path = "/school/alder-primary/school/branding"
    send(asha, path, colour="#1d5c3a", crest=(io.BytesIO(PNG), "crest.png"))
    shown = client.get("/schools/alder-primary/crest")
    assert (shown.data, shown.headers["Content-Type"]) == (PNG, "image/png")
    assert "/schools/alder-primary/crest" in text(client.get("/schools/alder-primary"))
    send(asha, path, colour="#1d5c3a", no_crest="y")
    assert client.get("/schools/alder-primary/crest").status_code == 404


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"GIF89a", PNG + b"\0" * 200_000])
def test_other_pictures_are_refused_and_nothing_is_half_saved(staff, client, content, database):
    path = "/school/alder-primary/school/branding"
    answer = send(staff.client("asha"), path, colour="#000080", crest=(io.BytesIO(content), "crest.png"))
    assert answer.status_code == 422
    assert client.get("/schools/alder-primary/crest").status_code == 404
    with database.session() as session:
        assert session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one().colour != "#000080"


def test_an_empty_file_does_not_remove_the_crest(staff, client):
    asha = staff.client("asha")
    path = "/school/alder-primary/school/branding"
    send(asha, path, crest=(io.BytesIO(PNG), "crest.png"))
    assert send(asha, path, crest=(io.BytesIO(b""), "crest.png")).status_code == 422
    assert client.get("/schools/alder-primary/crest").status_code == 200


def test_terms_are_typed_line_by_line_and_shown_again(staff, database):
    asha = staff.client("asha")
    path = "/school/alder-primary/school/terms"
    terms = "2/9/2026 - 23/10/2026\r\n2026-11-02 to 2026-12-18\r\n"
    assert send(asha, path, terms=terms, days="4/1/2027\n").status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        school = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        held, days = terms_of(session, school)
    assert [span[0].isoformat() for span in held] == ["2026-09-02", "2026-11-02"]
    assert [day.isoformat() for day in days] == ["2027-01-04"]
    assert "2/9/2026 - 23/10/2026" in text(asha.get(path))


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ("2/9/2026", "Write a term as"),
        ("23/10/2026 - 2/9/2026", "Write a term as"),
        ("2/9/2026 - 23/10/2926", "Write a term as"),
        ("2/9/9999 - 23/10/9999", "Write a term as"),
        ("2/9/2026 - 23/10/2026\n1/10/2026 - 2/10/2026", "overlap"),
        ("31/2/2026 - 1/3/2026", "Write a day as"),
    ],
)
def test_terms_that_cannot_be_are_refused(staff, terms, reason):
    answer = send(staff.client("asha"), "/school/alder-primary/school/terms", terms=terms)
    assert answer.status_code == 422
    assert reason in text(answer)
    assert 'href="#terms"' in text(answer), "the summary leads to the field"


def test_a_day_that_is_none_is_named_at_its_own_question(staff):
    page = text(send(staff.client("asha"), "/school/alder-primary/school/terms", days="31/4/2027"))
    assert "INSET days: line 1: Write a day as" in page
    assert "Seen:" not in page


def test_lines_are_named_where_one_is_wrong():
    with pytest.raises(Invalid) as error:
        read_days("1/1/2027\n\nsoon")
    assert error.value.line == 3
    assert read_terms("") == []


def test_somebody_of_the_school_watches_in_the_holidays(staff, database):
    asha = staff.client("asha")
    path = "/school/alder-primary/school/holidays"
    page = text(asha.get(path))
    ben = page.split(staff.cast["ben"].name)[0].rsplit('value="', 1)[1].split('"')[0]
    assert send(asha, path, person=ben).status_code == 302
    with database.session() as session:
        school = session.scalars(select(Tenant.id).where(Tenant.slug == "alder-primary")).one()
        with tenant_scope(session, school):
            kept = session.scalars(select(Setting).where(Setting.key == "watcher_in_holidays")).one()
            assert kept.value == {"person_id": int(ben)}
    assert send(asha, path, person="999999").status_code == 422


@pytest.mark.parametrize("page", ["responsible", "languages", "branding", "terms", "holidays"])
def test_a_governor_sees_but_does_not_change(staff, page):
    gus = staff.client("gus")
    assert gus.get("/school/alder-primary/school").status_code == 200
    answer = gus.get(f"/school/alder-primary/school/{page}")
    assert answer.status_code == 403
    assert "Ask the head or the data protection lead of the school." in answer.get_data(as_text=True)
    assert staff.client("bea").get(f"/school/alder-primary/school/{page}").status_code == 404


def test_a_head_exports_everything_and_the_office_does_not(staff):
    answer = send(staff.client("asha"), "/school/alder-primary/school/export", page="/school/alder-primary/school")
    assert answer.headers["Content-Type"] == "application/zip"
    answer.close()
    ben = staff.client("ben")
    assert (
        send(ben, "/school/alder-primary/school/export", page="/school/alder-primary/school/facts").status_code == 403
    )


def test_a_schools_own_host_serves_its_public_pages_only(staff, client):
    adi = staff.client("adi")
    assert send(adi, "/central/schools/alder-primary/host", host="privacy.alder.example").status_code == 302
    own = {"base_url": "http://privacy.alder.example"}
    assert client.get("/schools/alder-primary", **own).status_code == 200
    assert client.get("/", **own).headers["Location"] == "/schools/alder-primary"
    assert client.get("/schools/birch-academy", **own).status_code == 404
    assert client.get("/schools/birch-academy/privacy-notice", **own).status_code == 404
    assert client.get("/sign-in", **own).status_code == 404
    assert client.get("/central/councils", **own).status_code == 404
    for elsewhere in ("/schools/birch-academy", "/schools/birch-academy/privacy-notice", "/find?q=birch"):
        assert client.get(elsewhere, **own).status_code == 404
    for shared in ("/privacy", "/councils", "/schools/alder-primary/privacy-notice"):
        assert client.get(shared, **own).status_code == 200


def test_an_old_address_leads_on_at_a_schools_own_host(staff, database):
    with database.transaction() as session:
        school = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        school.host = "privacy.alder.example"
        rename(session, school, name="Larch Primary", now=clock.now())
    answer = staff.app.test_client().get("/schools/alder-primary", base_url="http://privacy.alder.example")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/schools/larch-primary")


def test_an_unknown_host_gets_a_plain_word(client):
    answer = client.get("/schools/alder-primary", base_url="http://stranger.example")
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert "<" not in text(answer)


@pytest.mark.parametrize("host", ["https://x.example", "localhost", "-a.example", "a..example", "x" * 300])
def test_a_host_that_is_none_is_refused(staff, host):
    assert send(staff.client("adi"), "/central/schools/alder-primary/host", host=host).status_code == 422
