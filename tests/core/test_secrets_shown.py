"""Whatever shows a value by its own words, a traceback above all, shows no password and nothing that was typed."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from portal.core.database import Database
from portal.identity.entering import Attempt
from portal.identity.models import Person
from portal.settings import load
from portal.worker import mailer_for

CANARY = "quicksilver-quince"
ENVIRONMENT = {
    "PORTAL_SECRET_KEY": f"{CANARY}-of-thirty-two-characters",
    "PORTAL_DATABASE_URL": f"postgresql://web:{CANARY}@db.example/portal",
    "PORTAL_DATABASE_OWNER_URL": f"postgresql://owner:{CANARY}@db.example/portal",
    "PORTAL_SMTP_URL": f"smtp://user:{CANARY}@mail.example:587",
    "PORTAL_S3_URL": f"https://key:{CANARY}@store.example/bucket",
    "PORTAL_IMAP_URL": f"imaps://user:{CANARY}@mail.example/INBOX",
    "PORTAL_OIDC_MICROSOFT": f"https://login.example|portal|{CANARY}",
    "PORTAL_OIDC_GOOGLE": f"https://login.example|portal|{CANARY}",
}


def test_settings_show_no_secret(tmp_path):
    settings = load({**ENVIRONMENT, "PORTAL_DATA_DIR": str(tmp_path)})
    assert CANARY in (settings.smtp_url or "")
    assert CANARY not in f"{settings!r} {settings} {mailer_for(settings)!r}"
    assert settings.base_url in repr(settings)


def test_a_try_to_sign_in_shows_no_password():
    assert CANARY not in repr(Attempt("asha@example.org", CANARY, "192.0.2.1", CANARY))


def test_an_error_of_the_database_quotes_no_parameter(database):
    """What PostgreSQL itself says of a failing row the log leaves out with every other word of an error."""
    with database.session() as session, pytest.raises(DBAPIError) as found:
        session.execute(insert(Person).values(email=CANARY, name=None))
    assert CANARY not in str(found.value).partition("[SQL:")[2]
    assert "parameters hidden" in str(found.value)


def test_an_engine_shows_no_password():
    broken = Database(f"postgresql://web:{CANARY}@127.0.0.1:9/portal?connect_timeout=1")
    with pytest.raises(DBAPIError) as found, broken.session() as session:
        session.scalar(select(Person.id))
    assert CANARY not in f"{found.value} {broken.engine!r}"
