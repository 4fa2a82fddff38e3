"""Where a browser may be sent next: only to a path of this portal."""

from urllib.parse import urlsplit


def safe_path(wanted: str | None, default: str) -> str:
    """`wanted` when it is a plain path of this portal, else `default`.

    Refuses other hosts in all their spellings (`//host`, `/\\host`, `https:host`, tabs and line breaks inside).
    """
    if not wanted or len(wanted) > 500 or not wanted.startswith("/") or wanted[1:2] in {"/", "\\"}:
        return default
    if any(ord(character) < 33 or character == "\\" for character in wanted):
        return default
    parts = urlsplit(wanted)
    return default if parts.scheme or parts.netloc else wanted
