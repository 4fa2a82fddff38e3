"""Structured logs: one JSON object a line on standard error, with nothing in it that anybody typed."""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure() -> None:
    """Make every log of this process structured; harmless when repeated."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe_error,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    handler = Bridge()
    for name in ("portal", "authlib", "werkzeug", "flask_wtf"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [handler], False
    root = logging.getLogger()
    if not any(isinstance(each, Bridge) for each in root.handlers):
        root.addHandler(handler)


class Bridge(logging.Handler):
    """What libraries log, cut down to who, where, how bad, which error: their texts may quote addresses and values."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            structlog.get_logger(record.name).warning("library", **without_words(record))


def without_words(record: logging.LogRecord) -> dict[str, Any]:
    """What may be told of a library's record: everything but its text."""
    error = record.exc_info[1] if record.exc_info else None
    return {"level_name": record.levelname, "place": f"{record.pathname}:{record.lineno}", "exc_info": error}


class _StandardError:
    """Writes to whatever standard error is now, so that tests and gunicorn may replace it."""

    def __init__(self, *_args: object) -> None:
        pass

    def msg(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is the log

    log = debug = info = warning = error = critical = exception = msg


def _describe_error(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """An error as its kind and where it happened. Its message may hold a statement's values, so it is left out."""
    found: Any = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = _frames(error.__traceback__)
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-12:]]
