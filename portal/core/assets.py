"""The style sheets and scripts that the build hook makes: whether they are there, and which build."""

from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
NEEDED = ("BUILD", "portal.css", "portal.rtl.css", "portal.js", "govuk-frontend.min.js")


def assets_missing() -> str | None:
    """One line to refuse the start with, or None when all is there."""
    missing = [name for name in NEEDED if not (VENDOR / name).is_file()]
    if not missing:
        return None
    return f"portal/static/vendor/{missing[0]} is missing: run `make assets` (or install the package again)."


def assets_version() -> str:
    """A short mark that changes with every build, for addresses that may be cached for ever."""
    stamp = VENDOR / "BUILD"
    return stamp.read_text().strip() if stamp.is_file() else "none"
