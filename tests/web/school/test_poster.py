"""The poster leads to the school's public page, by its picture and by its address."""

from sqlalchemy import update

from portal.tenancy.models import Tenant
from portal.web.pictures import qr_picture

POSTER = "/school/alder-primary/poster"


def text(answer):
    return answer.get_data(as_text=True)


def test_staff_print_a_poster_whose_picture_and_words_lead_to_the_public_page(staff, client):
    ben = staff.client("ben")
    assert f'href="{POSTER}"' in text(ben.get("/school/alder-primary/school"))
    page = text(ben.get(POSTER))
    assert qr_picture("http://localhost:8000/schools/alder-primary", fills=True) in page
    assert ">localhost:8000/schools/alder-primary</p>" in page
    assert "<bdi>Alder Primary School</bdi>" in page
    assert client.get("/schools/alder-primary").status_code == 200


def test_a_school_with_its_own_host_has_the_shorter_address(staff, database):
    with database.transaction() as session:
        session.execute(update(Tenant).where(Tenant.slug == "alder-primary").values(host="privacy.alder.example"))
    page = text(staff.client("ben").get(POSTER))
    assert qr_picture("http://privacy.alder.example/", fills=True) in page
    assert ">privacy.alder.example</p>" in page


def test_a_poster_is_for_the_schools_own_people(staff, client):
    assert staff.client("bea").get(POSTER).status_code == 404
    assert client.get(POSTER).status_code == 302
    assert staff.client("tom").get("/school/rowan/poster").status_code == 404, "a trust has no page for families"
    assert staff.client("tom").get("/school/birch-academy/poster").status_code == 200
