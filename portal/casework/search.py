"""What search keeps of a case, and finding cases by it: an exact surname first, then words anywhere.

SQLite answers through an FTS5 table, PostgreSQL through a text-search index; `prepare` makes either.
"""

import re
import unicodedata
from collections.abc import Iterator

from sqlalchemy import Connection, delete, select

from portal.casework.models import Case, CaseMessage, CaseNote, CaseText
from portal.core.database import PortalSession
from portal.tenancy.models import Tenant
from portal.tenancy.scope import Scope, current_scope

MOST = 1000
_TOKENS = "unicode61 remove_diacritics 0 categories 'L* N* Co Mc Mn'"
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe"})
"""Letters that no accent can be taken off, and what people without them on their keyboard type."""
_JOINED = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)+")
_TABLE = f"""
CREATE VIRTUAL TABLE IF NOT EXISTS case_words USING fts5
  (tenant_id, body, content='case_text', content_rowid='id', tokenize="{_TOKENS}")
"""
"""The tenant is a word of its own, so that a school's search of a common name does not go through everybody's."""
_OUT = "INSERT INTO case_words (case_words, rowid, tenant_id, body) VALUES ('delete', old.id, old.tenant_id, old.body);"
_IN = "INSERT INTO case_words (rowid, tenant_id, body) VALUES (new.id, new.tenant_id, new.body);"
_TRIGGERS = {"insert": _IN, "delete": _OUT, "update": _OUT + _IN}
_IN_SQLITE = """
SELECT kept.case_id FROM case_words JOIN case_text AS kept ON kept.id = case_words.rowid
WHERE case_words MATCH :question AND (:everywhere OR kept.tenant_id IN
  (SELECT id FROM tenant WHERE id = :tenant OR trust_id = :tenant)) LIMIT :most
"""
_IN_POSTGRESQL = """
SELECT case_id FROM case_text WHERE to_tsvector('simple', body) @@ to_tsquery('simple', :question)
AND (:everywhere OR tenant_id = ANY(:tenants)) LIMIT :most
"""
_GIN = "CREATE INDEX IF NOT EXISTS ix_case_text_words ON case_text USING gin (to_tsvector('simple', body))"


def prepare(connection: Connection) -> None:
    """Make the index where it is absent; run by the owner after each migration."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_GIN)
        return
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'case_words'").scalar()
    is_new = made is None or _TOKENS not in made or "tenant_id" not in made
    if made is not None and is_new:
        connection.exec_driver_sql("DROP TABLE case_words")
        for verb in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS case_words_{verb}")
    connection.exec_driver_sql(_TABLE)
    for verb, body in _TRIGGERS.items():
        connection.exec_driver_sql(
            f"CREATE TRIGGER IF NOT EXISTS case_words_{verb} AFTER {verb} ON case_text BEGIN {body} END"
        )
    if is_new:
        connection.exec_driver_sql("INSERT INTO case_words (case_words) VALUES ('rebuild')")


def index_case(session: PortalSession, case: Case) -> None:
    """Write what search keeps of a case anew."""
    body = " ".join(word for text in _texts(session, case) for word in _kept(text))
    row = session.scalar(select(CaseText).where(CaseText.tenant_id == case.tenant_id, CaseText.case_id == case.id))
    if row is None:
        session.add(CaseText(tenant_id=case.tenant_id, case_id=case.id, body=body))
    elif row.body != body:
        row.body = body


def forget_case(session: PortalSession, case: Case) -> None:
    """Drop what search keeps of a case that is purged.

    SQLite's index only marks words as deleted, so it is written anew; PostgreSQL's loses them with the next vacuum.
    """
    session.execute(delete(CaseText).where(CaseText.tenant_id == case.tenant_id, CaseText.case_id == case.id))
    if session.get_bind().dialect.name == "sqlite":
        session.run_text("INSERT INTO case_words (case_words) VALUES ('rebuild')")


def find_case_ids(session: PortalSession, typed: str) -> list[int]:
    """Cases that hold every word typed, at most `MOST`; the session's scope decides whose."""
    wanted = _words(typed)[:8]
    if not wanted:
        return []
    scope = current_scope(session)
    if scope is None:
        return []
    tenants = _tenants(session, scope)
    values: dict[str, object] = {"most": MOST + 1, "everywhere": scope.tenant_id is None}
    if session.get_bind().dialect.name == "postgresql":
        values |= {"question": " & ".join(f"{token}:*" for token in wanted), "tenants": tenants}
        return [row[0] for row in session.run_text(_IN_POSTGRESQL, values)]
    question = "body : (" + " AND ".join(f'"{token}"*' for token in wanted) + ")"
    if tenants:
        question += " AND tenant_id : (" + " OR ".join(f'"{number}"' for number in tenants) + ")"
    values |= {"question": question, "tenant": scope.tenant_id}
    return [row[0] for row in session.run_text(_IN_SQLITE, values)]


def _tenants(session: PortalSession, scope: Scope) -> list[int]:
    """Those whose cases a scope sees; none where it sees everybody's."""
    if scope.tenant_id is None:
        return []
    if not scope.is_trust:
        return [scope.tenant_id]
    return [scope.tenant_id, *session.scalars(select(Tenant.id).where(Tenant.trust_id == scope.tenant_id))]


def _kept(text: str) -> Iterator[str]:
    """The words of a text, with the plainer form in which many are typed: "obrien" for O'Brien, "zolc" for Żółć."""
    yield from (words := _words(text))
    yield from (plain for word in words if (plain := word.translate(_STROKES)) != word)
    for joined in _JOINED.findall(text):
        yield from _words(re.sub(r"['’]", "", joined))


def _words(typed: str) -> list[str]:
    """Runs of letters, digits and the marks that belong to letters, small and, in Latin script, without accents.

    Texts are kept in this form and asked for in it, so that both databases find the same.
    """
    composed = unicodedata.normalize("NFC", typed)
    cut = "".join(_plain(each) if unicodedata.category(each)[0] in "LNM" else " " for each in composed)
    return cut.casefold().split()


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0] if "LATIN" in unicodedata.name(letter, "") else letter


def _texts(session: PortalSession, case: Case) -> list[str]:
    messages = select(CaseMessage.body).where(CaseMessage.tenant_id == case.tenant_id, CaseMessage.case_id == case.id)
    notes = select(CaseNote.body).where(CaseNote.tenant_id == case.tenant_id, CaseNote.case_id == case.id)
    return [
        case.reference,
        case.requester_name,
        case.subject_name,
        case.contact_email,
        case.details,
        *session.scalars(messages.order_by(CaseMessage.id)),
        *session.scalars(notes.order_by(CaseNote.id)),
    ]
