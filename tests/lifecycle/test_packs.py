"""Tenant packs: created once, a person's change stays, a bad pack names file, line and reason and changes nothing."""

import shutil

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.directory.models import AuthorityRow
from portal.lifecycle.packs.authorities import load_authorities, read_authorities
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.packs.reading import PackError
from portal.lifecycle.packs.report import LoadReport
from portal.notices.models import Override, Release
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
        '[school]\nslug = "elder-infants"\nname = "Elder Infants"\nlaw = "maintained"\nauthority = "kent"\n'
        'email = "o@elder.example"\n'
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


ALDER = "schools/alder-primary/school.toml"
SALE = "library/2026-09/limits.sale.md"
OWN = "schools/alder-primary/overrides/about.welcome.md"


def line_with(path, words):
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if words in line)


def refused(session, packs, file):
    """The line of the refusal, which must be about this file."""
    with pytest.raises(PackError) as caught:
        load(session, packs)
    assert caught.value.path == packs / file, caught.value
    assert str(packs / file) in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (SALE, "\n+++\n", "\n+++\nWe also sell biscuits.\n"),
        (SALE, "confirm = false", "confirm = true"),
        (SALE, 'title = "', 'title = "About '),
        ("library/2026-09/release.toml", 'reason = "', 'reason = "Because. '),
        ("library/2026-09/release.toml", "effective_from = 2026-09-01", "effective_from = 2026-09-02"),
        ("library/2026-09/release.toml", 'reason = "A refusal must now', 'reason = "A refusal may now'),
    ],
)
def test_a_changed_file_of_a_published_release_is_refused_by_its_name(loading, packs, file, before, after):
    edit(packs / file, before, after)
    error = refused(loading, packs, file)
    assert "published and cannot change" in str(error)
    if file == SALE:
        assert error.line == line_with(packs / file, after.strip("+\n"))


def test_a_file_that_is_gone_from_a_published_release_is_named(loading, packs):
    (packs / SALE).unlink()
    assert "the file is missing" in str(refused(loading, packs, SALE))


def test_a_file_that_is_new_in_a_published_release_is_named(loading, packs):
    text = (packs / SALE).read_text().replace('key = "limits.sale"', 'key = "limits.other"')
    (packs / "library/2026-09/limits.other.md").write_text(text)
    refused(loading, packs, "library/2026-09/limits.other.md")


