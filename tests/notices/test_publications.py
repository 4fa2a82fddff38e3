"""Seals: each version once, never doubled, never missing, and still true when somebody looks again."""

import multiprocessing
import time
from datetime import timedelta

import pytest
from sqlalchemy import String, and_, delete, func, literal, select, type_coerce, update

from portal.core import clock
from portal.core.database import Database
from portal.core.errors import NotFound
from portal.notices.background import NoticeWork
from portal.notices.changes import note_tenant_change
from portal.notices.compose import COMPOSER_VERSION
from portal.notices.gathering import fill_shelf
from portal.notices.models import ChangeStage, NoticeChange, Publication, TextPart
from portal.notices.sealing import due_change, packed, prepare_batch, seal_digests, unpacked, write_batch
from portal.notices.verifying import Fault, verify
from portal.tenancy.actions import record_facts
from portal.tenancy.scope import every_tenant, tenant_scope

HELD = "information.held"


def change_email(press, slug, email="new@alder-primary.example"):
    with press.database.transaction() as session:
        tenant = press.school(session, slug)
        with tenant_scope(session, tenant.id):
            now = clock.now()
            record_facts(session, tenant, {"school.email": email}, now=now, recorded_by=None)
            note_tenant_change(session, tenant, reason="The e-mail address changed.", now=now)


def checked(press):
    with press.database.session() as session, every_tenant(session, "tests"):
        return verify(session)


def test_every_school_has_a_first_version_since_it_joined(press, school, session):
    for slug in ("alder-primary", "birch-academy", "st-thomas-of-canterbury"):
        versions = press.versions(slug)
        assert versions[-1].number == 1
        assert versions[-1].effective_at == school(slug).created_at


def test_versions_are_numbered_without_a_gap_and_in_order(press):
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    change_email(press, "alder-primary")
    press.settle()
    versions = press.versions("alder-primary")[::-1]
    assert [one.number for one in versions] == list(range(1, len(versions) + 1))
    assert [one.effective_at for one in versions] == sorted(one.effective_at for one in versions)
    assert len({one.sha256 for one in versions}) == len(versions)


def test_a_new_fact_makes_a_new_version_of_that_school_only(press):
    before, other = len(press.versions("alder-primary")), len(press.versions("birch-academy"))
    change_email(press, "alder-primary")
    press.settle()
    assert len(press.versions("alder-primary")) == before + 1
    assert len(press.versions("birch-academy")) == other
    assert "new@alder-primary.example" in press.text("alder-primary")


def test_what_changes_no_word_makes_no_version(press):
    before = len(press.versions("alder-primary"))
    with press.database.transaction() as session:
        tenant = press.school(session, "alder-primary")
        note_tenant_change(session, tenant, reason="Nothing.", now=clock.now())
    press.settle()
    assert len(press.versions("alder-primary")) == before


def test_the_present_version_is_the_sealed_one(press):
    press.adapt("alder-primary", HELD, lambda text: f"{text}\n\nOurs.")
    pending = press.notice("alder-primary")
    press.settle()
    assert pending.sha256 == press.versions("alder-primary")[0].sha256
    assert press.notice("alder-primary").sha256 == press.versions("alder-primary")[0].sha256
    assert press.notice("alder-primary").version.number == press.versions("alder-primary")[0].number


def test_a_past_day_says_what_was_sealed_then(press):
    first = press.versions("alder-primary")[-1]
    assert press.notice("alder-primary", first.effective_at).sha256 == first.sha256


def test_there_was_no_notice_before_the_school_joined(press, school, session):
    joined = school("alder-primary").created_at
    with pytest.raises(NotFound):
        press.notice("alder-primary", joined - timedelta(seconds=1))


def test_every_seal_verifies(press):
    press.adapt("alder-primary", HELD, lambda text: f"{text}\n\nOurs.")
    press.release("2027-01", {"limits.minimise": lambda text: f"{text}\n\nMore."})
    press.settle()
    found = checked(press)
    assert found.versions >= 7
    assert found.findings == ()


