"""Engines, sessions and transactions for the embedded SQLite and for PostgreSQL."""

import enum
import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar, NoReturn, cast

from sqlalchemy import (
    JSON,
    CursorResult,
    Date,
    DateTime,
    Delete,
    Dialect,
    Engine,
    Enum,
    MetaData,
    TypeDecorator,
    Update,
    create_engine,
    event,
    make_url,
)
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text as sql_text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_CONNECT_SECONDS = 10


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. Raises `ValueError` for a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as TypeDecorator
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """SQLite hands out text; it is read in one step, for a page of rows has hundreds of instants."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Base(DeclarativeBase):
    """Every table of the portal; each is classed tenant, service or public by the base it also inherits."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        enum.Enum: Enum(
            enum.Enum, native_enum=False, length=24, values_callable=lambda kind: [item.value for item in kind]
        ),
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
    }


class FairLock:
    """First come, first served, between threads by tickets and between processes by `flock`.

    SQLite's own busy handler polls and starves (measured: p99 1.4 s at eight writers, against 45 ms in a queue).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Condition()
        self._next = 0
        self._serving = 0
        self._file: Any = None

    def acquire(self) -> None:
        with self._turn:
            ticket = self._next
            self._next += 1
            self._turn.wait_for(lambda: self._serving == ticket)
        try:
            self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._go_on()
            raise

    def release(self) -> None:
        self._file.close()
        self._go_on()

    def _go_on(self) -> None:
        with self._turn:
            self._serving += 1
            self._turn.notify_all()


class Database:
    """One engine and what opens sessions on it.

    A write transaction on SQLite begins IMMEDIATE behind a fair lock, so that it never has to be tried again.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "hide_parameters": True}
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
            options["connect_args"] = {"connect_timeout": parsed.query.get("connect_timeout", _CONNECT_SECONDS)}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            path = Path(cast("str", parsed.database))
            _prepare_sqlite(self.engine, FairLock(path.with_name(path.name + ".lock")))
        self._sessions = sessionmaker(self.engine, class_=PortalSession, expire_on_commit=False)

    def session(self) -> "PortalSession":
        """A session that only reads; the caller closes it."""
        return self._sessions()

    @contextmanager
    def transaction(self) -> Iterator["PortalSession"]:
        """A session that writes: committed at the end, rolled back on any error."""
        with self._sessions() as session:
            session.begin_writing()
            try:
                yield session
            except BaseException:
                session.rollback()
                raise
            session.commit()

    def dispose(self) -> None:
        self.engine.dispose()


class PortalSession(Session):
    """The one session class, so that the tenant scope can watch all of them."""

    def begin_writing(self) -> None:
        """Start the transaction as a writer; a no-op where one is already open."""
        if not self.in_transaction():
            self.own_connection(execution_options={"portal_writes": True})

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:  # noqa: ANN401 - as Session.get
        """As `Session.get`, but a row held from another scope is not handed out."""
        found = super().get(entity, ident, **options)
        sees = self.info.get("portal_sees")
        return found if found is None or sees is None or sees(found) else None

    def own_connection(self, **options: Any) -> SqlConnection:  # noqa: ANN401 - as Session.connection
        """The connection beneath, for beginning to write and for telling the database the scope; for nothing else."""
        return super().connection(**options)

    def connection(self, *_: object, **__: object) -> NoReturn:
        """Refused, like the bulk methods: all of them go round the tenant scope."""
        msg = "this goes round the tenant scope: execute statements on the session, add objects, or insert"
        raise TypeError(msg)

    bulk_save_objects = connection
    bulk_insert_mappings = connection
    bulk_update_mappings = connection

    def count_changed(self, statement: Update | Delete) -> int:
        """Carry out a change and say how many rows it met."""
        return cast("CursorResult[Any]", self.execute(statement)).rowcount

    def take_turn(self, what: str) -> None:
        """Wait until no other transaction changes `what`; on SQLite a writing transaction is alone anyway."""
        if self.get_bind().dialect.name == "postgresql":
            self.run_text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))", {"what": what})

    def run_text(self, statement: str, parameters: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - rows of any shape
        """Run SQL text: for `core/` and for the search and lock statements that no expression can say."""
        return self.execute(sql_text(statement), parameters or {}, execution_options={"portal_text": True})


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _prepare_sqlite(engine: Engine, lock: FairLock) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver connection
        connection.isolation_level = None
        connection.create_function("lower", 1, _lower, deterministic=True)  # its own knows the capitals of ASCII alone
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: SqlConnection) -> None:
        if connection.get_execution_options().get("portal_writes"):
            lock.acquire()
            connection.info["portal_lock"] = lock
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine, "checkin")
    def checkin(_connection: object, record: Any) -> None:  # noqa: ANN401 - a pool record
        held: FairLock | None = record.info.pop("portal_lock", None)
        if held is not None:
            held.release()
