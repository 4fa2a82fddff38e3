"""Whether the portal is alive: for the proxy and the operator's monitor."""

from flask.typing import ResponseReturnValue
from sqlalchemy import literal, select

from portal.web.door import Needs
from portal.web.session import desk
from portal.web.shared.blueprint import pages


@pages.page("/health", may=Needs.NOTHING, cacheable=True)
def health() -> ResponseReturnValue:
    desk.session.scalar(select(literal(1)))
    return {"status": "ok"}, 200, {"Cache-Control": "no-store"}
