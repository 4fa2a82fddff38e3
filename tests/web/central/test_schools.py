"""Schools for the central team: taking one on, its record, the register's file, leaving."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.directory.gias import SchoolStatus
from portal.directory.models import ImportState, RegisterImport, RegisterSchool, SchoolClosure
from portal.directory.queries import council_of
from portal.identity.permissions import SYSTEM
from portal.lifecycle import register_uploads
from portal.lifecycle.register_import import Order, import_register
from portal.lifecycle.register_records import stored_record
from portal.lifecycle.register_uploads import work_by_the_clock
from portal.tenancy.models import Tenant, TenantStatus
from portal.tenancy.queries import facts_at
from portal.tenancy.scope import every_tenant
from tests.conftest import form_marks
from tests.directory.builders import academy as an_academy
from tests.directory.builders import register_file, register_row
from tests.directory.builders import school as a_school

OAK = register_row(190001, "Oak Hill Primary School", TelephoneNum="01632960001")
ELM = register_row(190002, "Elm Infant School", EstablishmentNumber="2002", Postcode="CM1 1AB")


def text(answer):
    return answer.get_data(as_text=True)


def send(client, path, **data):
    return client.post(path, data={**form_marks(client, data.pop("page", path)), **data})


def of_urn(database, urn):
    with database.session() as session:
        return session.scalars(select(Tenant).where(Tenant.urn == urn)).one()


@pytest.fixture
def register(database, tmp_path):
    """The register at hand, with Oak in it and nobody of it ours."""
    path = tmp_path / "edubasealldata.csv"
    path.write_bytes(register_file([OAK, ELM]).getvalue())
    with database.transaction() as session, every_tenant(session, "tests"):
        import_register(session, SYSTEM, Order(path), today=clock.today(), now=clock.now())
        for school in session.scalars(select(Tenant).where(Tenant.urn == "190002")):
            assert school.status is TenantStatus.PREPARING


def test_the_record_shows_the_way_to_a_public_notice(staff):
    page = text(staff.client("adi").get("/central/schools/alder-primary/record"))
    assert "Essex County Council" in page
    assert "From invited to public" in page


def test_a_school_of_the_register_is_found_and_marked_when_it_is_here(staff, register):
    client = staff.client("adi")
    assert "Here already" in text(client.get("/central/onboarding?q=oak+hill"))
    assert "no open school like that" in text(client.get("/central/onboarding?q=nothing"))


def test_a_school_goes_from_upload_to_a_public_notice(staff, database, settings):
    adi = staff.client("adi")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("edubasealldata20270901.csv", register_file([OAK]).getvalue())
    packed.seek(0)
    answer = send(adi, "/central/register", file=(packed, "extract.zip"), authorities="881")
    path = answer.headers["Location"]
    work_by_the_clock(settings, database)
    page = text(adi.get(path))
    assert "This is a dry run" in page
    assert "Oak Hill Primary School" in page
    send(adi, f"{path}/apply", page=path)
    work_by_the_clock(settings, database)
    assert "Done on" in text(adi.get(path))
    oak = of_urn(database, "190001")
    assert oak.status is TenantStatus.PREPARING
    record = f"/central/schools/{oak.slug}/record"
    send(adi, f"/central/schools/{oak.slug}/publish", page=record)
    assert of_urn(database, "190001").status is TenantStatus.PREPARING
    assert "Still missing" in text(adi.get(record))


def test_one_school_is_added_by_the_wizard(staff, database, register):
    adi = staff.client("adi")
    with database.transaction() as session:
        record = a_school(190050, "Fir Tree Primary School", postcode="CM1 1AF", district_code="E07000070")
        session.add(
            RegisterSchool(
                urn="190050",
                name=record.name,
                la_code="881",
                status="open",
                record=stored_record(record),
                read_at=clock.now(),
            )
        )
    page = "/central/onboarding/190050"
    assert "Essex County Council" in text(adi.get(page))
    answer = send(adi, page, email="office@fir.example", telephone="01632 960009", languages=["en", "pl"])
    fir = of_urn(database, "190050")
    assert (fir.status, fir.languages) == (TenantStatus.PREPARING, ["en", "pl"])
    record = answer.headers["Location"]
    assert "office@fir.example" in text(adi.get(record))
    send(adi, f"/central/schools/{fir.slug}/invite", name="Ana", email="ana@fir.example", role="head")
    assert of_urn(database, "190050").status is TenantStatus.INVITED
    send(adi, f"/central/schools/{fir.slug}/publish", page=record)
    assert of_urn(database, "190050").status is TenantStatus.LIVE
    assert adi.get(f"/schools/{fir.slug}").status_code == 200
    assert send(adi, page, email="x@fir.example").status_code == 409


def test_a_bad_upload_is_refused_in_words(staff, database, settings):
    adi = staff.client("adi")
    answer = send(adi, "/central/register", file=(io.BytesIO(b"a,b\r\n1,2\r\n"), "wrong.csv"))
    work_by_the_clock(settings, database)
    assert "These columns are missing" in text(adi.get(answer.headers["Location"]))
    with database.session() as session:
        assert session.scalars(select(RegisterImport)).one().state is ImportState.REFUSED


def test_a_council_is_decided_from_a_day_on(staff, database):
    adi = staff.client("adi")
    path = "/central/schools/alder-primary/council"
    send(adi, path, authority="kent", district="", from_day=["1", "1", "2020"])
    assert "Kent County Council" in text(adi.get("/central/schools/alder-primary/record"))


def test_the_package_is_kept_and_time_adds_up(staff):
    devi = staff.client("devi")
    slug = "/central/schools/alder-primary"
    send(devi, f"{slug}/package", name="Full service", renewal=["31", "3", "2027"], officer="0")
    send(devi, f"{slug}/time", on=["2", "11", "2026"], minutes="45", what="Visit")
    send(devi, f"{slug}/time", on=["3", "11", "2026"], minutes="15", what="Call")
    page = text(devi.get(f"{slug}/record"))
    assert "Full service" in page
    assert "60 minutes" in page
    assert send(devi, f"{slug}/time", on=["3", "11", "2026"], minutes="-5", what="x").status_code == 422


def test_a_school_never_sees_its_package(staff):
    assert staff.client("asha").get("/central/schools/alder-primary/record").status_code == 404


def test_a_leaving_school_gets_everything_and_says_where_its_records_are(staff, database):
    adi = staff.client("adi")
    record = "/central/schools/alder-primary/record"
    send(adi, "/central/schools/alder-primary/leave", page=record)
    answer = send(adi, "/central/schools/alder-primary/export", page=record)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = set(archive.namelist())
        school = json.loads(archive.read("school.json"))
        facts = json.loads(archive.read("data/fact.json"))
    answer.close()
    assert school["slug"] == "alder-primary"
    assert {fact["tenant_id"] for fact in facts} == {school["id"]}
    assert {"data/fact.csv", "publications/index.json"} <= names
    send(
        adi, "/central/schools/alder-primary/close", on=["31", "8", "2026"],
        records="The records are with Essex County Council.",
    )  # fmt: skip
    page = text(adi.get("/schools/alder-primary"))
    assert "This school has closed" in page
    with database.session() as session:
        assert session.scalars(select(SchoolClosure)).one().records == "The records are with Essex County Council."


def status_of(database, slug):
    with database.session() as session:
        return session.scalars(select(Tenant.status).where(Tenant.slug == slug)).one()


def test_a_school_that_was_leaving_stays_after_all(staff, database):
    adi = staff.client("adi")
    record = "/central/schools/alder-primary/record"
    send(adi, "/central/schools/alder-primary/leave", page=record)
    assert "It stays after all" in text(adi.get(record))
    send(adi, "/central/schools/alder-primary/return", page=record)
    assert status_of(database, "alder-primary") is TenantStatus.LIVE
    assert send(adi, "/central/schools/alder-primary/return", page=record).status_code == 409


def test_a_school_that_left_comes_back_and_follows_the_register_again(staff, database, settings):
    adi = staff.client("adi")
    record = "/central/schools/alder-primary/record"
    send(adi, "/central/schools/alder-primary/leave", page=record)
    send(adi, "/central/schools/alder-primary/close", on=["31", "8", "2026"], records="With the council.")
    assert "This school has closed" in text(adi.get("/schools/alder-primary"))
    send(adi, "/central/schools/alder-primary/return", page=record)
    assert status_of(database, "alder-primary") is TenantStatus.LIVE
    assert "This school has closed" not in text(adi.get("/schools/alder-primary"))
    with database.session() as session:
        urn = session.scalars(select(Tenant.urn).where(Tenant.slug == "alder-primary")).one()
        assert not session.scalars(select(SchoolClosure)).all()
    renamed = register_row(urn, "Alder and Ash Primary School")
    path = sent(adi, [renamed])
    work_by_the_clock(settings, database)
    send(adi, f"{path}/apply", page=path)
    work_by_the_clock(settings, database)
    assert status_of(database, "alder-and-ash-primary-school") is TenantStatus.LIVE


@pytest.mark.parametrize("name", ["cal", "dora", "audrey"])
def test_others_of_the_team_may_look_but_not_change(staff, name):
    client = staff.client(name)
    assert client.get("/central/schools/alder-primary/record").status_code == 200
    for page in ("council", "package", "close", "time"):
        answer = client.get(f"/central/schools/alder-primary/{page}")
        assert answer.status_code == 403
        assert "Ask the administrator of the central team." in text(answer)


def sent(adi, rows=(OAK, ELM), **data):
    answer = send(adi, "/central/register", file=(io.BytesIO(register_file(rows).getvalue()), "extract.csv"), **data)
    return answer.headers["Location"]


def kept_files(settings):
    return list((settings.data_dir / "register").glob("*"))


def test_the_file_can_be_kept_for_searching_only_and_a_school_of_it_taken_on(staff, database, settings):
    adi = staff.client("adi")
    path = sent(adi, purpose="refresh")
    work_by_the_clock(settings, database)
    assert "2 schools of the register are at hand" in text(adi.get(path))
    assert not kept_files(settings)
    page = text(adi.get("/central/onboarding?q=oak+hill"))
    assert "/central/onboarding/190001" in page
    send(adi, "/central/onboarding/190001", email="office@oak.example", languages=["en"])
    assert of_urn(database, "190001").status is TenantStatus.PREPARING


def test_an_unexpected_failure_refuses_the_file_instead_of_trying_for_ever(staff, database, settings, monkeypatch):
    adi = staff.client("adi")
    path = sent(adi)

    def fails(*_arguments, **_named):
        raise RuntimeError("a defect")

    monkeypatch.setattr(register_uploads, "import_register", fails)
    work_by_the_clock(settings, database)
    assert "Something unexpected went wrong" in text(adi.get(path))
    assert not kept_files(settings)


def test_a_person_may_decide_to_change_nothing(staff, database, settings):
    adi = staff.client("adi")
    path = sent(adi)
    work_by_the_clock(settings, database)
    assert kept_files(settings)
    send(adi, f"{path}/discard", page=path)
    assert not kept_files(settings)
    assert "Somebody decided to change nothing" in text(adi.get(path))


def test_a_file_that_nobody_applied_is_deleted_after_a_week(staff, database, settings):
    adi = staff.client("adi")
    path = sent(adi)
    work_by_the_clock(settings, database)
    work_by_the_clock(settings, database)
    assert kept_files(settings)
    with database.transaction() as session:
        session.scalars(select(RegisterImport)).one().finished_at = clock.now() - timedelta(days=8)
    work_by_the_clock(settings, database)
    assert not kept_files(settings)
    assert "within seven days" in text(adi.get(path))


def test_a_person_says_which_school_took_over(staff, database, settings):
    adi = staff.client("adi")
    academy = {"TypeOfEstablishment (name)": "Academy converter", "EstablishmentTypeGroup (name)": "Academies"}
    closed = {
        "EstablishmentStatus (name)": "Closed",
        "CloseDate": "31-08-2026",
        "ReasonEstablishmentClosed (name)": "Academy Converter",
    }
    one, other = (register_row(190110 + n, f"Oak Academy {n}", **academy, OpenDate="01-09-2026") for n in (1, 2))
    for rows in (
        [OAK],
        [{**OAK, **closed}, {**one, "EstablishmentNumber": "41"}, {**other, "EstablishmentNumber": "42"}],
    ):
        path = sent(adi, rows)
        work_by_the_clock(settings, database)
        send(adi, f"{path}/apply", page=path)
        work_by_the_clock(settings, database)
    assert "Say which schools took over" in text(adi.get(path))
    page = "/central/register/closures/190001"
    assert page in text(adi.get("/central/register/closures"))
    assert "Oak Academy 1" in text(adi.get(page))
    assert send(adi, page, outcome="continues", successor="", urn="999999").status_code == 422
    send(adi, page, outcome="continues", successor="190111")
    assert of_urn(database, "190111").name == "Oak Academy 1"
    assert adi.get(page).status_code == 404
    assert "No closure waits" in text(adi.get("/central/register/closures"))


@pytest.fixture
def at_hand(database):
    """Keeps schools in the register for searching."""

    def keep(*records):
        with database.transaction() as session:
            for record in records:
                session.add(
                    RegisterSchool(
                        urn=record.urn, name=record.name, la_code=record.la_code, status=record.status.value,
                        record=stored_record(record), read_at=clock.now(),
                    )
                )  # fmt: skip

    return keep


def test_council_and_trust_are_picked_when_a_school_is_taken_on(staff, database, at_hand):
    adi = staff.client("adi")
    at_hand(an_academy(190060, "Fir Academy", trust_name="Lime Trust", trust_code="5143"))
    page = "/central/onboarding/190060"
    shown = text(adi.get(page))
    assert "Lime Trust, as the register says" in shown
    answer = send(adi, page, email="office@fir.example", authority="kent", trust="rowan", languages=["en"])
    record = text(adi.get(answer.headers["Location"]))
    assert "Kent County Council" in record
    assert "Rowan Trust" in record
    assert "Essex County Council" not in record
    fir = of_urn(database, "190060")
    with database.session() as session, every_tenant(session, "tests"):
        assert facts_at(session, fir.id, clock.now())["controller.name"] == "Rowan Trust"


def test_the_registers_council_and_trust_hold_where_nobody_picks_others(staff, database, at_hand):
    adi = staff.client("adi")
    at_hand(an_academy(190060, "Fir Academy", trust_name="Lime Trust", trust_code="5143"))
    page = "/central/onboarding/190060"
    answer = send(adi, page, email="office@fir.example", authority="essex", trust="as-registered", languages=["en"])
    record = text(adi.get(answer.headers["Location"]))
    assert "Essex County Council" in record
    assert "Lime Trust" in record
    assert "The notice it had is brought in" in record


def test_a_school_under_an_unknown_code_gets_the_council_that_is_picked(staff, database, at_hand):
    adi = staff.client("adi")
    at_hand(a_school(190061, "Elder School", la_code="999"))
    page = "/central/onboarding/190061"
    assert adi.get(page).status_code == 200
    assert send(adi, page, email="office@elder.example", authority="", trust="").status_code == 422
    answer = send(adi, page, email="office@elder.example", authority="slough", trust="", languages=["en"])
    assert "Slough Borough Council" in text(adi.get(answer.headers["Location"]))


def test_a_school_that_the_register_closed_is_not_taken_on(staff, database, at_hand):
    at_hand(a_school(190062, "Gone School", status=SchoolStatus.CLOSED))
    answer = send(
        staff.client("adi"), "/central/onboarding/190062", email="office@gone.example", authority="essex", trust=""
    )
    assert answer.status_code == 422
    assert "says that this school is closed" in text(answer)


def test_name_kind_and_trust_are_corrected_and_the_controller_follows(staff, database):
    adi = staff.client("adi")
    page = "/central/schools/alder-primary/details"
    answer = send(adi, page, name="Larch Academy", law="academy", trust="rowan")
    record = text(adi.get(answer.headers["Location"]))
    assert "Larch Academy" in record
    assert record.count("Rowan Trust") >= 2
    assert adi.get("/schools/alder-primary").headers["Location"] == "/schools/larch-academy"
    assert "Larch Academy" in text(adi.get("/central/schools?q=alder+primary"))
    assert staff.client("cal").get("/central/schools/larch-academy/details").status_code == 403


def test_a_last_day_still_to_come_closes_nothing(staff, database):
    adi = staff.client("adi")
    soon = clock.today() + timedelta(days=20)
    day = [str(soon.day), str(soon.month), str(soon.year)]
    answer = send(adi, "/central/schools/alder-primary/close", on=day, records="With Essex.")
    assert answer.status_code == 422
    assert "still to come" in text(answer)
    with database.session() as session:
        assert session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one().status is TenantStatus.LIVE


def test_where_the_records_are_can_be_corrected(staff):
    adi = staff.client("adi")
    send(adi, "/central/schools/alder-primary/close", on=["31", "8", "2026"], records="With Essex.")
    send(adi, "/central/schools/alder-primary/records", records="With Kent.")
    assert "With Kent." in text(adi.get("/schools/alder-primary"))


def test_a_council_of_the_future_is_offered_from_its_day(staff, database):
    adi = staff.client("adi")
    page = "/central/schools/alder-primary/council"
    assert "East Surrey" in text(adi.get(page))
    early = send(adi, page, authority="east-surrey", district="", from_day=["31", "3", "2027"])
    assert early.status_code == 422
    assert "begins later" in text(early)
    assert send(adi, page, authority="east-surrey", district="", from_day=["1", "4", "2027"]).status_code == 302
    with database.session() as session:
        school = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        days = (date(2027, 3, 31), date(2027, 4, 1))
        assert [council_of(session, school.id, day).council.key for day in days] == ["essex", "east-surrey"]


def test_a_school_whose_name_looks_like_anothers_is_added_only_by_who_says_so(staff, database):
    """A capital I for an l: a parent who looks for the one would find the other."""
    adi, path = staff.client("adi"), "/central/schools/new"
    typed = {
        "name": "AIder Primary School", "law": "maintained", "authority": "essex", "trust": "", "town": "Kings Vale",
        "email": "office@other.example", "telephone": "01632 960111",
    }  # fmt: skip
    page = send(adi, path, **typed)
    assert page.status_code == 422
    assert "There is Alder Primary School, Thornmere already." in text(page)
    assert "school: there is" not in text(page)
    assert "Kings Vale" in text(page), "what was typed is kept"
    assert send(adi, path, **typed, is_another="y").status_code == 302
    with database.session() as session:
        assert session.scalars(select(Tenant.town).where(Tenant.name == typed["name"])).all() == ["Kings Vale"]


def test_the_register_door_says_that_a_name_is_taken_too(staff, database, register):
    page = text(staff.client("adi").get("/central/onboarding/190001"))
    assert "whose name looks the same" not in page
    with database.transaction() as session, every_tenant(session, "tests"):
        session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one().name = "0ak Hill Primary School"
    assert "whose name looks the same" in text(staff.client("adi").get("/central/onboarding/190001"))
