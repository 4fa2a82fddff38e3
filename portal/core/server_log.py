"""The web server's own log as the portal's JSON lines: gunicorn would quote addresses, and with them private tokens."""

import logging
import traceback

import structlog
from gunicorn.config import Config
from gunicorn.glogging import Logger

from portal.core import logs

_LOGS = ("/logging/__init__.py", "/gunicorn/glogging.py", "/portal/core/server_log.py")


class ServerLogger(Logger):
    """What gunicorn has to say, by `deploy/gunicorn.conf.py`."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]  # gunicorn has no types
        logs.configure()
        self.error_log.handlers[:] = [_ServerBridge()]


class _ServerBridge(logging.Handler):
    """The sentence as gunicorn's source has it; filled in only where nothing but numbers goes in."""

    def emit(self, record: logging.LogRecord) -> None:
        said = ""
        if isinstance(record.args, tuple) and record.args:
            said = record.getMessage() if all(isinstance(one, int) for one in record.args) else str(record.msg)
        facts = logs.without_words(record) | {"place": _place()}
        structlog.get_logger(record.name).log(max(record.levelno, logging.INFO), "server", **facts, said=said)


def _place() -> str:
    """Where gunicorn called its own log; the record names only the log's file."""
    frames = reversed(traceback.extract_stack())
    found = next(one for one in frames if not one.filename.endswith(_LOGS))
    return f"{found.filename}:{found.lineno}"
