"""Headers, limits, hosts and CSRF: what every answer carries and what no request may exceed."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.core import limits
from portal.settings import Settings
from portal.web.guard import policy_for

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=app.extensions["portal_house"].keys.derive("flask").hex(),
        MAX_CONTENT_LENGTH=limits.REQUEST_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=limits.FORM_FIELD_BYTES,
        MAX_FORM_PARTS=limits.FORM_PARTS,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        TRUSTED_HOSTS=None,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    csrf.init_app(app)
    app.jinja_env.autoescape = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    allowed = {urlsplit(settings.base_url).hostname or "", *settings.hosts}

    @app.before_request
    def check_host() -> None:
        host = request.host.rsplit(":", 1)[0].strip("[]").lower()
        if host not in allowed and not (not settings.is_production and host in {"localhost", "127.0.0.1", "::1"}):
            abort(404)

    @app.before_request
    def check_token() -> None:
        if request.method in {"GET", "HEAD", "OPTIONS"} or request.endpoint is None:
            return
        policy = policy_for(request.endpoint)
        if policy is None or not policy.changes_nothing:
            csrf.protect()

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        policy = policy_for(request.endpoint) if request.endpoint else None
        is_open = request.endpoint == "static" or (policy is not None and policy.cacheable)
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin" if is_open else "no-referrer")
        if not is_open:
            headers["Cache-Control"] = "no-store"
        if settings.is_https:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if g.get("forget_everything"):
            headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return response
