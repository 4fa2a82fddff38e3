"""Small pictures that we draw ourselves."""

from io import BytesIO

from markupsafe import Markup
from segno import make


def qr_picture(text: str, *, fills: bool = False) -> Markup:
    """A QR code as SVG for the page itself: no further address that would have to carry the secret.

    One that `fills` has no size of its own and takes that of its place.
    """
    out = BytesIO()
    make(text, error="m", micro=False).save(
        out,
        kind="svg",
        scale=5,
        border=4,
        xmldecl=False,
        svgns=True,
        nl=False,
        svgclass=None,
        lineclass=None,
        omitsize=fills,
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - segno draws numbers only
