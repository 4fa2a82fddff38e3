"""The councils for the central team: what is wrong comes first, and two people change a link."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.directory.actions import report_wrong_link
from portal.directory.link_states import history, link_states
from portal.directory.links import LinkOutcome, LinkReport
from portal.directory.models import AuthorityLinkRow, AuthorityRow, LinkProposal, ProposalStatus, SuccessionRow
from portal.directory.queries import council_by_key
from portal.directory.rules import LinkKind, SuccessionStatus
from portal.lifecycle.link_checks import keep_report
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token, form_marks

NEW = "https://www.essex.gov.uk/new-page"


def text(answer):
    return answer.get_data(as_text=True)


def essex_link(session, kind=LinkKind.PUPIL):
    statement = select(AuthorityLinkRow).join(AuthorityRow, AuthorityRow.id == AuthorityLinkRow.authority_id)
    return session.scalars(
        statement.where(AuthorityRow.key == "essex", AuthorityLinkRow.kind == kind, AuthorityLinkRow.valid_to.is_(None))
    ).one()


def propose(staff, name="dora", url=NEW):
    client = staff.client(name)
    token = csrf_token(client, "/central/councils/essex/propose")
    return client.post("/central/councils/essex/propose", data={"csrf_token": token, "kind": "pupil", "url": url})


def decide(staff, name, verb):
    client = staff.client(name)
    with staff.database.session() as session:
        proposal = session.scalars(select(LinkProposal)).one().id
    token = csrf_token(client, "/central/councils")
    return client.post(f"/central/councils/proposals/{proposal}/{verb}", data={"csrf_token": token})


def test_the_list_shows_every_council(staff):
    page = text(staff.client("dora").get("/central/councils"))
    assert "Essex County Council" in page
    assert "Westmorland and Furness Council" in page
    assert "Unverified" in page


def test_a_council_is_found_by_code(staff):
    page = text(staff.client("dora").get("/central/councils?q=E10000016"))
    assert "Kent County Council" in page
    assert "Derby City Council" not in page


def test_links_that_lead_nowhere_come_first(staff, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        link = essex_link(session)
        report = LinkReport(link.url, LinkOutcome.HOME_PAGE, "It leads home.", 200, "https://www.essex.gov.uk/")
        keep_report(session, link, report, now=clock.now())
        first = link_states(session, clock.today())[0]
        assert (first.authority, first.outcome, first.is_broken) == ("essex", LinkOutcome.HOME_PAGE, True)
    page = text(staff.client("dora").get("/central/councils"))
    assert page.index("Links that need a person") < page.index("Find a council")


def test_a_lasting_redirect_becomes_a_proposal(database, staff):
    with database.transaction() as session, every_tenant(session, "tests"):
        link = essex_link(session)
        report = LinkReport(link.url, LinkOutcome.REDIRECTED, "It moved.", 200, NEW, proposal=NEW)
        keep_report(session, link, report, now=clock.now())
        keep_report(session, link, report, now=clock.now())
        assert [one.url for one in session.scalars(select(LinkProposal))] == [NEW]
    assert "link checker" in text(staff.client("dora").get("/central/councils/essex"))


def test_a_second_person_approves_and_the_old_link_keeps_its_row(staff, database):
    assert propose(staff).status_code == 302
    assert NEW in text(staff.client("adi").get("/central/councils/essex"))
    assert decide(staff, "adi", "approve").status_code == 302
    with database.session() as session:
        link = essex_link(session)
        assert (link.url, link.is_verified, link.checked_by) == (NEW, True, staff.cast["adi"].name)
        ended = select(AuthorityLinkRow).where(AuthorityLinkRow.valid_to.is_not(None))
        assert [one.kind for one in session.scalars(ended)] == [LinkKind.PUPIL]


def test_whoever_proposed_cannot_approve(staff, database):
    propose(staff)
    decide(staff, "dora", "approve")
    with database.session() as session:
        assert essex_link(session).url != NEW
        assert session.scalars(select(LinkProposal)).one().status is ProposalStatus.OPEN


def test_a_declined_proposal_changes_nothing(staff, database):
    propose(staff)
    assert decide(staff, "devi", "decline").status_code == 302
    with database.session() as session:
        assert essex_link(session).url != NEW
    assert decide(staff, "adi", "approve").status_code == 409


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example/", "https://localhost/", "https://a b.example/", "essex"]
)
def test_what_is_no_web_address_is_asked_again(staff, url):
    answer = propose(staff, url=url)
    assert answer.status_code == 422
    assert "Enter a web address" in text(answer)


def test_a_person_confirms_a_link(staff, database):
    with database.session() as session:
        link = essex_link(session).id
    client = staff.client("dora")
    token = csrf_token(client, "/central/councils/essex")
    assert client.post(f"/central/councils/links/{link}/confirm", data={"csrf_token": token}).status_code == 302
    with database.session() as session:
        held = session.get(AuthorityLinkRow, link)
        assert (held.is_verified, held.checked_on, held.note) == (True, clock.today(), "")


def test_a_report_of_a_reader_is_shown_and_settled(staff, database):
    with database.transaction() as session:
        essex = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "essex")).one()
        number = report_wrong_link(session, essex, url="", message="<b>Gone</b>", now=clock.now())
        session.flush()
        number = number.id
    client = staff.client("dora")
    page = text(client.get("/central/councils/essex"))
    assert "&lt;b&gt;Gone" in page
    client.post(
        f"/central/councils/reports/{number}/settle", data={"csrf_token": csrf_token(client, "/central/councils/essex")}
    )
    assert "Gone" not in text(client.get("/central/councils"))


def test_contacts_and_names_change_with_their_dates(staff, database):
    client = staff.client("dora")
    marks = form_marks(client, "/central/councils/kent/contacts")
    client.post("/central/councils/kent/contacts", data={**marks, "email": "dpo@kent.example"})
    assert "dpo@kent.example" in text(client.get("/councils/kent"))
    day = {"valid_from": ["1", "4", "2030"]}
    answer = client.post(
        "/central/councils/kent/name", data={**marks, "name": "Kent Council", "short_name": "Kent", **day}
    )
    assert answer.status_code == 302
    assert "Kent County Council" in text(client.get("/councils/kent"))


@pytest.mark.parametrize("name", ["cal", "devi", "audrey"])
def test_others_of_the_team_read_but_do_not_change(staff, name):
    client = staff.client(name)
    assert client.get("/central/councils/essex").status_code == 200
    assert client.get("/central/councils/essex/propose").status_code == 403


@pytest.mark.parametrize("name", ["asha", "tom", "gus"])
def test_schools_do_not_see_the_central_pages(staff, name):
    for path in ("/central/councils", "/central/successions", "/central/councils/essex"):
        assert staff.client(name).get(path).status_code == 404


def test_an_order_is_entered_planned_and_approved_by_two_people(staff, database):
    dora, adi = staff.client("dora"), staff.client("adi")
    order = {"title": "A whole move", "on": ["1", "4", "2029"], "moves": "Thurrock > Estuary Council"}
    token = csrf_token(dora, "/central/successions/new")
    answer = dora.post("/central/successions/new", data={"csrf_token": token, **order})
    assert answer.status_code == 302
    page = text(adi.get(answer.headers["Location"]))
    assert "Estuary Council" in page
    assert "1 notice names another council" in page
    path = answer.headers["Location"]
    adi.post(f"{path}/approve", data={"csrf_token": csrf_token(adi, path)})
    with database.session() as session:
        row = session.scalars(select(SuccessionRow).where(SuccessionRow.title == "A whole move")).one()
        assert row.status is SuccessionStatus.MADE
        assert session.scalars(select(AuthorityRow).where(AuthorityRow.key == "thurrock")).one().valid_to == row.on


def test_an_order_with_a_gap_says_what_is_wrong(staff):
    client = staff.client("dora")
    token = csrf_token(client, "/central/successions/new")
    order = {"title": "A gap", "on": ["1", "4", "2029"], "moves": "Essex > North Essex: Braintree"}
    answer = client.post("/central/successions/new", data={"csrf_token": token, **order})
    assert answer.status_code == 422
    assert "given to no council" in text(answer)


def send(client, path, page=None, **data):
    return client.post(path, data={**form_marks(client, page or path), **data})


def test_a_council_is_added_with_its_codes(staff):
    dora = staff.client("dora")
    new = {"name": "Estuary Council", "short_name": "Estuary", "kind": "unitary", "region": "ee", "website": ""}
    assert send(dora, "/central/councils/new", **new, dfe="886", gss="").status_code == 422
    assert send(dora, "/central/councils/new", **new, dfe="99", gss="").status_code == 422
    answer = send(dora, "/central/councils/new", **new, dfe="951", gss="E06000951")
    assert answer.headers["Location"] == "/central/councils/estuary"
    page = text(dora.get("/central/councils/estuary"))
    assert "GSS E06000951" in page
    assert "Unitary council" in page
    assert send(dora, "/central/councils/new", **new, dfe="", gss="").status_code == 422


def test_a_code_follows_another_from_a_day_on(staff, database):
    dora = staff.client("dora")
    page = "/central/councils/kent/codes"
    day = ["1", "4", "2030"]
    refused = send(dora, page, scheme="gss", code="E10000012", valid_from=day)
    assert refused.status_code == 422
    assert "belongs to Essex County Council" in text(refused)
    assert send(dora, page, scheme="gss", code="E1", valid_from=day).status_code == 422
    assert send(dora, page, scheme="gss", code="E10000099", valid_from=["", "", ""]).status_code == 422
    assert send(dora, page, scheme="gss", code="E10000099", valid_from=day).status_code == 302
    with database.session() as session:
        on = date(2030, 4, 1)
        assert council_by_key(session, "kent", on - timedelta(days=1)).gss == "E10000016"
        assert council_by_key(session, "kent", on).gss == "E10000099"
        kent = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "kent")).one()
        number = next(one.id for one in kent.codes if one.code == "E10000099")
    assert send(dora, f"{page}/{number}/end", "/central/councils/kent").status_code == 302
    assert "E10000099" not in text(dora.get("/central/councils/kent"))


def test_kind_and_website_are_changed(staff):
    dora = staff.client("dora")
    page = "/central/councils/kent/details"
    assert send(dora, page, kind="unitary", region="SE", website="no address").status_code == 422
    assert send(dora, page, kind="unitary", region="SE", website="https://www.kent.example/").status_code == 302
    shown = text(dora.get("/central/councils/kent"))
    assert "Unitary council" in shown
    assert "https://www.kent.example/" in shown


def test_districts_are_recorded_and_never_anothers(staff, database):
    dora = staff.client("dora")
    page = "/central/councils/surrey/districts"
    assert "Elmbridge" in text(dora.get(page))
    refused = send(dora, page, districts="E07000207 Elmbridge\nE07000066 Basildon")
    assert "is recorded for Essex County Council" in text(refused)
    assert send(dora, page, districts="E07000207 Elmbridge\nnonsense").status_code == 422
    assert send(dora, page, districts="E07000207 Elmbridge\nE07000300 New Place").status_code == 302
    with database.session() as session:
        surrey = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "surrey")).one()
        assert surrey.districts == ["E07000207", "E07000300"]


def test_a_name_from_a_past_day_needs_the_word_that_it_corrects(staff):
    dora = staff.client("dora")
    new = {"name": "Kent Council", "short_name": "Kent", "valid_from": ["1", "4", "2020"]}
    refused = send(dora, "/central/councils/kent/name", **new)
    assert refused.status_code == 422
    assert "That day is past" in text(refused)
    assert send(dora, "/central/councils/kent/name", **new, corrects="y").status_code == 302


def order_path(database, title):
    with database.session() as session:
        number = session.scalars(select(SuccessionRow.id).where(SuccessionRow.title == title)).one()
    return f"/central/successions/{number}"


def test_a_draft_is_completed_on_its_page_and_approved_by_another(staff, database):
    dora, adi = staff.client("dora"), staff.client("adi")
    path = order_path(database, "Norfolk and Suffolk")
    page = text(dora.get(f"{path}/edit"))
    assert "Great Yarmouth" in page
    moves = "Norfolk > East Anglia\nSuffolk > East Anglia"
    order = {"title": "Norfolk and Suffolk", "on": ["1", "4", "2029"], "moves": moves, "source": "The order"}
    assert send(dora, f"{path}/edit", **order, codes="", undecided="Atlantis").status_code == 422
    assert send(dora, f"{path}/edit", **order, codes="East Anglia: 886", undecided="").status_code == 422
    assert send(dora, f"{path}/edit", **order, codes="East Anglia: 952", undecided="").status_code == 302
    assert "East Anglia Council: 952" in text(dora.get(f"{path}/edit"))
    send(dora, f"{path}/approve", path)
    assert "Draft: it changes nothing" in text(dora.get(path))
    send(adi, f"{path}/approve", path)
    assert "Draft: it changes nothing" not in text(adi.get(path))
    assert send(dora, f"{path}/withdraw", path).status_code == 409


def test_a_draft_is_withdrawn_and_taken_up_again(staff, database):
    dora = staff.client("dora")
    path = order_path(database, "Kent and Medway")
    send(dora, f"{path}/withdraw", path)
    page = text(dora.get(path))
    assert "Withdrawn: it changes nothing" in page
    assert "Take it up again" in page
    answer = send(
        dora, f"{path}/edit", title="Kent and Medway", on=["1", "4", "2028"], moves="", codes="", undecided="Ashford",
        source="",
    )  # fmt: skip
    assert answer.status_code == 302
    assert "Draft: it changes nothing" in text(dora.get(path))


@pytest.mark.parametrize(
    "page", ["councils/new", "councils/essex/codes", "councils/essex/details", "councils/essex/districts"]
)
def test_only_the_directorys_editors_change_councils_themselves(staff, page):
    assert staff.client("cal").get(f"/central/{page}").status_code == 403
    assert staff.client("asha").get(f"/central/{page}").status_code == 404


def test_only_the_directorys_editors_change_drafts(staff, database):
    path = order_path(database, "Kent and Medway")
    assert staff.client("cal").get(f"{path}/edit").status_code == 403
    assert send(staff.client("cal"), f"{path}/withdraw", path).status_code == 403


def test_confirming_a_link_adds_to_its_history_and_changes_none_of_it(staff, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        link = essex_link(session)
        found = LinkReport(link.url, LinkOutcome.CONTENT_CHANGED, "It changed.", 200, link.url, content_hash="b" * 64)
        keep_report(session, link, found, now=clock.now())
        number = link.id
    dora = staff.client("dora")
    send(dora, f"/central/councils/links/{number}/confirm", "/central/councils/essex")
    with database.session() as session:
        outcomes = [check.outcome for check in history(session, number)]
        assert outcomes == ["ok", "content-changed"]
        assert session.get(AuthorityLinkRow, number).accepted_hash == "b" * 64
    assert "Earlier checks" in text(dora.get("/central/councils/essex"))
