"""What keeps the house in order: layers, names, sizes of rooms, who may commit, who may speak SQL."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal import tables
from portal.audit.rules import LABELS, AuditKind
from portal.core.database import Base
from portal.settings import DOCUMENTATION, ROOT, names
from portal.tenancy.scope import RowClass

assert tables.ALL
PORTAL = ROOT / "portal"
SOURCES = sorted(PORTAL.rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "requests"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_point_down():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_table_is_classed():
    classes = {mapper.class_.__name__: RowClass(mapper.class_.row_class) for mapper in Base.registry.mappers}
    assert set(classes.values()) == set(RowClass)


def test_only_the_door_the_worker_and_the_command_line_commit():
    allowed = {"portal/web/session.py", "portal/core/database.py"}
    guilty = {relative(path) for path in SOURCES if re.search(r"\.commit\(\)", path.read_text())}
    assert guilty <= allowed


def test_flask_is_known_to_the_doors_only():
    guilty = {
        relative(path)
        for path in SOURCES
        if re.search(r"^(from|import) flask", path.read_text(), re.MULTILINE)
        and not relative(path).startswith(("portal/web/", "portal/app.py"))
    }
    assert not guilty


def test_views_speak_no_sql():
    allowed = {"portal/web/session.py", "portal/web/shared/health.py"}
    guilty = {
        relative(path)
        for path in (PORTAL / "web").rglob("*.py")
        if re.search(r"\bselect\(|session\.add\(|\.execute\(", path.read_text())
    }
    assert guilty <= allowed


def test_sql_text_stays_in_the_core_and_where_nothing_else_can_say_it():
    guilty = {relative(path) for path in SOURCES if re.search(r"run_text\(|exec_driver_sql\(", path.read_text())}
    allowed = (
        "portal/core/",
        "portal/tenancy/walls.py",
        "portal/tenancy/scope.py",
        "portal/lifecycle/schema.py",
        "portal/casework/search.py",
        "portal/casework/bench.py",
        "portal/commands/bench_inbox.py",
    )
    assert not {path for path in guilty if not path.startswith(allowed)}


def test_files_have_names_that_say_something():
    assert not [relative(path) for path in SOURCES if path.stem in BANNED_NAMES]


def test_package_files_hold_one_docstring_only():
    for path in SOURCES:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text()).body
            assert len(body) == 1, relative(path)
            assert isinstance(body[0], ast.Expr), relative(path)


def test_imports_stand_at_the_top():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert not [child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)], (
                    relative(path)
                )


def test_tenants_hold_no_code():
    assert not list((ROOT / "tenants").rglob("*.py"))


def test_every_setting_is_documented_and_every_documented_one_read():
    assert set(names()) == set(DOCUMENTATION)


def test_every_kind_of_audit_line_has_a_label():
    assert set(LABELS) == set(AuditKind)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "GLOSSARY.md", "LICENSE", "docs/decisions"])
def test_the_papers_are_there(name):
    assert (ROOT / name).exists()


def test_no_file_names_a_registry_or_one_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()  # noqa: S607 - git of the path
    host = re.compile("registry" + r"\.npmjs|pypi" + r"\.org/simple|files\.python" + "hosted")
    guilty = [
        name for name in listed if (ROOT / name).is_file() and host.search((ROOT / name).read_text(errors="ignore"))
    ]
    assert not guilty