@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        (SALE, 'policy = "', 'policy = "un', "policy must be"),
        (SALE, 'section = "limits"', 'section = "nowhere"', "there is no section nowhere"),
        (SALE, 'key = "limits.sale"', 'key = "limits.other"', "the key is limits.other"),
        (SALE, "+++\n", "+++\nhello = 1\n", "hello is not a key"),
        (SALE, "+++\n", '+++\nsplit_from = "no.such"\n', "there is no clause no.such to split"),
        (SALE, 'title = "', 'name = "', "title is missing"),
        (SALE, "order = ", 'order = "first" # ', "order must be a whole number"),
        (SALE, "confirm = false", 'confirm = "no"', "confirm must be true or false"),
        ("library/2026-09/release.toml", "effective_from = 2026-09-01", 'effective_from = "soon"', "must be a date"),
        (
            "library/2026-09/release.toml",
            '[[sections]]\nkey = "about"',
            '[[sections]]\nkay = "about"',
            "key is missing",
        ),
        (ALDER, 'authority = "essex"', 'authority = "atlantis"', "there is no council atlantis"),
        (ALDER, 'name = "Alder Primary School"', "name = 5", "name must be text"),
        (ALDER, 'email = "', 'email = "nonsense" # ', "email must be an e-mail address"),
        (ALDER, 'telephone = "', 'telephone = "ring us" # ', "telephone must be like"),
        (ALDER, 'website = "', 'website = "javascript:alert(1)" # ', "website must be like"),
        (ALDER, 'law = "maintained"', 'law = "feudal"', "law must be maintained, academy, special or independent"),
        (ALDER, "languages = ", "languages = 5 # ", "languages must be a list"),
        (ALDER, "demonstration = true", 'demonstration = "yes"', "demonstration must be true or false"),
        (ALDER, 'colour = "', 'colour = "red" # ', "colour must be like"),
        (ALDER, 'slug = "alder-primary"', 'slug = "alder"', "the slug is alder, the folder alder-primary"),
        (ALDER, 'phase = "', 'faze = "', "faze is not a key"),
        (ALDER, 'address = "Alder Lane', 'post = "Alder Lane', "post is not a key"),
        ("schools/birch-academy/school.toml", 'trust = "rowan"', 'trust = "nobody"', "there is no trust nobody"),
        ("schools/birch-academy/school.toml", 'urn = "900002"', 'urn = "900001"', "the urn 900001 stands in"),
        ("trusts/rowan/trust.toml", 'name = "Rowan Trust"', "name = true", "name must be text"),
        ("authorities/successions.toml", 'to = "dorset"', 'to = "wessex"', "there is no council wessex"),
        ("authorities/authorities.toml", 'kind = "unitary"', 'kind = "duchy"', "kind must be"),
        ("authorities/authorities.toml", 'scheme = "dfe"', 'scheme = "xyz"', "codes: scheme must be dfe or gss"),
        ("service.toml", "[service]", "[service", "line"),
        ("service.toml", 'email = "', 'e-mail = "', "email is missing"),
        ("service.toml", "papers_to_dpo = 10", 'papers_to_dpo = "ten"', "must be a whole number"),
        (OWN, 'clause = "about.welcome"', 'clause = "about.nothing"', "the clause is about.nothing, the file"),
        (OWN, 'mode = "', 'mode = "re', "mode must be adapt, before, after or omit"),
        (OWN, 'base_release = "', 'base_release = "19', "there is no release 19"),
    ],
)
def test_a_bad_pack_names_its_file_the_line_and_the_reason(loading, packs, school, file, before, after, says, is_new):
    if is_new:
        for slug in ("alder-primary", "birch-academy"):
            school(slug).urn, school(slug).slug = None, f"was-{slug}"
        loading.flush()
    edit(packs / file, before, after)
    error = refused(loading, packs, file)
    assert says in str(error)
    assert error.line
    if "missing" not in says and says != "line" and "\n" not in after:
        assert error.line == line_with(packs / file, after)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("Write to {{ school.emial }}.", "There is no placeholder “school.emial”"),
        ("See {{ see about.nothing }}.", "There is no clause “about.nothing”"),
        ("Press <script>alert(1)</script> here.", "HTML cannot be used here"),
        ("This *is not closed.", "has no partner"),
        ("Read [this](javascript:alert(1)).", "not allowed"),
        ("# A title", "sub-heading"),
    ],
)
def test_wording_of_a_schools_own_is_held_to_the_rules_of_the_pages(loading, packs, words, says):
    path = packs / OWN
    path.write_text(f"{path.read_text()}\n{words}\n")
    error = refused(loading, packs, OWN)
    assert says in str(error)
    assert error.line == line_with(path, words)


@pytest.mark.parametrize(
    ("clause", "mode", "says"),
    [
        ("about.dpo", "adapt", "the clause about.dpo is locked"),
        ("about.dpo", "omit", "the clause about.dpo is locked"),
        ("retention.how-long", "omit", "the clause retention.how-long cannot be left out"),
        ("about.nothing", "adapt", "there is no clause about.nothing in the release"),
        ("about.dpo", "after", "title is missing"),
    ],
)
def test_wording_is_only_for_clauses_that_may_have_it(loading, packs, clause, mode, says):
    file = f"schools/alder-primary/overrides/{clause}.md"
    text = "" if mode == "omit" else "Our words.\n"
    (packs / file).write_text(f'+++\nclause = "{clause}"\nmode = "{mode}"\nbase_release = "2026-09"\n+++\n{text}')
    error = refused(loading, packs, file)
    assert says in str(error)
    assert error.line in {1, 2, 3}


