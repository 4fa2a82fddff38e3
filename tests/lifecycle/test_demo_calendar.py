"""The demonstration's terms and its links that need a person."""

import pytest
from sqlalchemy import func, select

from portal.casework.models import InsetDay, Term
from portal.core import clock
from portal.directory.link_states import link_states
from portal.directory.models import LinkCheck
from portal.lifecycle.demo_calendar import add_demo_checks, add_demo_terms
from portal.lifecycle.packs.reading import PackError
from portal.settings import ROOT
from portal.tenancy.scope import every_tenant

DEMO = ROOT / "tenants" / "demo"


@pytest.fixture
def everywhere(session):
    with every_tenant(session, "tests"):
        yield session


def test_a_school_gets_the_terms_of_its_council_and_its_own_inset_days_once(everywhere, school):
    assert add_demo_terms(everywhere, DEMO, today=clock.today()) >= 2
    alder = school("alder-primary")
    count = select(func.count()).select_from(Term).where(Term.tenant_id == alder.id)
    before = everywhere.scalar(count)
    assert before > 10
    assert everywhere.scalar(select(func.count()).select_from(InsetDay).where(InsetDay.tenant_id == alder.id)) > 3
    assert add_demo_terms(everywhere, DEMO, today=clock.today()) == 0
    assert everywhere.scalar(count) == before


def test_a_real_school_gets_no_invented_terms(everywhere, school):
    add_demo_terms(everywhere, DEMO, today=clock.today())
    real = school("st-thomas-of-canterbury")
    assert everywhere.scalar(select(func.count()).select_from(Term).where(Term.tenant_id == real.id)) == 0


def test_the_broken_links_of_the_demonstration_are_listed(everywhere):
    add_demo_checks(everywhere, DEMO, now=clock.now())
    add_demo_checks(everywhere, DEMO, now=clock.now())
    broken = [state for state in link_states(everywhere, clock.today()) if state.is_broken]
    assert {state.authority for state in broken} == {"havering", "southend"}
    assert everywhere.scalar(select(func.count()).select_from(LinkCheck)) == len(broken)


def test_an_outcome_that_no_check_has_is_refused(everywhere, tmp_path):
    (tmp_path / "links.toml").write_text(
        '[[checks]]\nauthority = "kent"\nkind = "main"\noutcome = "odd"\ndays_ago = 1\n'
    )
    with pytest.raises(PackError):
        add_demo_checks(everywhere, tmp_path, now=clock.now())
