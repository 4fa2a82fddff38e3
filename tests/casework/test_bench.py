"""The inbox's bench fills an empty database only, and times every view for both readers."""

import json

from click.testing import CliRunner

from portal.casework.bench import VIEWS
from portal.cli import main


def test_the_bench_times_every_view_and_refuses_a_database_in_use(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    command = ["bench", "inbox", "--cases", "200", "--schools", "4", "--runs", "20", "--json"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert [(each["reader"], each["view"]) for each in found["views"]] == [
        (reader, view.value) for reader in ("dpo", "school") for view in VIEWS
    ]
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 2
    assert "not empty" in again.output
