"""Today: at most five sentences with one button each, the most urgent first, for each what she may do."""

import re
from datetime import timedelta

from sqlalchemy import select

from portal.casework.files import Filing
from portal.casework.incoming import receive
from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.mail import read_mail
from portal.casework.models import CaseKind
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.secrets import Keys
from portal.directory.actions import report_wrong_link
from portal.directory.models import AuthorityRow
from portal.identity.models import Invitation
from portal.identity.permissions import PUBLIC, Role
from portal.notices.models import Decision, DecisionKind, DraftStatus, OverrideDraft, OverrideMode
from portal.tenancy.models import Tenant, TenantStatus
from portal.tenancy.scope import every_tenant
from tests.casework.test_mail import message
from tests.conftest import csrf_token

ALDER, CENTRAL = "/school/alder-primary/today", "/central/today"


def add_draft(database, status):
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        session.add(
            OverrideDraft(
                tenant_id=alder.id, key="purposes.why", clause_key="purposes.why", mode=OverrideMode.ADAPT,
                text="Our words.", status=status, saved_at=clock.now(),
            )
        )  # fmt: skip


def tasks(client, path):
    """(sentence, where its button leads)"""
    answer = client.get(path)
    assert answer.status_code == 200
    found = re.findall(
        r'<p class="govuk-body">(.*?)</p>\s*<a class="govuk-button[^>]*href="([^"]+)"', answer.get_data(as_text=True)
    )
    for _sentence, href in found:
        assert client.get(href.replace("&amp;", "&")).status_code == 200, href
    return found


def sentences(client, path):
    return [sentence for sentence, _href in tasks(client, path)]


def test_a_governor_who_only_reads_has_nothing_to_do(staff):
    assert tasks(staff.client("gus"), ALDER) == []
    assert "Nothing to do." in staff.client("gus").get(ALDER).get_data(as_text=True)


def test_words_that_came_back_from_the_dpo_team_are_named_to_those_who_write(staff, database):
    add_draft(database, DraftStatus.RETURNED)
    assert any("sent our words for" in each for each in sentences(staff.client("asha"), ALDER))
    assert not any("sent our words for" in each for each in sentences(staff.client("ben"), ALDER))


def test_questions_about_the_notice_are_counted_for_writers_and_told_to_the_office(staff, database):
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        for key in ("purposes.why", "information.held"):
            session.add(
                Decision(
                    tenant_id=alder.id, release="2026-09", key=key, clause_key=key, kind=DecisionKind.CONFLICT,
                    shared_hash="0" * 64, opened_at=now, due_at=now + timedelta(days=28),
                )
            )  # fmt: skip
    asked = [each for each in sentences(staff.client("asha"), ALDER) if "questions about our notice" in each]
    assert len(asked) == 1
    assert "wait for an answer" in asked[0]
    [told] = [each for each in sentences(staff.client("ben"), ALDER) if "questions about our notice" in each]
    assert "whoever may change it" in told


def test_words_in_review_are_shown_to_the_centre_and_named_by_title(staff, database):
    add_draft(database, DraftStatus.IN_REVIEW)
    for name in ("devi", "cal"):
        assert "1 text of a school waits for the DPO team." in sentences(staff.client(name), CENTRAL)
    assert "1 text of a school waits for the DPO team." not in sentences(staff.client("audrey"), CENTRAL)
    page = staff.client("devi").get("/central/reviews").get_data(as_text=True)
    assert "What we use it for" in page
    assert "purposes.why" not in re.sub(r'href="[^"]*"', "", page)


def test_wrong_links_and_proposals_are_for_whoever_looks_after_the_councils(staff, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        essex = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "essex")).one()
        report_wrong_link(session, essex, url="", message="It leads to a page about bins.", now=clock.now())
    adi, path = staff.client("adi"), "/central/councils/essex/propose"
    new = {"csrf_token": csrf_token(adi, path), "kind": "pupil", "url": "https://www.essex.gov.uk/new-page"}
    assert adi.post(path, data=new).status_code == 302
    dora = sentences(staff.client("dora"), CENTRAL)
    assert "Readers reported 1 wrong link." in dora
    assert "1 proposed link waits for a second person’s yes." in dora
    assert not any("proposed" in each for each in sentences(adi, CENTRAL)), "her own proposal waits for somebody else"


def test_email_that_waits_is_for_those_who_record_requests(staff, database, settings):
    keys = Keys(settings.secret_keys)
    filing, sender = Filing(store_of(settings), keys, has_scanner=False), Sender(settings.base_url, keys)
    mail = message("My file", "Please send me everything.", sender="ben@alder-primary.example")
    with database.transaction() as session, every_tenant(session, "tests"):
        receive(
            session, read_mail(mail.as_bytes()), to=(), hosts=frozenset({"localhost"}), sender=sender, filing=filing,
            now=clock.now(),
        )  # fmt: skip
    assert any("came by e-mail" in each for each in sentences(staff.client("ben"), ALDER))
    assert tasks(staff.client("gus"), ALDER) == []


def test_leaders_are_told_of_the_yearly_review_and_of_invitations_that_end(staff, database):
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        alder.created_at = now - timedelta(days=400)
        session.add(
            Invitation(
                token_digest="0" * 64, email="new@alder.example", name="New", tenant_id=alder.id, role=Role.OFFICE,
                invited_at=now - timedelta(days=12), expires_at=now + timedelta(days=2),
            )
        )  # fmt: skip
    asha = sentences(staff.client("asha"), ALDER)
    assert "It is time for the yearly look at who has access." in asha
    assert "1 invitation ends soon and has not been taken up." in asha
    assert not any("invitation" in each for each in sentences(staff.client("ben"), ALDER))


def test_a_school_that_is_not_public_yet_is_led_to_its_next_step(staff, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        alder.status = TenantStatus.PREPARING
    said = [each for each in tasks(staff.client("asha"), ALDER) if "not public yet" in each[0]]
    assert [href for _sentence, href in said] == ["/school/alder-primary/school/responsible"]
    assert any("is not public yet" in each for each in sentences(staff.client("adi"), CENTRAL))


def test_there_are_never_more_than_five_and_the_overdue_come_first(staff, database, settings):
    sender, now = Sender(settings.base_url, Keys(settings.secret_keys)), clock.now()
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        alder.created_at = now - timedelta(days=400)
        for days in (1, 27, 90):
            request = NewRequest(CaseKind.ACCESS, now - timedelta(days=days), "Nia Person", email="p@example.org")
            open_case(session, PUBLIC, alder, request, sender=sender, now=now)
    add_draft(database, DraftStatus.RETURNED)
    found = sentences(staff.client("asha"), ALDER)
    assert "overdue" in found[0]
    assert len(found) <= 5
