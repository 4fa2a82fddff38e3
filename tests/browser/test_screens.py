"""What only a browser shows: hidden things stay hidden, lists fit a narrow screen, keys move through them."""

import pytest
from sqlalchemy import select

from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.models import CaseKind
from portal.core import clock
from portal.core.database import Database
from portal.core.secrets import Keys
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("backend", ["sqlite"])]
INBOX = "/school/alder-primary/cases"


@pytest.fixture
def references(live):
    """Three requests at Alder Primary, in the order in which the inbox shows them."""
    database, keys = Database(live.settings.database_url), Keys(live.settings.secret_keys)
    with database.transaction() as session, every_tenant(session, "tests"):
        alder = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        asked = NewRequest(CaseKind.PORTABILITY, clock.now(), "Nia Person", email="nia@example.org")
        sender = Sender(live.base_url, keys)
        made = [open_case(session, PUBLIC, alder, asked, sender=sender, now=clock.now()).case for _ in range(3)]
        found = [case.reference for case in made]
    database.dispose()
    return found


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim() || document.activeElement.type")


def test_nothing_hidden_is_seen(visitor):
    page = visitor().open("/sign-in")
    assert not page.get_by_text("That did not work.").is_visible()
    quiet = visitor(java_script_enabled=False).open("/schools/alder-primary/privacy-notice")
    assert not quiet.get_by_text("Print this page").is_visible(), "a button that does nothing without JavaScript"
    assert not quiet.get_by_text("Keys:").is_visible()
    assert visitor().open("/schools/alder-primary/privacy-notice").get_by_text("Print this page").is_visible()


@pytest.mark.parametrize("width", [375, 320])
def test_lists_fit_a_telephone(visitor, references, width):
    assert references
    for name, path in (("ben", INBOX), ("audrey", "/central/trails"), ("ben", "/school/alder-primary/poster")):
        reader = visitor(viewport={"width": width, "height": 700})
        reader.sign_in(name)
        reader.open(path)
        assert not reader.is_too_wide(), path
        assert not reader.accessibility_problems(), path


def test_links_of_the_contents_and_the_way_back_are_large_enough_for_a_thumb(visitor):
    page = visitor(viewport={"width": 320, "height": 700}).open("/schools/alder-primary/privacy-notice")
    for link in [*page.locator(".portal-contents a").all(), page.locator(".govuk-back-link")]:
        assert link.bounding_box()["height"] >= 24, link.inner_text()


def test_keys_move_through_the_inbox_and_open_a_request(visitor, references):
    ben = visitor()
    ben.sign_in("ben")
    page = ben.open(INBOX)
    assert page.get_by_text("Keys:").is_visible()
    page.keyboard.press("j")
    assert focused(page) == references[0]
    page.keyboard.press("ArrowDown")
    assert focused(page) == references[1]
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert focused(page) == references[0], "the first stays the first"
    page.keyboard.press("/")
    assert focused(page) == "search"
    page.keyboard.type("j/k")
    assert page.locator("input[type=search]").input_value() == "j/k", "keys are letters while somebody types"
    page.get_by_role("link", name=references[2]).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{references[2]}")
    assert not ben.problems


def test_the_long_lists_of_trusts_and_councils_come_when_asked_for_and_keep_what_was_typed(visitor, references):
    officer = visitor()
    officer.sign_in("devi")
    page = officer.open("/central/cases")
    page.get_by_label("Reference, name or words").fill("person")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert "more=" not in page.url, "Enter shows what is found; it asks for nothing else"
    assert not page.get_by_role("combobox", name="Trust", exact=True).count()
    officer.press("Choose a trust or council")
    assert page.get_by_label("Reference, name or words").input_value() == "person"
    page.get_by_role("combobox", name="Trust", exact=True).select_option(label="Rowan Trust")
    officer.press("Show")
    assert page.get_by_role("combobox", name="Trust", exact=True).is_visible(), "a filter in force is folded away"
    assert not page.get_by_text(references[0]).count()
    assert not officer.accessibility_problems()
