"""How each request ends: commit on success, roll back on error, and a plain page for whatever went wrong."""

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.identity.throttle import TooMany
from portal.web.refusing import refused
from portal.web.session import Desk, close_desk

log = structlog.get_logger("portal.web")


def install(app: Flask) -> None:
    @app.after_request
    def finish(response: Response) -> Response:
        close_desk(commit=response.status_code < 500 and not g.get("must_roll_back"))
        return response

    @app.teardown_request
    def clear(_error: BaseException | None) -> None:
        close_desk(commit=False)

    for error, answer in ANSWERS.items():
        app.register_error_handler(error, answer)


def http_error(error: HTTPException) -> ResponseReturnValue:
    return forbidden() if error.code == HTTPStatus.FORBIDDEN else _page(error.code or 500)


def forbidden() -> ResponseReturnValue:
    """Names whom to ask: the central team's administrator for its own people, else the school's leaders."""
    desk: Desk | None = g.get("desk")
    is_of_service = desk is not None and any(tenant_id == desk.service_id for tenant_id, _ in desk.actor.roles)
    return _page(403, is_of_service=is_of_service)


def too_many(error: TooMany) -> ResponseReturnValue:
    g.rate = error.rate
    response = make_response(_page(429, keeps_work=True))
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def malformed(_error: Exception) -> ResponseReturnValue:
    """A body that the server began to hand over and then found to be broken."""
    refused("malformed")
    return _page(400)


def clash(error: IntegrityError) -> ResponseReturnValue:
    """Two wrote at the same moment what may be there once: the second has changed nothing. All else is a fault."""
    if not isinstance(error.orig, UniqueViolation):
        return unexpected(error)
    log.warning("clash", endpoint=request.endpoint)
    return _page(409)


def unexpected(error: Exception) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    log.error("unexpected", reference=reference, endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
    return _page(500, reference=reference)


ANSWERS: dict[type[Exception], Callable[[Any], ResponseReturnValue]] = {
    HTTPException: http_error,
    CSRFError: lambda _error: _page(400, "errors/form_expired.html"),
    NotFound: lambda _error: _page(404),
    Forbidden: lambda _error: forbidden(),
    Invalid: lambda error: _page(422, reason=str(error)),
    Conflict: lambda error: _page(409, reason=str(error)),
    IntegrityError: clash,
    StaleDataError: lambda _error: _page(409),  # somebody else wrote the row between our reading and writing it
    ParseException: malformed,
    TooMany: too_many,
    Exception: unexpected,
}


def _page(code: int, template: str = "", *, keeps_work: bool = False, **values: object) -> tuple[str, int]:
    """An error page; what the request changed is undone, except the counting of a try."""
    close_desk(commit=keeps_work)
    known = {400, 403, 404, 405, 409, 413, 422, 429}
    name = template or f"errors/{code if code in known else 500}.html"
    return render_template(name, code=code, **values), code