def test_two_files_for_one_clause_are_refused(loading, packs):
    head = '+++\nclause = "about.dpo"\nmode = "after"\ntitle = "More"\nkey = "local.more"\n+++\nWords.\n'
    (packs / "schools/alder-primary/overrides/about.dpo.md").write_text(head)
    (packs / "schools/alder-primary/overrides/local.more.md").write_text(head)
    error = refused(loading, packs, "schools/alder-primary/overrides/local.more.md")
    assert "has a file already: about.dpo.md" in str(error)


def test_wording_of_a_new_trust_is_put_in_force(loading, packs):
    folder = packs / "trusts" / "hazel"
    (folder / "overrides").mkdir(parents=True)
    (folder / "trust.toml").write_text('[trust]\nslug = "hazel"\nname = "Hazel Trust"\n')
    (folder / "overrides" / "limits.sale.md").write_text('+++\nclause = "limits.sale"\nmode = "adapt"\n+++\nNever.\n')
    load(loading, packs)
    trust = loading.scalars(select(Tenant).where(Tenant.slug == "hazel")).one()
    (row,) = loading.scalars(select(Override).where(Override.tenant_id == trust.id))
    assert row.clause_key == "limits.sale"


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        (ALDER, 'law = "maintained"', 'law = "special"', "law is maintained, the pack says special"),
        (ALDER, 'authority = "essex"', 'authority = "kent"', "the council is another than the pack's (kent)"),
        (ALDER, 'town = "Thornmere"', 'town = "Elsewhere"', "town is Thornmere, the pack says Elsewhere"),
        ("schools/birch-academy/school.toml", 'trust = "rowan"\n', "", "the trust is another than the pack's (none)"),
        (OWN, "\n+++\n", "\n+++\nMore words.\n", "the wording of about.welcome is another than the pack's"),
    ],
)
def test_what_differs_from_the_pack_of_a_school_that_is_here_is_said_and_kept(
    loading, packs, school, file, before, after, says
):
    edit(packs / file, before, after)
    report = load(loading, packs)
    assert report.created == []
    (line,) = report.kept
    assert line == f"{(packs / file).relative_to(packs).parts[1]}: {says}"
    assert school("alder-primary").law == "maintained"
    assert load(loading, packs).kept == report.kept


def test_wording_that_was_ended_here_is_not_brought_back(loading, packs, school):
    alder = school("alder-primary")
    statement = select(Override).where(Override.tenant_id == alder.id, Override.key == "about.welcome")
    loading.scalars(statement).one().ended_at = clock.now()
    loading.flush()
    assert load(loading, packs).kept == ["alder-primary: the pack's wording of about.welcome is not in force"]


def test_a_slug_and_a_urn_that_are_somebody_elses_are_refused(loading, packs):
    trust = packs / "trusts" / "alder-primary"
    trust.mkdir()
    (trust / "trust.toml").write_text('[trust]\nslug = "alder-primary"\nname = "Alder Trust"\n')
    assert "belongs to a school already" in str(refused(loading, packs, "trusts/alder-primary/trust.toml"))
    shutil.rmtree(trust)
    (packs / "schools/alder-primary").rename(packs / "schools/alder-two")
    edit(packs / "schools/alder-two/school.toml", 'slug = "alder-primary"', 'slug = "alder-two"')
    assert "belongs to alder-primary already" in str(refused(loading, packs, "schools/alder-two/school.toml"))


@pytest.mark.parametrize("missing", ["service.toml", "authorities/authorities.toml", "library", ALDER])
def test_what_is_missing_is_named(loading, packs, missing):
    path = packs / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "missing" in str(refused(loading, packs, missing))


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


def test_districts_that_a_later_pack_brings_are_recorded_where_a_council_has_none(session):
    norfolk, surrey = (
        session.scalars(select(AuthorityRow).where(AuthorityRow.key == key)).one() for key in ("norfolk", "surrey")
    )
    known = norfolk.districts
    norfolk.districts, surrey.districts = [], ["E07000207"]
    session.flush()
    load_authorities(session, read_authorities(ROOT / "tenants" / "authorities"), LoadReport())
    assert norfolk.districts == known
    assert "E07000148" in known
    assert surrey.districts == ["E07000207"]
