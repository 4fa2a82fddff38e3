"""Web and worker die in the middle of everything, and nothing that was acknowledged is lost."""

import json

from click.testing import CliRunner

from portal.cli import main


def test_nothing_acknowledged_is_lost_and_no_letter_is_written_twice(empty_database, monkeypatch):
    for name, value in empty_database.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["drill", "kill", "--seconds", "12", "--parents", "3", "--json"])
    figures = json.loads(done.stdout[done.stdout.index("{") :])
    assert done.exit_code == 0, figures
    assert figures["kills_of_web"] + figures["kills_of_worker"] > 0
    assert figures["requests_acknowledged"] >= 3
    assert figures["repeats"] <= figures["kills_of_worker"]
