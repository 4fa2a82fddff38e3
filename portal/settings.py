"""Every setting of the portal, read from the environment; a bad one stops the start with one line."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import O_CREAT, O_EXCL, O_WRONLY
from os import fdopen as open_descriptor
from os import open as os_open
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portal.core.errors import SettingsError
from portal.core.text import is_email_address

ROOT = Path(__file__).resolve().parent.parent
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PUBLISHED_KEY = "replace-with-the-output-of-openssl-rand-base64-48"
"""What stands in `deploy/portal.env.example`: anybody can read it."""
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")


@dataclass(frozen=True)
class Settings:
    """The settings in force. Field names are those of the environment without `PORTAL_`, in lower case.

    What holds a password is left out when the settings are shown: whoever writes a traceback may show them.
    """

    env: str
    data_dir: Path
    database_url: str = field(repr=False)
    database_owner_url: str | None = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    base_url: str
    smtp_url: str | None = field(repr=False)
    mail_from: str
    trusted_proxies: int
    hosts: tuple[str, ...]
    tenants_dir: Path
    clamd: str | None
    s3_url: str | None = field(repr=False)
    imap_url: str | None = field(repr=False)
    oidc_microsoft: str | None = field(repr=False)
    oidc_google: str | None = field(repr=False)

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    def address(self, path: str) -> str:
        """An absolute address of this installation; never built from what a browser sent."""
        return self.base_url.rstrip("/") + path


DOCUMENTATION: dict[str, str] = {
    "PORTAL_ENV": "`development` (default) or `production`. Production is strict: https, owner role, set secrets.",
    "PORTAL_DATA_DIR": "Folder for the embedded database, files, the development mailbox and the made secret.",
    "PORTAL_DATABASE_URL": "Database that serves. Default: SQLite in the data folder. Production: `postgresql://...`.",
    "PORTAL_DATABASE_OWNER_URL": "PostgreSQL only: the role that owns and migrates. Required in production.",
    "PORTAL_SECRET_KEY": "32 characters or more. Several, separated by commas, while rotating: the first one writes.",
    "PORTAL_BASE_URL": "The address people use. Every absolute link is built from it. Default http://localhost:8000.",
    "PORTAL_SMTP_URL": "`smtp://user:password@host:587` (STARTTLS) or `smtps://`. Without it mail goes to a folder.",
    "PORTAL_MAIL_FROM": "The sender address of all letters. Default: no-reply at the host of the base URL.",
    "PORTAL_TRUSTED_PROXIES": "How many proxies in front are ours, 0 to 5; only so many forwarded hops are believed.",
    "PORTAL_HOSTS": "Further host names that may be asked for, separated by commas.",
    "PORTAL_TENANTS_DIR": "Folder of the tenant packs. Default: `tenants/` of the installation.",
    "PORTAL_CLAMD": "Virus scanner: `host:port` or a socket's path. Without it files are marked as not scanned.",
    "PORTAL_S3_URL": "Object store for files: `https://key:secret@host/bucket`. Default: the data folder.",
    "PORTAL_IMAP_URL": "Mailbox to poll for requests sent by e-mail: `imaps://user:password@host/INBOX`.",
    "PORTAL_OIDC_MICROSOFT": "Sign-in with Microsoft: `issuer|client id|client secret`.",
    "PORTAL_OIDC_GOOGLE": "Sign-in with Google: `issuer|client id|client secret`.",
}


def load(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment. Raises `SettingsError` naming the setting and what is wrong with it."""
    unknown = sorted(name for name in environment if name.startswith("PORTAL_") and name not in DOCUMENTATION)
    if unknown:
        raise SettingsError(f"{unknown[0]}: there is no such setting; `portal settings` lists them.")
    env = environment.get("PORTAL_ENV", "development")
    if env not in {"development", "production"}:
        raise SettingsError("PORTAL_ENV: must be development or production.")
    data_dir = _folder(Path(environment.get("PORTAL_DATA_DIR") or ROOT / ".data").absolute())
    base_url = _base_url(environment.get("PORTAL_BASE_URL") or "http://localhost:8000", env)
    database_url = _database_url(environment, data_dir)
    settings = Settings(
        env=env,
        data_dir=data_dir,
        database_url=database_url,
        database_owner_url=_owner_url(environment, database_url),
        secret_keys=_secret_keys(environment, env, data_dir),
        base_url=base_url,
        smtp_url=_url(environment, "PORTAL_SMTP_URL", "smtp", "smtps"),
        mail_from=_mail_from(environment, base_url),
        trusted_proxies=_number(environment, "PORTAL_TRUSTED_PROXIES", 0, 5),
        hosts=_hosts(environment),
        tenants_dir=_existing(environment, "PORTAL_TENANTS_DIR", ROOT / "tenants"),
        clamd=_clamd(environment),
        s3_url=_s3_url(environment),
        imap_url=_url(environment, "PORTAL_IMAP_URL", "imaps", "imap"),
        oidc_microsoft=_provider(environment, "PORTAL_OIDC_MICROSOFT"),
        oidc_google=_provider(environment, "PORTAL_OIDC_GOOGLE"),
    )
    _check_production(settings)
    return settings


