"""The web server's own log as the portal's JSON lines: gunicorn would quote addresses, and with them private tokens."""

import logging

import structlog
from gunicorn.config import Config
from gunicorn.glogging import Logger

from portal.core import logs


class ServerLogger(Logger):
    """What gunicorn has to say, by `deploy/gunicorn.conf.py`."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        logs.configure()
        self.error_log.handlers[:] = [_ServerBridge()]


class _ServerBridge(logging.Handler):
    """The sentence as gunicorn's source has it; filled in only where nothing but numbers goes in."""

    def emit(self, record: logging.LogRecord) -> None:
        said = ""
        if isinstance(record.args, tuple) and record.args:
            said = record.getMessage() if all(isinstance(one, int) for one in record.args) else str(record.msg)
        structlog.get_logger(record.name).log(
            max(record.levelno, logging.INFO), "server", **logs.without_words(record), said=said
        )
