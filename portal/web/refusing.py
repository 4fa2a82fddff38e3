"""Counts what is refused and writes one log line a request: ids and endpoints, never addresses or values."""

import secrets
import time
from http import HTTPStatus
from typing import cast

import structlog
from flask import Flask, Response, current_app, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from portal.core import clock, logs
from portal.identity.refusals import RATE, Tally, of_rate
from portal.identity.throttle import network
from portal.web.session import house

log = structlog.get_logger("portal.web")
_COUNTED = {403: "forbidden", 429: RATE}


def install(app: Flask) -> None:
    logs.configure()
    app.extensions["portal_tally"] = Tally(app.extensions["portal_house"].database)

    @app.before_request
    def begin() -> None:
        clear_contextvars()
        g.request_id = secrets.token_hex(8)
        g.began = time.perf_counter()
        bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        if response.status_code in _COUNTED:
            is_slowed = response.status_code == HTTPStatus.TOO_MANY_REQUESTS and "rate" in g
            refused(of_rate(g.rate) if is_slowed else _COUNTED[response.status_code])
        response.headers["X-Request-Id"] = g.get("request_id", "")
        _write_line(response)
        return response

    @app.teardown_request
    def count(_error: BaseException | None) -> None:
        """The answer has gone; counting must not undo it."""
        try:
            tally().write(now=clock.now())
        except Exception:  # whatever keeps the tally from being written, it is no reason to fail
            log.exception("refusals not counted")


def refused(kind: str) -> None:
    """Count a refusal of this request for the operators' page."""
    tally().add(kind, network(request.remote_addr), now=clock.now())
    bind_contextvars(refused=kind)


def tally() -> Tally:
    return cast("Tally", current_app.extensions["portal_tally"])


def remember_who(actor_id: int | None, tenant_id: int | None) -> None:
    """Name actor and tenant in this request's log lines, by id."""
    bind_contextvars(actor=actor_id, tenant=tenant_id)


def _write_line(response: Response) -> None:
    if request.endpoint == "static" or not house().settings.is_production:
        return
    log.info(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.get("began", 0.0)) * 1000, 1),
    )