def names() -> list[str]:
    """The environment names of all settings."""
    special = {"secret_keys": "PORTAL_SECRET_KEY"}
    return [special.get(each.name, f"PORTAL_{each.name.upper()}") for each in fields(Settings)]


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        raise SettingsError(f"PORTAL_DATA_DIR: {path} is not a folder.") from error
    except OSError as error:
        raise SettingsError(f"PORTAL_DATA_DIR: {path} cannot be made: {error.strerror}.") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(f"PORTAL_DATA_DIR: {path} cannot be written to by this user.")
    return path


def _existing(environment: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(environment.get(name) or default).absolute()
    if not path.is_dir():
        raise SettingsError(f"{name}: {path} is not a folder.")
    return path


def _database_url(environment: Mapping[str, str], data_dir: Path) -> str:
    name = "PORTAL_DATABASE_URL"
    url = environment.get(name) or f"sqlite:///{data_dir / 'portal.sqlite'}"
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")) or url == "sqlite:///":
        raise SettingsError(f"{name}: must begin sqlite:/// with a path, or postgresql://.")
    if ":memory:" in url:
        raise SettingsError(f"{name}: a database in memory would lose every request; give a file.")
    return _readable(name, url)


def _owner_url(environment: Mapping[str, str], database_url: str) -> str | None:
    name = "PORTAL_DATABASE_OWNER_URL"
    url = environment.get(name) or None
    if url is None:
        return None
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise SettingsError(f"{name}: must begin postgresql://.")
    if not database_url.startswith("postgresql"):
        raise SettingsError(f"{name}: belongs to PostgreSQL, but PORTAL_DATABASE_URL is SQLite.")
    return _readable(name, url)


def _readable(name: str, url: str) -> str:
    """The address, if it can be taken apart and names a database."""
    try:
        database = make_url(url).database
    except (ArgumentError, ValueError) as error:
        raise SettingsError(
            f"{name}: cannot be read; like postgresql://user:password@host/database, "
            "signs such as @ : / in the password written as %40 %3A %2F."
        ) from error
    if not database:
        raise SettingsError(f"{name}: names no database; like postgresql://user:password@host/database.")
    return url


def _secret_keys(environment: Mapping[str, str], env: str, data_dir: Path) -> tuple[str, ...]:
    given = tuple(key.strip() for key in environment.get("PORTAL_SECRET_KEY", "").split(",") if key.strip())
    if _PUBLISHED_KEY in given:
        raise SettingsError(
            "PORTAL_SECRET_KEY: this is the example of deploy/portal.env.example, which anybody can read; "
            "put the output of `openssl rand -base64 48` there."
        )
    if any(len(key) < 32 for key in given):
        raise SettingsError("PORTAL_SECRET_KEY: each key needs at least 32 characters.")
    if given:
        return given
    if env == "production":
        raise SettingsError("PORTAL_SECRET_KEY: must be set in production.")
    return (_made_secret(data_dir / "secret_key"),)


def _made_secret(path: Path) -> str:
    try:
        with open_descriptor(os_open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"PORTAL_DATA_DIR: the made secret {path} cannot be read.") from error
    if len(key) < 32:
        raise SettingsError(f"PORTAL_DATA_DIR: the made secret {path} is damaged; delete it to have another made.")
    return key


def _base_url(url: str, env: str) -> str:
    parts = _parts(url)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or parts.path not in {"", "/"}
        or any((parts.query, parts.fragment, parts.username))
    ):
        raise SettingsError("PORTAL_BASE_URL: must be like https://privacy.example.gov.uk, without a path.")
    if env == "production" and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise SettingsError("PORTAL_BASE_URL: must be https in production.")
    return url.rstrip("/")


