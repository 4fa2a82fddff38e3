"""What the notices do by the clock: letters to readers, reminders to schools, word to the DPO team."""

from urllib.parse import urlsplit

from portal.core import clock
from portal.core.database import Database
from portal.notices.gathering import fill_shelf
from portal.notices.reminders import remind_school, schools_to_ask, tell_dpo
from portal.notices.subscriptions import Station, forget_unconfirmed, has_letters, tell_readers
from portal.settings import Settings
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant


def station(settings: Settings) -> Station:
    return Station(settings.base_url, urlsplit(settings.base_url).hostname or "localhost")


def readers_wait(_settings: Settings, database: Database) -> bool:
    with database.session() as session, every_tenant(session, "letters about changed notices"):
        return has_letters(session, now=clock.now())


def tell_readers_by_the_clock(settings: Settings, database: Database) -> None:
    told = 1
    while told:
        with database.transaction() as session, every_tenant(session, "letters about changed notices"):
            told = tell_readers(session, station=station(settings), now=clock.now())
    with database.transaction() as session, every_tenant(session, "letters about changed notices"):
        forget_unconfirmed(session, now=clock.now())


def remind_by_the_clock(settings: Settings, database: Database) -> None:
    """One transaction a school: its letters are written before another school's rows are looked at."""
    with database.session() as session, every_tenant(session, "reminders about wording"):
        shelf = fill_shelf(session)
        ids = schools_to_ask(session)
    if not shelf.editions:
        return
    for school_id in ids:
        with database.transaction() as session, every_tenant(session, "reminders about wording"):
            school = session.get(Tenant, school_id)
            if school is not None:
                remind_school(session, school, shelf, station=station(settings), now=clock.now())
    with database.transaction() as session, every_tenant(session, "reminders about wording"):
        tell_dpo(session, station=station(settings), now=clock.now())
