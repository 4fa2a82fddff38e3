"""What every answer carries and what no request may exceed."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.core import limits
from portal.settings import Settings
from portal.web import refusing
from portal.web.addresses import is_same_site
from portal.web.door import Audience
from portal.web.guard import policy_for
from portal.web.hosts import Hosts

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_NUMBER = 2**31 - 1
_NOTHING = "There is nothing here.\n"
csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    flask_keys = [key.hex() for key in app.extensions["portal_house"].keys.derive_all("flask")]
    app.config.update(
        SECRET_KEY=flask_keys[0],
        WTF_CSRF_SECRET_KEY=flask_keys[::-1],  # itsdangerous signs with the last and accepts all
        MAX_CONTENT_LENGTH=limits.REQUEST_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=limits.FORM_FIELD_BYTES,
        MAX_FORM_PARTS=limits.FORM_PARTS,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which private pages do not send; see check_token
        TRUSTED_HOSTS=None,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    csrf.init_app(app)
    app.jinja_env.autoescape = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]  # Flask's own way
    refusing.install(app)
    app.before_request(_check_host(settings, Hosts(app.extensions["portal_house"].database)))
    app.before_request(check_text)
    app.before_request(check_token)
    app.after_request(_add_headers(settings))


def check_text() -> None:
    """Stop what no page of ours sends and no database takes: NUL, lone surrogates, huge numbers, floods of fields."""
    if any(isinstance(value, int) and abs(value) > LARGEST_NUMBER for value in (request.view_args or {}).values()):
        abort(404)
    if not _is_storable(request.path) or not all(map(_is_storable, _pairs(request.args))):
        refusing.refused("malformed")
        abort(400)
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    _bound_form()
    names = (file.filename or "" for _, files in request.files.lists() for file in files)
    if not all(map(_is_storable, (*_pairs(request.form), *names))):
        refusing.refused("malformed")
        abort(400)


def _bound_form() -> None:
    """Werkzeug bounds the fields of multipart bodies only, so others are counted before they are taken apart."""
    if request.mimetype == "multipart/form-data":
        return
    request.max_content_length = limits.FORM_FIELD_BYTES
    if request.get_data(cache=True).count(b"&") >= limits.FORM_FIELDS:
        refusing.refused("malformed")
        abort(413)


def check_token() -> None:
    """A change needs our own form: its token, and no browser that says another site sent it."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    policy = policy_for(request.endpoint)
    if policy is not None and policy.changes_nothing:
        return
    try:
        csrf.protect()
    except CSRFError:
        refusing.refused("form")
        raise
    if not is_same_site(request.headers, request.host):
        refusing.refused("form")
        raise CSRFError("sent from another site")


def _check_host(settings: Settings, hosts: Hosts) -> Callable[[], ResponseReturnValue | None]:
    own = urlsplit(settings.base_url).hostname or ""
    local = set() if settings.is_production else {"localhost", "127.0.0.1", "::1"}

    def check_host() -> ResponseReturnValue | None:
        """Our own host serves everything, a school's only that school's public pages, any other nothing."""
        host = request.host.rsplit(":", 1)[0].strip("[]").lower()
        if host == own or host in local:
            return None
        if request.endpoint in {None, "static"} or _is_public(str(request.endpoint)):
            if host in settings.hosts:
                return None
            if slug := hosts.school(host):
                if request.path == "/":
                    return redirect(f"/schools/{slug}")
                if hosts.serves(slug, request.endpoint, request.view_args or {}):
                    return None
        refusing.refused("host")
        return Response(_NOTHING, 404, content_type="text/plain; charset=utf-8")

    return check_host


def _is_public(endpoint: str) -> bool:
    policy = policy_for(endpoint)
    return policy is not None and policy.audience is Audience.PUBLIC


def _add_headers(settings: Settings) -> Callable[[Response], Response]:
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
        if not is_open or response.status_code >= 400:
            headers["Cache-Control"] = "no-store"
        if settings.is_https:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if g.get("forget_everything"):
            headers["Clear-Site-Data"] = '"cache", "storage"'  # the session cookie is deleted by name
        return response

    return add_headers


def _pairs(fields: MultiDict[str, str]) -> Iterator[str | None]:
    """Names and values; a part of a multipart body may have no name, which Werkzeug gives as None."""
    return (text for name, values in fields.lists() for text in (name, *values))


def _is_storable(text: str | None) -> bool:
    return text is not None and "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
