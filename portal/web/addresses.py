"""Where a browser may be sent next, and whether a change came from our own pages."""

from urllib.parse import urlsplit

from werkzeug.datastructures import Headers


def safe_path(wanted: str | None, default: str) -> str:
    """`wanted` when it is a plain path of this portal, else `default`.

    Refuses other hosts in all their spellings, with backslashes, tabs and line breaks inside too.
    """
    if not wanted or len(wanted) > 500 or not wanted.startswith("/") or wanted[1:2] in {"/", "\\"}:
        return default
    if any(ord(character) < 33 or character == "\\" for character in wanted):
        return default
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else wanted


def is_same_site(headers: Headers, host: str) -> bool:
    """Whether browser headers admit our own page as the sender (Fetch Metadata; else Origin, RFC 6454).

    A page sent with `no-referrer` states the origin `null`: the form's token alone decides then.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("Origin")
    return origin is None or origin == "null" or urlsplit(origin).netloc.lower() == host.lower()
