"""Where the browser and the accessibility checker are; `python -m tests.tools.fetch` brings them."""

import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
BROWSERS = CACHE / "browsers"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
OWN = ("chrome", "headless_shell", "chrome-headless-shell", "Chromium")

# Chromium refuses its sandbox to root; its shared memory is small in containers.
LAUNCH_ARGUMENTS = ["--disable-dev-shm-usage"] + (
    ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
)


def find_chromium() -> str | None:
    """The path of a Chromium that starts: CHROME_PATH, the machine's, or the one Playwright fetched; else None."""
    named = [os.environ.get("CHROME_PATH")] + [shutil.which(command) for command in COMMANDS] + [str(MAC)]
    fetched = [str(path) for path in sorted(BROWSERS.rglob("*")) if path.name in OWN and path.is_file()]
    return next((path for path in [*named, *fetched] if path and starts(path)), None)


def starts(path: str) -> bool:
    """Also false when the system lacks a library that the browser needs."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False


def axe_source() -> str:
    """axe-core's script; give it to `page.evaluate`, which our content policy does not stop."""
    return (CACHE / "tools/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
