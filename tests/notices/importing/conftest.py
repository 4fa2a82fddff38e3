import tomllib
from pathlib import Path

import pytest

from portal.notices.importing.editions import AuthorityName
from portal.notices.importing.releases import read_release

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def library():
    """The shared library's releases of the general notice, the one in force first."""
    folder = ROOT / "tenants" / "library"
    return [read_release(release) for release in sorted(folder.glob("20*"), reverse=True)]


@pytest.fixture(scope="session")
def authorities():
    rows = tomllib.loads((ROOT / "tenants" / "authorities" / "authorities.toml").read_text("utf-8"))["authorities"]
    return [named for row in rows if (named := _authority(row))]


@pytest.fixture(scope="session")
def seeds():
    """The two published notices, where this copy of the project has them."""
    folder = ROOT.parent / "shared" / "seeds"
    found = sorted(folder.glob("00*.txt"))
    if len(found) != 2:
        pytest.skip("the seed notices are not beside this copy of the project (../shared/seeds)")
    return found


def _authority(row):
    code = next((code["code"] for code in row.get("codes", []) if code["scheme"] == "dfe"), None)
    names = [name[part] for name in reversed(row["names"]) for part in ("name", "short_name") if part in name]
    return AuthorityName(row["key"], code, tuple(dict.fromkeys(names))) if code else None
