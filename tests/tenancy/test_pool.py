"""One connection for everybody, errors at every statement: nobody ever sees another's rows (T3)."""

import itertools
import os
import random
import re
import threading

import pytest
from sqlalchemy import event, select

from portal.app import create_app
from portal.core.database import Database
from portal.identity.models import Person
from portal.tenancy.models import Fact, Tenant
from portal.tenancy.scope import every_tenant
from tests.conftest import Staff

THREADS = 6
ROUNDS = 10_000 // THREADS + 1 if os.environ.get("DRILL") else 40
MOST_STATEMENTS = 40
"""Errors strike before the first statement of a request, the second, and so on, up to this one."""
PAGES = {"asha": "/school/alder-primary/school", "bea": "/school/birch-academy/school"}


class Injected(Exception):
    """What the test throws between two statements."""


@pytest.fixture
def narrow(settings):
    """A database with a pool of one connection and no overflow."""
    found = Database(settings.database_url, pool_size=1)
    found.engine.pool._max_overflow = 0
    yield found
    found.dispose()


def plant(database):
    words = {}
    with database.transaction() as session, every_tenant(session, "tests"):
        for name, slug in (("asha", "alder-primary"), ("bea", "birch-academy")):
            tenant = session.scalars(select(Tenant).where(Tenant.slug == slug)).one()
            words[name] = f"canary{tenant.id}words"
            fact = session.scalars(select(Fact).where(Fact.tenant_id == tenant.id, Fact.key == "school.email")).first()
            fact.value = f"{words[name]}@x.example"
    return words


def test_errors_at_every_statement_on_one_connection_show_nobody_anothers_rows(settings, narrow, cast, record_property):
    app = create_app(settings, database=narrow)
    words = plant(narrow)
    staff = Staff(app, narrow, cast)
    cookies = {name: staff.client(name).get_cookie("portal").value for name in PAGES}
    chance, wrong, statuses = random.Random(7), [], []
    armed, places = threading.local(), itertools.cycle(range(1, MOST_STATEMENTS + 1))

    @event.listens_for(narrow.engine, "before_cursor_execute")
    def fail(_connection, _cursor, statement, *_rest):
        if not getattr(armed, "left", 0) or re.match("SET|SELECT set_config|BEGIN", statement):
            return
        armed.left -= 1
        if armed.left == 0:
            raise Injected

    def ask():
        client = app.test_client()
        for _ in range(ROUNDS):
            name = chance.choice(list(PAGES))
            client.set_cookie("portal", cookies[name])
            armed.left = next(places)
            answer = client.get(PAGES[name])
            armed.left = 0
            statuses.append(answer.status_code)
            wrong.extend(other for other, word in words.items() if other != name and word in answer.text)
            if answer.status_code == 200 and words[name] not in answer.text:
                wrong.append(f"{name} without her own")

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record_property("requests", len(statuses))
    record_property("wrong", len(wrong))
    assert not wrong
    assert statuses.count(200) > ROUNDS
    assert statuses.count(500) > 5
    assert set(statuses) <= {200, 302, 500}
    with narrow.session() as session:
        assert session.scalars(select(Person)).first() is not None
