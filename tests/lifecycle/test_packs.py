"""Tenant packs: created once, a person's change stays, a bad pack names file, line and reason and changes nothing."""

import shutil

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.packs.reading import PackError
from portal.notices.models import Release
from portal.settings import ROOT
from portal.tenancy.actions import record_facts
from portal.tenancy.models import Fact, Tenant
from portal.tenancy.queries import facts_at
from portal.tenancy.scope import every_tenant, tenant_scope


@pytest.fixture
def packs(tmp_path):
    return shutil.copytree(ROOT / "tenants", tmp_path / "tenants")


@pytest.fixture
def loading(session):
    with every_tenant(session, "a test"):
        yield session


def load(session, packs):
    return load_packs(session, packs, now=clock.now())


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_loading_twice_creates_and_changes_nothing(loading, packs):
    before = loading.scalar(select(func.count()).select_from(Fact))
    report = load(loading, packs)
    assert report.created == []
    assert report.kept == []
    assert loading.scalar(select(func.count()).select_from(Fact)) == before


def test_a_new_school_is_created_with_its_facts(loading, packs):
    folder = packs / "schools" / "elder-infants"
    folder.mkdir()
    (folder / "school.toml").write_text(
        '[school]\nslug = "elder-infants"\nname = "Elder Infants"\nlaw = "maintained"\nauthority = "kent"\nemail = "o@elder.example"\n'
    )
    report = load(loading, packs)
    assert report.created == ["school elder-infants"]
    school = loading.scalars(select(Tenant).where(Tenant.slug == "elder-infants")).one()
    assert facts_at(loading, school.id, clock.now())["school.email"] == "o@elder.example"


def test_what_a_person_changed_is_kept_and_reported(loading, packs, school):
    alder = school("alder-primary")
    with tenant_scope(loading, alder.id):
        record_facts(loading, alder, {"school.telephone": "01632 960999"}, now=clock.now(), recorded_by=None)
    report = load(loading, packs)
    assert report.created == []
    assert len(report.kept) == 1
    assert "01632 960999" in report.kept[0]
    assert facts_at(loading, alder.id, clock.now())["school.telephone"] == "01632 960999"


def test_a_changed_file_of_a_published_release_is_refused(loading, packs):
    edit(packs / "library" / "2026-09" / "limits.sale.md", "\n+++\n", "\n+++\nWe also sell biscuits.\n")
    with pytest.raises(PackError, match="published and cannot change"):
        load(loading, packs)


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        ("library/2026-09/limits.sale.md", 'policy = "', 'policy = "un', "policy must be"),
        ("library/2026-09/limits.sale.md", 'section = "limits"', 'section = "nowhere"', "there is no section nowhere"),
        ("library/2026-09/limits.sale.md", 'key = "limits.sale"', 'key = "limits.other"', "the key is limits.other"),
        ("library/2026-09/limits.sale.md", "+++\n", "+++\nhello = 1\n", "hello is not a key"),
        ("library/2026-09/release.toml", "effective_from = 2026-09-01", 'effective_from = "soon"', "must be a date"),
        ("schools/alder-primary/school.toml", 'authority = "essex"', 'authority = "atlantis"', "atlantis"),
        ("schools/birch-academy/school.toml", 'trust = "rowan"', 'trust = "nobody"', "nobody"),
        ("authorities/successions.toml", 'to = "dorset"', 'to = "wessex"', "there is no council wessex"),
        ("service.toml", "[service]", "[service", "line"),
    ],
)
def test_a_bad_pack_names_its_file_and_the_reason(loading, packs, school, file, before, after, says):
    for slug in ("alder-primary", "birch-academy"):  # so that their packs are read as new ones
        loading.execute(select(Tenant).where(Tenant.slug == slug))
        school(slug).slug = f"was-{slug}"
        school(f"was-{slug}").urn = None
    loading.flush()
    edit(packs / file, before, after)
    with pytest.raises(PackError, match=says) as caught:
        load(loading, packs)
    assert str(packs / file) in str(caught.value) or "release.toml" in str(caught.value)


def test_bad_markdown_names_the_line(loading, packs):
    path = packs / "library" / "2026-09" / "limits.sale.md"
    path.write_text(path.read_text() + "\nPress <script>alert(1)</script> here.\n")
    with pytest.raises(PackError) as caught:
        load(loading, packs)
    assert caught.value.line == len(path.read_text().splitlines())


def test_a_file_that_is_not_utf8_names_the_line(loading, packs):
    path = packs / "library" / "2026-09" / "limits.sale.md"
    path.write_bytes(path.read_bytes() + b"\xff\xfe")
    with pytest.raises(PackError, match="not UTF-8"):
        load(loading, packs)


def test_a_bad_pack_changes_nothing(database, packs):
    (packs / "schools" / "broken").mkdir()
    (packs / "schools" / "broken" / "school.toml").write_text("[school]\n")
    with pytest.raises(PackError), database.transaction() as session, every_tenant(session, "a test"):
        load(session, packs)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Release)) == 3
        assert session.scalar(select(func.count()).select_from(Tenant).where(Tenant.slug == "broken")) == 0
