"""Many editors at the same wording and the same request: whoever saves saw what she replaces (R12).

The suite has few of them; `portal drill security` has twenty, who try fifty times each.
"""

import html
import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.app import create_app
from portal.casework.models import Case, CaseEvent, CaseMessage, EventKind
from portal.core.database import Database
from portal.tenancy.scope import every_tenant
from tests.conftest import Staff, form_marks
from tests.incidents.requests_made import ALDER, ask, hidden

EDITORS, TRIES = (20, 50) if os.environ.get("DRILL") else (4, 4)
NODES = 2
"""Applications with a pool each, as on two machines: what holds between threads only would not be enough."""
WORDING = "/school/birch-academy/notice/clauses/information.held"
RELEASE = "/central/library/releases/2032-04"


@dataclass(frozen=True)
class Save:
    """One save that was taken: what its editor was shown and what she put in its place."""

    shown: str
    written: str


@dataclass(frozen=True)
class Editor:
    """One browser, and the number by which its words are known."""

    client: FlaskClient
    number: int

    def words(self, turn):
        return f"Words of editor {self.number} in turn {turn}."


@pytest.fixture
def editors(settings, cast):
    """Makes the editors: browsers of these people in turn, spread over the nodes."""
    nodes = [Database(settings.database_url) for _ in range(NODES)]
    staff = [Staff(create_app(settings, database=node), node, cast) for node in nodes]
    yield lambda *names: [
        Editor(staff[number % NODES].client(names[number // NODES % len(names)]), number) for number in range(EDITORS)
    ]
    for node in nodes:
        node.dispose()


def at_once(editors, save):
    """What each try came to: `save` gives None for one that was refused."""

    def work(editor):
        return [save(editor, turn) for turn in range(TRIES)]

    with ThreadPoolExecutor(len(editors)) as pool:
        return [outcome for outcomes in pool.map(work, editors) for outcome in outcomes]


def report(record_property, outcomes, silent):
    saved = sum(outcome is not None for outcome in outcomes)
    for name, value in {
        "attempts": len(outcomes), "saved": saved, "refused": len(outcomes) - saved, "silent_overwrites": silent,
    }.items():  # fmt: skip
        record_property(name, value)
    assert len(outcomes) == EDITORS * TRIES
    assert saved >= TRIES, "the editors kept each other from working"


def replaced_unseen(saves):
    """Texts that two saves took for the newest: the later one threw the earlier one's words away."""
    return [text for text, times in Counter(save.shown for save in saves).items() if times > 1]


def text_of(page):
    return html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)[1]).strip()


def put(editor, path, turn, marks, more):
    page = editor.client.get(path).text
    data = {name: hidden(page, name) for name in ("csrf_token", *marks)}
    answer = editor.client.post(path, data={**data, "text": editor.words(turn), **more})
    assert answer.status_code in {302, 409}, answer.text
    return Save(text_of(page), editor.words(turn)) if answer.status_code == 302 else None


@pytest.mark.parametrize(
    ("path", "people", "marks", "more"),
    [
        (WORDING, ("bea", "tom"), ("seen", "own", "base"), {"do": "save"}),
        (
            f"{RELEASE}/clauses/information.held",
            ("cal", "devi"),
            ("seen",),
            {"title": "What we hold", "reason": "Because.", "policy": "adaptable", "section": "information"},
        ),
    ],
    ids=["a schools own wording", "the shared wording of a draft"],
)
def test_no_editor_replaces_words_that_she_was_not_shown(staff, editors, record_property, path, people, marks, more):
    if path.startswith(RELEASE):
        begin_release(staff.client("cal"))
    outcomes = at_once(editors(*people), lambda editor, turn: put(editor, path, turn, marks, more))
    saves = [outcome for outcome in outcomes if outcome]
    unseen = replaced_unseen(saves)
    report(record_property, outcomes, len(unseen))
    assert not unseen
    last = {save.written for save in saves} - {save.shown for save in saves}
    assert last == {text_of(staff.client(people[0]).get(path).text)}


def begin_release(cal):
    page = "/central/library/releases/new"
    words = {"name": "2032-04", "title": "Spring", "reason": "New law.", "effective_on": ["1", "4", "2032"]}
    assert cal.post(page, data={**form_marks(cal, page), **words}).status_code == 302


def test_no_editor_changes_the_kind_of_a_request_that_she_was_not_shown(database, settings, editors, record_property):
    reference = ask(database, settings).case.reference
    path = f"{ALDER}/cases/{reference}/kind"

    def change(editor, turn):
        page = editor.client.get(path).text
        shown = re.search(r'<option value="(\w+)" selected', page)[1]
        kinds = [kind for kind in re.findall(r'<option value="(\w+)"', page) if kind not in {shown, "breach"}]
        wanted = kinds[(editor.number + turn) % len(kinds)]
        data = {name: hidden(page, name) for name in ("csrf_token", "seen")}
        answer = editor.client.post(path, data={**data, "kind": wanted})
        assert answer.status_code in {302, 409}, answer.text
        return Save(shown, wanted) if answer.status_code == 302 else None

    outcomes = at_once(editors("asha", "ben"), change)
    done = Counter((event.data["before"], event.data["after"]) for event in events(database, EventKind.KIND_CHANGED))
    meant = Counter((save.shown, save.written) for save in outcomes if save)
    unseen = done - meant  # the rest chose what somebody else had chosen a moment before: nothing was changed
    report(record_property, outcomes, unseen.total())
    assert not unseen


def test_a_letter_leaves_once_and_answers_all_that_others_wrote(database, settings, editors, record_property):
    """Every form is sent twice, as by a browser whose line broke; a letter that another one overtook is refused."""
    reference = ask(database, settings).case.reference
    path = f"{ALDER}/cases/{reference}/letters/message"
    seen = {}

    def send(editor, turn):
        page = editor.client.get(path).text
        data = {name: hidden(page, name) for name in ("csrf_token", "seen", "key")}
        answers = [editor.client.post(path, data={**data, "body": editor.words(turn)}).status_code for _ in range(2)]
        assert answers in ([302, 302], [409, 409]), answers
        seen[editor.words(turn)] = int(data["seen"])
        return Save("", editor.words(turn)) if answers[0] == 302 else None

    outcomes = at_once(editors("asha", "ben"), send)
    with database.session() as session, every_tenant(session, "tests"):
        bodies = dict(session.execute(select(CaseMessage.id, CaseMessage.body)).all())
    letters = [
        (event.sequence, event.actor_id, bodies[event.data["message"]])
        for event in events(database, EventKind.LETTER_SENT)
    ]
    overtaken = [
        body
        for sequence, author, body in letters
        if any(seen[body] < earlier < sequence and author != other for earlier, other, _ in letters)
    ]
    report(record_property, outcomes, len(overtaken))
    assert not overtaken
    assert sorted(body for _, _, body in letters) == sorted(save.written for save in outcomes if save)


def events(database, kind):
    with database.session() as session, every_tenant(session, "tests"):
        statement = select(CaseEvent).join(Case, Case.id == CaseEvent.case_id).where(CaseEvent.kind == kind)
        return session.scalars(statement.order_by(CaseEvent.sequence)).all()
