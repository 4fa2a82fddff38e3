"""What search keeps of a case, and finding cases by it: an exact surname first, then words anywhere.

SQLite answers through an FTS5 table, PostgreSQL through a text-search index; `prepare` makes either.
"""

import unicodedata

from sqlalchemy import Connection, delete, select

from portal.casework.models import Case, CaseMessage, CaseNote, CaseText
from portal.core.database import PortalSession
from portal.tenancy.scope import current_scope

MOST = 1000
_TOKENS = "unicode61 remove_diacritics 0 categories 'L* N* Co Mc Mn'"
_TABLE = f"""
CREATE VIRTUAL TABLE IF NOT EXISTS case_words USING fts5
  (body, content='case_text', content_rowid='id', tokenize="{_TOKENS}")
"""
_OUT = "INSERT INTO case_words (case_words, rowid, body) VALUES ('delete', old.id, old.body);"
_IN = "INSERT INTO case_words (rowid, body) VALUES (new.id, new.body);"
_TRIGGERS = {"insert": _IN, "delete": _OUT, "update": _OUT + _IN}
_IN_SQLITE = """
SELECT kept.case_id FROM case_words JOIN case_text AS kept ON kept.id = case_words.rowid
WHERE case_words MATCH :question AND (:tenant IS NULL OR kept.tenant_id IN
  (SELECT id FROM tenant WHERE id = :tenant OR trust_id = :tenant)) LIMIT :most
"""
_IN_POSTGRESQL = """
SELECT case_id FROM case_text WHERE to_tsvector('simple', body) @@ to_tsquery('simple', :question) LIMIT :most
"""
_GIN = "CREATE INDEX IF NOT EXISTS ix_case_text_words ON case_text USING gin (to_tsvector('simple', body))"


def prepare(connection: Connection) -> None:
    """Make the index where it is absent; run by the owner after each migration."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_GIN)
        return
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'case_words'").scalar()
    is_new = made is None or _TOKENS not in made
    if made is not None and is_new:
        connection.exec_driver_sql("DROP TABLE case_words")
    connection.exec_driver_sql(_TABLE)
    for verb, body in _TRIGGERS.items():
        connection.exec_driver_sql(
            f"CREATE TRIGGER IF NOT EXISTS case_words_{verb} AFTER {verb} ON case_text BEGIN {body} END"
        )
    if is_new:
        connection.exec_driver_sql("INSERT INTO case_words (case_words) VALUES ('rebuild')")


def index_case(session: PortalSession, case: Case) -> None:
    """Write what search keeps of a case anew."""
    body = " ".join(word for text in _texts(session, case) for word in _words(text))
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
    if session.get_bind().dialect.name == "postgresql":
        values: dict[str, object] = {"question": " & ".join(f"{token}:*" for token in wanted), "most": MOST + 1}
        return [row[0] for row in session.run_text(_IN_POSTGRESQL, values)]
    scope = current_scope(session)
    tenant_id = scope.tenant_id if scope is not None else 0
    values = {"question": " ".join(f'"{token}"*' for token in wanted), "most": MOST + 1, "tenant": tenant_id}
    return [row[0] for row in session.run_text(_IN_SQLITE, values)]


def _words(typed: str) -> list[str]:
    """Runs of letters, digits and the marks that belong to letters, small and, in Latin script, without accents.

    Texts are kept in this form and asked for in it, so that both databases find the same.
    """
    cut = "".join(_plain(each) if unicodedata.category(each)[0] in "LNM" else " " for each in typed)
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
