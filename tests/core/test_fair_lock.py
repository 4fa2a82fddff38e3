"""Writers queue for SQLite, and one that cannot take its turn keeps nobody waiting."""

import pytest

from portal.core.database import FairLock


def test_a_turn_that_could_not_be_taken_is_passed_on(tmp_path):
    lock = FairLock(tmp_path / "later" / "portal.lock")
    with pytest.raises(FileNotFoundError):
        lock.acquire()
    (tmp_path / "later").mkdir()
    lock.acquire()
    lock.release()
