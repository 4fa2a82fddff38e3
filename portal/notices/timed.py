"""What the notices do by the clock: letters to readers, reminders to schools, word to the DPO team."""

from urllib.parse import urlsplit

from portal.core import clock
from portal.core.database import Database
from portal.notices.gathering import fill_shelf
from portal.notices.reminders import remind_school, schools_to_ask, tell_dpo
from portal.notices.subscriptions import Station, forget_unconfirmed, tell_readers
from portal.settings import Settings
from portal.tenancy.scope import every_tenant

_BATCH = 100


def station(settings: Settings) -> Station:
    return Station(settings.base_url, urlsplit(settings.base_url).hostname or "localhost")


def tell_readers_by_the_clock(settings: Settings, database: Database) -> None:
    told = 1
    while told:
        with database.transaction() as session, every_tenant(session, "letters about changed notices"):
            told = tell_readers(session, station=station(settings), now=clock.now())
    with database.transaction() as session, every_tenant(session, "letters about changed notices"):
        forget_unconfirmed(session, now=clock.now())


def remind_by_the_clock(settings: Settings, database: Database) -> None:
    cursor = 0
    while True:
        with database.transaction() as session, every_tenant(session, "reminders about wording"):
            shelf = fill_shelf(session)
            if not shelf.editions:
                return
            schools = schools_to_ask(session, after=cursor, limit=_BATCH)
            for school in schools:
                remind_school(session, school, shelf, station=station(settings), now=clock.now())
        if not schools:
            break
        cursor = schools[-1].id
    with database.transaction() as session, every_tenant(session, "reminders about wording"):
        tell_dpo(session, station=station(settings), now=clock.now())
