"""The inbox's bench fills an empty database only, and times every view for both readers."""

import json

from click.testing import CliRunner

from portal.casework.bench import VIEWS
from portal.cli import main

MOST_STATEMENTS = 14
"""A page of the inbox asks as much of a database of any size; this grows only with what the page shows."""


def test_the_bench_times_every_view_and_refuses_a_database_in_use(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    command = ["bench", "inbox", "--cases", "200", "--schools", "4", "--runs", "20", "--json"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout[done.stdout.index("{") :])
    timed = [(each["reader"], each["view"]) for each in found["views"]]
    assert len(timed) == len(set(timed))
    assert set(timed) >= {(reader, view.value) for reader in ("dpo", "school") for view in VIEWS}
    assert {"page 500", "search rare", "search common", "counts"} <= {view for reader, view in timed if reader == "dpo"}
    assert 0 < found["whole_page"]["statements"] <= MOST_STATEMENTS
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 2
    assert "not empty" in again.output
