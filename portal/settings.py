"""Every setting of the portal, read from the environment; a bad one stops the start with one line."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import O_CREAT, O_EXCL, O_WRONLY
from os import fdopen as open_descriptor
from os import open as os_open
from pathlib import Path
from urllib.parse import urlsplit

from portal.core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


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
    data_dir = Path(environment.get("PORTAL_DATA_DIR") or ROOT / ".data").absolute()
    base_url = environment.get("PORTAL_BASE_URL") or "http://localhost:8000"
    settings = Settings(
        env=env,
        data_dir=_folder(data_dir),
        database_url=_database_url(environment, data_dir),
        database_owner_url=environment.get("PORTAL_DATABASE_OWNER_URL") or None,
        secret_keys=_secret_keys(environment, env, data_dir),
        base_url=_base_url(base_url, env),
        smtp_url=_url(environment, "PORTAL_SMTP_URL", {"smtp", "smtps"}),
        mail_from=environment.get("PORTAL_MAIL_FROM") or f"no-reply@{urlsplit(base_url).hostname}",
        trusted_proxies=_number(environment, "PORTAL_TRUSTED_PROXIES", 0, 5),
        hosts=tuple(host.strip().lower() for host in environment.get("PORTAL_HOSTS", "").split(",") if host.strip()),
        tenants_dir=_existing(environment, "PORTAL_TENANTS_DIR", ROOT / "tenants"),
        clamd=environment.get("PORTAL_CLAMD") or None,
        s3_url=_url(environment, "PORTAL_S3_URL", {"http", "https"}),
        imap_url=_url(environment, "PORTAL_IMAP_URL", {"imap", "imaps"}),
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
    except OSError as error:
        raise SettingsError(f"PORTAL_DATA_DIR: {path} cannot be used: {error.strerror}.") from error
    return path


def _existing(environment: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(environment.get(name) or default).absolute()
    if not path.is_dir():
        raise SettingsError(f"{name}: {path} is not a folder.")
    return path


def _database_url(environment: Mapping[str, str], data_dir: Path) -> str:
    url = environment.get("PORTAL_DATABASE_URL") or f"sqlite:///{data_dir / 'portal.sqlite'}"
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")) or url == "sqlite:///":
        raise SettingsError("PORTAL_DATABASE_URL: must begin sqlite:/// with a path, or postgresql://.")
    if ":memory:" in url:
        raise SettingsError("PORTAL_DATABASE_URL: a database in memory would lose every request; give a file.")
    return url


def _secret_keys(environment: Mapping[str, str], env: str, data_dir: Path) -> tuple[str, ...]:
    given = tuple(key.strip() for key in environment.get("PORTAL_SECRET_KEY", "").split(",") if key.strip())
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
    return path.read_text().strip()


def _base_url(url: str, env: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise SettingsError("PORTAL_BASE_URL: must be like https://privacy.example.gov.uk, without a path.")
    if env == "production" and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise SettingsError("PORTAL_BASE_URL: must be https in production.")
    return url.rstrip("/")


def _url(environment: Mapping[str, str], name: str, schemes: set[str]) -> str | None:
    url = environment.get(name) or None
    if url and (urlsplit(url).scheme not in schemes or not urlsplit(url).hostname):
        raise SettingsError(f"{name}: must be an address beginning with {' or '.join(sorted(schemes))}://.")
    return url


def _number(environment: Mapping[str, str], name: str, lowest: int, highest: int) -> int:
    text = environment.get(name, "0")
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SettingsError(f"{name}: must be a number from {lowest} to {highest}.")
    return int(text)


def _provider(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name) or None
    if value and len(value.split("|")) != 3:
        raise SettingsError(f"{name}: must be `issuer|client id|client secret`.")
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
