"""Writes `routes.json` anew, when an address was added, renamed or dropped on purpose:
`python -m tests.house.list_routes`.
"""

import json
import tempfile
from pathlib import Path

from portal import tables
from portal.app import create_app
from portal.settings import load
from tests.house.test_doors import ROUTES, routes


def main() -> None:
    assert tables.ALL
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load({"PORTAL_DATA_DIR": folder}))
        Path(ROUTES).write_text(json.dumps(routes(app), indent=1) + "\n")


if __name__ == "__main__":
    main()