def damage(press, statement):
    with press.database.transaction() as session, every_tenant(session, "tests"):
        session.execute(statement, execution_options={"synchronize_session": False})


def test_a_changed_text_is_found(press):
    with press.database.session() as session, every_tenant(session, "tests"):
        row = session.scalars(select(Publication).order_by(Publication.id)).first()
        dictionary = session.get(TextPart, row.dictionary).text
        other = packed(unpacked(row.body, dictionary).replace("e", "3", 1), dictionary)
    damage(press, update(Publication).where(Publication.id == row.id).values(body=other))
    assert [one.fault for one in checked(press).findings] == [Fault.BROKEN]


@pytest.mark.parametrize(
    "damaged",
    [lambda body: b"nothing", lambda body: body[:-4], lambda body: body + b"more"],
    ids=["other", "cut", "longer"],
)
def test_damaged_bytes_are_found(press, damaged):
    """Also where the text can still be read: without its checksum, and with something behind it."""
    with press.database.session() as session, every_tenant(session, "tests"):
        row = session.scalars(select(Publication).order_by(Publication.id)).first()
    damage(press, update(Publication).where(Publication.id == row.id).values(body=damaged(row.body)))
    assert [one.fault for one in checked(press).findings] == [Fault.BROKEN]


def test_an_altered_part_is_found_in_every_version_that_has_it(press):
    digest = press.notice("alder-primary").parts.layout.lines[0].part_hash
    damage(press, update(TextPart).where(TextPart.hash == digest).values(text="Altered."))
    assert {one.fault for one in checked(press).findings} == {Fault.LOST}


def test_other_words_from_the_same_parts_are_reported_with_both_composers(press):
    with press.database.session() as session, every_tenant(session, "tests"):
        row = session.scalars(select(Publication).order_by(Publication.id)).first()
        manifest = {**row.manifest, "facts": {**row.manifest["facts"], "school.name": "Another School"}}
    damage(press, update(Publication).where(Publication.id == row.id).values(manifest=manifest, composer="0"))
    (finding,) = checked(press).findings
    assert (finding.fault, finding.composer, finding.composer_now) == (Fault.DIFFERS, "0", COMPOSER_VERSION)


def alder(press):
    with press.database.session() as session:
        return press.school(session, "alder-primary").id


def of_alder(press, number):
    """The version with this number of the school's general notice in English."""
    return and_(
        Publication.tenant_id == alder(press), Publication.kind == "general", Publication.language == "en",
        Publication.number == number,
    )  # fmt: skip


def a_few_versions(press):
    for number in range(3):
        change_email(press, "alder-primary", f"new{number}@alder-primary.example")
        press.settle()
    return press.versions("alder-primary")[0].number


@pytest.mark.parametrize("which", ["middle", "newest"])
def test_a_version_that_is_gone_is_found(press, which):
    newest = a_few_versions(press)
    number = newest if which == "newest" else newest - 1
    damage(press, delete(Publication).where(of_alder(press, number)))
    (finding,) = checked(press).findings
    assert (finding.school, finding.number, finding.fault) == ("alder-primary", number, Fault.MISSING)


@pytest.mark.parametrize("what", [{"reason": "Forged."}, {"published_at": clock.now() - timedelta(days=400)}])
def test_what_is_told_about_a_version_cannot_be_changed_unnoticed(press, what):
    newest = a_few_versions(press)
    damage(press, update(Publication).where(of_alder(press, newest)).values(**what))
    (finding,) = checked(press).findings
    assert (finding.number, finding.fault) == (newest, Fault.ALTERED)


