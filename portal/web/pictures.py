"""Small pictures that we draw ourselves."""

from io import BytesIO

from markupsafe import Markup
from segno import make


def qr_picture(text: str) -> Markup:
    """A QR code as SVG for the page itself: no further address that would have to carry the secret."""
    out = BytesIO()
    make(text, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, xmldecl=False, svgns=True, nl=False, svgclass=None, lineclass=None
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - segno draws numbers only
