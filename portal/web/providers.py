"""Microsoft and Google as identity providers (OpenID Connect with PKCE), as far as the settings name them."""

from dataclasses import dataclass
from typing import Any, cast

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from requests import RequestException

from portal.core.errors import Invalid
from portal.identity.accounts_elsewhere import issuer_matches, proved_at, proved_twice
from portal.settings import Settings

NAMES = {"microsoft": "Microsoft", "google": "Google"}
_SECONDS = 10
_FRESH = 300.0  # seconds
_SKEW = 60.0  # seconds by which the provider's clock may be ahead


class ProviderFailed(Invalid):
    """The provider is down, or answered something that proves nobody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who the provider says it is, whether a second factor was used there, and when (seconds since the epoch)."""

    issuer: str
    subject: str
    proved_twice: bool
    proved_at: float

    def is_fresh(self, *, now: float) -> bool:
        """Whether the person proved herself there just now; a provider that states no time proves nothing."""
        return -_SKEW <= now - self.proved_at <= _FRESH


def install(app: Flask, settings: Settings) -> None:
    oauth: Any = OAuth(app)
    for name, given in (("microsoft", settings.oidc_microsoft), ("google", settings.oidc_google)):
        if given:
            issuer, client_id, secret = given.split("|")
            oauth.register(
                name,
                server_metadata_url=issuer.rstrip("/") + "/.well-known/openid-configuration",
                client_id=client_id,
                client_secret=secret,
                client_kwargs={
                    "scope": "openid email profile",
                    "code_challenge_method": "S256",
                    "default_timeout": _SECONDS,
                },
            )
    app.extensions["portal_providers"] = oauth


def provider_names() -> dict[str, str]:
    """The providers that are set up, by key."""
    known = _oauth()._registry  # noqa: SLF001 - Authlib has no public list
    return {key: name for key, name in NAMES.items() if key in known}


def send_to(provider: str, callback: str, *, again: bool) -> ResponseReturnValue:
    """The way to the provider, which asks for the password anew when `again`. Raises `ProviderFailed`."""
    asked: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {"prompt": "select_account"}
    try:
        return cast("ResponseReturnValue", _client(provider).authorize_redirect(callback, **asked))
    except (AuthlibBaseError, RequestException, ValueError, KeyError) as error:
        raise ProviderFailed(_DOWN) from error


def answer_of(provider: str) -> Answer:
    """What came back, with state, nonce, signature, audience and issuer checked. Raises `ProviderFailed`."""
    client = _client(provider)
    try:
        token = client.authorize_access_token(claims_options={"iss": {"essential": True}})
        claims = token.get("userinfo") or {}
        expected = str(client.load_server_metadata().get("issuer", ""))
    except (AuthlibBaseError, RequestException, ValueError, KeyError) as error:
        raise ProviderFailed(_DOWN) from error
    if not issuer_matches(expected, claims) or not isinstance(claims.get("sub"), str):
        raise ProviderFailed(_DOWN)
    return Answer(str(claims["iss"]), claims["sub"], proved_twice(claims), proved_at(claims))


_DOWN = "The other account could not be reached or did not say who you are. Try again, or sign in another way."


def _client(provider: str) -> Any:  # noqa: ANN401 - Authlib's client
    return _oauth().create_client(provider)


def _oauth() -> Any:  # noqa: ANN401 - Authlib is untyped here
    return current_app.extensions["portal_providers"]
