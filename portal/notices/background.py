"""The background work on changes of notices, a batch at a time: what the worker does, and `portal init` once."""

from datetime import datetime
from time import perf_counter

from portal.core.database import Database, PortalSession
from portal.notices.gathering import Shelf, fill_shelf, generation
from portal.notices.merging import MergeBatch, prepare_merges, write_merges
from portal.notices.models import ChangeStage
from portal.notices.sealing import BATCH, SealingBatch, due_change, prepare_batch, write_batch
from portal.tenancy.scope import every_tenant


class NoticeWork:
    """Goes on where it stopped; any number may run at once, on any number of machines."""

    def __init__(self, database: Database, *, size: int = BATCH) -> None:
        self.database, self.size = database, size
        self.seconds_writing = 0.0
        self._shelf: Shelf | None = None

    def step(self, *, now: datetime) -> bool:
        """Do one batch of the oldest change; returns whether there was anything to do."""
        with self.database.session() as session, every_tenant(session, "merging and sealing notices"):
            change = due_change(session, now=now)
            if change is None:
                return False
            shelf = self._present_shelf(session)
            if change.stage is ChangeStage.SEALING:
                batch: SealingBatch | MergeBatch = prepare_batch(session, change, shelf, until=now, size=self.size)
            else:
                batch = prepare_merges(session, change, shelf, now=now, size=self.size)
        with self.database.transaction() as session, every_tenant(session, "merging and sealing notices"):
            started = perf_counter()
            if isinstance(batch, SealingBatch):
                write_batch(session, batch, now=now)
            else:
                write_merges(session, batch, now=now)
        self.seconds_writing = perf_counter() - started
        return True

    def _present_shelf(self, session: PortalSession) -> Shelf:
        if self._shelf is None or self._shelf.generation != generation(session):
            self._shelf = fill_shelf(session)
        return self._shelf
