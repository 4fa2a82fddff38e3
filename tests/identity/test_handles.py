"""The random name by which an authenticator knows somebody: given with the account, never by opening a page."""

from sqlalchemy import create_engine, null, select, text, update

from portal.identity.models import Person
from portal.identity.passkeys import Site, registration_options
from portal.lifecycle.schema import migrate


def test_bringing_the_database_up_to_date_gives_everybody_a_name_of_her_own(settings, database):
    with database.transaction() as session:
        session.execute(update(Person).values(handle=null()))
        first = session.scalars(select(Person).order_by(Person.id)).first()
        first.handle = b"one that was there"
    owner = create_engine(settings.database_owner_url or settings.database_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0011'"))
    owner.dispose()
    migrate(settings)
    with database.session() as session:
        handles = session.scalars(select(Person.handle).order_by(Person.id)).all()
    assert handles[0] == b"one that was there"
    assert {len(handle) for handle in handles[1:]} == {32}
    assert len(set(handles)) == len(handles)


def test_asking_for_a_key_writes_nothing(session):
    found = session.scalars(select(Person)).first()
    options, _challenge = registration_options(session, found, Site("http://localhost:8000"))
    assert '"user"' in options
    assert not session.dirty
