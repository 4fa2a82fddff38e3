"""The background work on changes of notices, a batch at a time: what the worker does, and `portal init` once."""

from datetime import datetime

from portal.core.database import Database
from portal.notices.gathering import Shelf, fill_shelf, generation
from portal.notices.models import ChangeStage
from portal.notices.sealing import BATCH, due_change, prepare_batch, write_batch
from portal.tenancy.scope import every_tenant


class NoticeWork:
    """Goes on where it stopped; any number may run at once, on any number of machines."""

    def __init__(self, database: Database, *, size: int = BATCH) -> None:
        self.database, self.size = database, size
        self._shelf: Shelf | None = None

    def step(self, *, now: datetime) -> bool:
        """Do one batch of the oldest change; returns whether there was anything to do."""
        for stage in (ChangeStage.TRUSTS, ChangeStage.SCHOOLS):
            with self.database.transaction() as session, every_tenant(session, "merging notices"):
                change = due_change(session, now=now, stage=stage)
                if change is not None:
                    change.stage = ChangeStage.SEALING
        return self._seal(now)

    def _seal(self, now: datetime) -> bool:
        with self.database.session() as session, every_tenant(session, "sealing notices"):
            change = due_change(session, now=now, stage=ChangeStage.SEALING)
            if change is None:
                return False
            if self._shelf is None or self._shelf.generation != generation(session):
                self._shelf = fill_shelf(session)
            batch = prepare_batch(session, change, self._shelf, until=now, size=self.size)
        with self.database.transaction() as session, every_tenant(session, "sealing notices"):
            write_batch(session, batch, now=now)
        return True