def _parts(url: str) -> SplitResult | None:
    """An address taken apart; None where host or port make no sense."""
    try:
        parts = urlsplit(url)
        is_sound = parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
    except ValueError:
        return None
    return parts if is_sound else None


def _url(environment: Mapping[str, str], name: str, *schemes: str) -> str | None:
    url = environment.get(name) or None
    if url is None:
        return None
    parts = _parts(url)
    if parts is None or parts.scheme not in schemes:
        raise SettingsError(
            f"{name}: must begin {' or '.join(f'{scheme}://' for scheme in schemes)}, then a host and perhaps a port."
        )
    return url


def _s3_url(environment: Mapping[str, str]) -> str | None:
    url = _url(environment, "PORTAL_S3_URL", "https", "http")
    parts = urlsplit(url or "")
    bucket = parts.path.strip("/")
    if url and not (parts.username and parts.password and bucket and "/" not in bucket):
        raise SettingsError("PORTAL_S3_URL: must be like https://key:secret@host/bucket.")
    return url


def _mail_from(environment: Mapping[str, str], base_url: str) -> str:
    address = environment.get("PORTAL_MAIL_FROM")
    if not address:
        return f"no-reply@{urlsplit(base_url).hostname}"
    if not is_email_address(address):
        raise SettingsError("PORTAL_MAIL_FROM: must be one e-mail address, like privacy@example.gov.uk.")
    return address


def _hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    hosts = tuple(host.strip().lower() for host in environment.get("PORTAL_HOSTS", "").split(",") if host.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise SettingsError("PORTAL_HOSTS: must be host names without https:// and port, separated by commas.")
    return hosts


def _clamd(environment: Mapping[str, str]) -> str | None:
    address = environment.get("PORTAL_CLAMD") or None
    if address is None or address.startswith("/"):
        return address
    host, _, port = address.rpartition(":")
    if not (_HOST.fullmatch(host) and port.isdecimal() and 0 < int(port) < 65536):
        raise SettingsError("PORTAL_CLAMD: must be host:port, or the path of a socket, which begins with /.")
    return address


def _number(environment: Mapping[str, str], name: str, lowest: int, highest: int) -> int:
    text = environment.get(name) or "0"
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SettingsError(f"{name}: must be a number from {lowest} to {highest}.")
    return int(text)


def _provider(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name) or None
    if value is None:
        return None
    issuer, *rest = value.split("|")
    parts = _parts(issuer)
    is_sound = parts is not None and (parts.scheme == "https" or parts.hostname in _LOOPBACK)
    if len(rest) != 2 or not all(part.strip() for part in rest) or not is_sound:
        raise SettingsError(f"{name}: must be `issuer|client id|client secret`, the issuer an https:// address.")
    return value


def _check_production(settings: Settings) -> None:
    if not settings.is_production:
        return
    if not settings.database_owner_url:
        raise SettingsError(
            "PORTAL_DATABASE_OWNER_URL: must be set in production, so that the application owns nothing."
        )
    if not settings.database_url.startswith("postgresql"):
        raise SettingsError("PORTAL_DATABASE_URL: production needs PostgreSQL.")
