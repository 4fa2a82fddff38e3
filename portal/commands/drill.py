"""`portal drill`: try the promises of the portal and print the figures. Needs the source with its tests."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import click

from portal.commands.house import print_json
from portal.commands.killing import kill
from portal.core.errors import PortalError
from portal.settings import ROOT

SECONDS = 1_800
_PROCESSES = min(4, os.cpu_count() or 1)
_WALLS = "tests/tenancy/test_walls.py"
_NAMES = "tests/core/test_text.py tests/tenancy/test_names.py"
_EDITORS = "tests/web/shared/test_many_editors.py tests/web/shared/test_overwriting.py"
_INCIDENTS = "tests/incidents"
_FILES = "tests/casework/test_files.py"
_PRESSED = "tests/web/shared/test_pressed_twice.py"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One promise: its number in the plan, what it says, and the tests that try it."""

    number: str
    promise: str
    tests: tuple[str, ...]


SECURITY = (
    Exercise("T1", "nobody sees another tenant's rows, on any route and method", ("tests/isolation",)),
    Exercise("T2", "with the session's scope gone the database still hides them", (_WALLS,)),
    Exercise("T3", "one pooled connection, errors at every statement", ("tests/tenancy/test_pool.py",)),
    Exercise("T4", "no row can name another tenant's row", (f"{_WALLS} tests/isolation::-k another",)),
    Exercise(
        "T5", "whoever leaves has no access within one request", ("tests/web/shared/test_sessions.py::-k leaver",)
    ),
    Exercise(
        "R12",
        "two who change the same thing see each other",
        (f"{_EDITORS} {_INCIDENTS}::-k editors or overwriting or incident_13",),
    ),
    Exercise(
        "R13",
        "a form sent twice has one effect",
        (f"{_PRESSED} tests/web/public/test_intake.py tests/casework::-k twice or again or same_letter or key",),
    ),
    Exercise("R16", "bad input is answered with a page", ("tests/web/test_bad_input.py",)),
    Exercise(
        "R17",
        "malformed bodies and addresses are refused",
        ("tests/web/test_hardening.py", "tests/web/test_raw_http.py"),
    ),
    Exercise(
        "R20",
        "names keep their letters and cannot deceive",
        (f"{_NAMES} {_INCIDENTS}::-k text or names or incident_12 or incident_28",),
    ),
    Exercise("R24", "the trail shows every tampering", ("tests/audit/test_chain.py",)),
    Exercise("R25", "secrets change without forcing anybody out", ("tests/identity/test_keys.py",)),
    Exercise("R26", "guessing is slow and locks nobody out", ("tests/web/shared/test_sign_in.py",)),
    Exercise(
        "R27",
        "files are private, and bombs and what is infected refused",
        (f"{_INCIDENTS} {_FILES}::-k incident_14 or incident_27 or test_files",),
    ),
    Exercise("R30", "nothing anybody typed stands in the logs", ("tests/web/test_logs.py",)),
)


@click.group()
def drill() -> None:
    """Try what the portal promises, on this machine only."""


drill.add_command(kill)


@drill.command()
@click.option("--only", multiple=True, help="Numbers of the plan, such as T1. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def security(*, only: tuple[str, ...], as_json: bool) -> None:
    """Isolation, sign-in, the trail, bad input: one line of figures each. Exit status 1 when a promise is broken."""
    if not (ROOT / "tests").is_dir():
        raise PortalError("The tests are not here: run the drill from the source.")
    unknown = set(only) - {exercise.number for exercise in SECURITY}
    if unknown:
        raise PortalError(f"There is no {min(unknown)}: {', '.join(each.number for each in SECURITY)}.")
    results = []
    for exercise in SECURITY:
        if not only or exercise.number in only:
            results.append(_try(exercise))
            click.echo(_line(results[-1]), err=as_json)
    if as_json:
        print_json(results)
    if any(_is_broken(result) for result in results):
        raise click.exceptions.Exit(1)


def _try(exercise: Exercise) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(_PROCESSES), "--dist", "worksteal"]
        command += ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        for test in exercise.tests:
            paths, _, words = test.partition("::-k ")
            command += [*paths.split(), *(("-k", words) if words else ())]
        longer = {**os.environ, "DRILL": "1"}
        try:
            subprocess.run(  # noqa: S603 - our tests
                command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False, env=longer
            )
        except subprocess.TimeoutExpired as error:
            raise PortalError(f"{exercise.number} took longer than {SECONDS // 60} minutes.") from error
        return {"number": exercise.number, "promise": exercise.promise, **_figures(report)}


def _figures(report: Path) -> dict[str, object]:
    suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 - written by our own pytest a moment ago
    assert suite is not None
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    found: dict[str, int] = {}
    for each in suite.iter("property"):
        name, value = each.get("name", ""), each.get("value", "0")
        if value.isdecimal():  # Hypothesis leaves a text about each test here
            found[name] = found.get(name, 0) + int(value)
    seconds = round(float(suite.get("time", 0)))
    checks, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    return {"checks": checks, "failed": failed, "skipped": skipped, "seconds": seconds, **found}


def _is_broken(result: dict[str, object]) -> bool:
    """A promise that nothing tried is not held."""
    return bool(result["failed"]) or bool(result["skipped"]) or not result["checks"]


def _line(result: dict[str, object]) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in result.items() if name not in {"number", "promise"})
    return f"{result['number']:4} {'BROKEN' if _is_broken(result) else 'held  '} {result['promise']}: {figures}"
