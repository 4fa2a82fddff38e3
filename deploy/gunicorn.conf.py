"""How gunicorn serves the portal, with or without a proxy in front. Read by `portal serve` and by systemd."""

import os
from pathlib import Path

bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")

# Two processes of four threads: measured best on SQLite, where writers queue, and plenty for a council on PostgreSQL.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("GUNICORN_THREADS", "4"))

timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000

limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190

# A request that comes from this machine, as the proxy's do, could otherwise say at which address it arrived.
forwarder_headers = ""

# Memory where there is some, so that a slow disk never looks like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own private file there

# Addresses hold private tokens, so the server writes no access log; the proxy writes one without them.
# Its other lines are the portal's JSON lines, on standard error.
accesslog = None
errorlog = "-"
logger_class = "portal.core.server_log.ServerLogger"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
