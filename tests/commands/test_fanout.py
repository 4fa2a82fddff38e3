"""`portal bench fanout` in small: what it counts is what was done."""

import json

from click.testing import CliRunner

from portal.cli import main


def test_it_counts_merges_renders_and_rows():
    done = CliRunner().invoke(main, ["bench", "fanout", "--schools", "40", "--overriding", "8", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["merges"] == found["overriding_schools"] == 8
    assert found["versions_sealed"] >= 40
    assert found["distinct_merges"] < found["merges"]
    assert found["rows_written_by_publishing"] < 10
    assert found["renders_of_markdown"] < 40, "each distinct text once, not each school's"
    assert found["rows_written_in_the_background"] > found["rows_changed_in_the_background"] > 0