@pytest.mark.parametrize("what", [{"slug": "birch-academy"}, {"more": 1}])
def test_what_a_version_is_made_of_cannot_be_changed_unnoticed(press, what):
    """Also where the same words come out: the address in a link is no word."""
    newest = a_few_versions(press)
    with press.database.session() as session, every_tenant(session, "tests"):
        manifest = session.scalars(select(Publication.manifest).where(of_alder(press, newest))).one()
    damage(press, update(Publication).where(of_alder(press, newest)).values(manifest={**manifest, **what}))
    (finding,) = checked(press).findings
    assert (finding.number, finding.fault) == (newest, Fault.ALTERED)


def test_a_line_of_the_trail_from_before_it_covered_the_parts_still_counts(press, monkeypatch):
    monkeypatch.setattr("portal.notices.sealing.seal_digests", lambda row: (seal_digests(row)[1], ""))
    a_few_versions(press)
    monkeypatch.undo()
    assert checked(press).findings == ()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_checked(press):
    newest = a_few_versions(press)
    damage(
        press, update(Publication).where(of_alder(press, newest)).values(manifest=type_coerce(literal("[1"), String))
    )
    damage(press, update(Publication).where(Publication.tenant_id != alder(press)).values(body=b"nothing"))
    findings = checked(press).findings
    assert ("alder-primary", newest, Fault.BROKEN) in {(one.school, one.number, one.fault) for one in findings}
    assert {one.school for one in findings} >= {"alder-primary", "birch-academy", "st-thomas-of-canterbury"}


def test_two_workers_that_prepared_the_same_batch_write_it_once(press):
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nMore."})
    now = clock.now()
    work = NoticeWork(press.database)
    with press.database.session() as session, every_tenant(session, "tests"):
        while due_change(session, now=now).stage is not ChangeStage.SEALING:
            session.rollback()
            work.step(now=now)
        batches = [
            prepare_batch(session, due_change(session, now=now), fill_shelf(session), until=now) for _ in range(2)
        ]
    written = []
    for batch in batches:
        with press.database.transaction() as session, every_tenant(session, "tests"):
            written.append(write_batch(session, batch, now=now))
    assert written == [True, False]
    press.settle()
    assert checked(press).findings == ()


def work_until_killed(url, ready):
    work = NoticeWork(Database(url), size=1)
    ready.set()
    while work.step(now=clock.now()):
        pass


def test_a_worker_killed_ten_times_leaves_what_an_undisturbed_one_leaves(press, settings):
    """Killed with SIGKILL at ten different moments, between and within its steps."""
    old = press.shared_text(HELD).split("\n")[0]
    press.adapt("alder-primary", HELD, lambda text: text.replace(old, "Our first line."))
    press.adapt("birch-academy", HELD, lambda text: f"{text}\n\nOur last line.")
    press.adapt("rowan", "limits.minimise", lambda text: f"{text}\n\nThe trust's line.")
    press.release("2027-01", {HELD: lambda text: text.replace(old, "The shared first line.")})
    press.database.dispose()
    forking = multiprocessing.get_context("fork")
    for attempt in range(10):
        ready = forking.Event()
        worker = forking.Process(target=work_until_killed, args=(settings.database_url, ready))
        worker.start()
        ready.wait()
        time.sleep(0.004 * attempt)
        worker.kill()
        worker.join()
        worker.close()
    press.settle()
    assert checked(press).findings == ()
    for slug in ("alder-primary", "birch-academy", "st-thomas-of-canterbury"):
        versions = press.versions(slug)[::-1]
        assert [one.number for one in versions] == list(range(1, len(versions) + 1))
        assert len({one.sha256 for one in versions}) == len(versions)
        assert press.notice(slug).sha256 == versions[-1].sha256
    assert "The shared first line." in press.text("birch-academy")
    assert "Our last line." in press.text("birch-academy")
    assert "Our first line." in press.text("alder-primary")
    with press.database.session() as session:
        assert session.scalar(select(func.count()).where(NoticeChange.stage != ChangeStage.DONE)) == 0
