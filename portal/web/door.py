"""A door: a blueprint whose pages each declare who may open them. What declares nothing does not register."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from portal.core.i18n import N_
from portal.identity.permissions import Action

View = TypeVar("View", bound=Callable[..., Any])


class Audience(StrEnum):
    """For whom a door is; decides what its guard asks."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    SCHOOL = "school"
    CENTRAL = "central"


class Needs(StrEnum):
    """What a page needs when it needs no permission of the table."""

    NOTHING = "nothing"
    SIGN_IN = "sign-in"
    REQUESTER = "requester"


LABELS = {
    Needs.NOTHING: N_("Anybody"),
    Needs.SIGN_IN: N_("Anybody signed in"),
    Needs.REQUESTER: N_("Whoever holds the request’s private link and proved it"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an endpoint declared: who may, and how it is treated.

    `writes` begins a writing transaction also on GET (reads that leave an audit line); `cross_tenant` is the reason
    for which every tenant's rows are read; `cacheable` pages carry nothing personal and open no session;
    `changes_nothing` marks a POST that only looks up, so it needs no CSRF token; `sudo` asks to sign in again first,
    `sudo_to_send` when the form is sent only, so that it can be read and written without.
    """

    audience: Audience
    may: Action | Needs
    writes: bool = False
    cross_tenant: str = ""
    cacheable: bool = False
    changes_nothing: bool = False
    sudo: bool = False
    sudo_to_send: bool = False


class Door(Blueprint):
    """A blueprint with an audience. `page` is its only way to add a view."""

    def __init__(self, name: str, import_name: str, *, audience: Audience, url_prefix: str = "") -> None:
        super().__init__(name, import_name, url_prefix=url_prefix or None)
        self.audience = audience

    def page(
        self,
        rule: str,
        *,
        may: Action | Needs,
        methods: tuple[str, ...] = ("GET",),
        endpoint: str | None = None,
        **policy: Any,  # noqa: ANN401 - the fields of Policy
    ) -> Callable[[View], View]:
        """Register a view with its policy."""

        def register(view: View) -> View:
            name = endpoint or view.__name__
            self.add_url_rule(rule, name, view, methods=list(methods), policy=Policy(self.audience, may, **policy))
            return view

        return register

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,  # noqa: ANN401 - Flask's signature
        provide_automatic_options: bool | None = None,  # noqa: FBT001 - Flask's signature
        **options: Any,  # noqa: ANN401 - Flask's signature
    ) -> None:
        """As Flask's, refusing a view without a policy. Raises `TypeError`."""
        policy = options.pop("policy", None)
        if policy is None:
            msg = f"{rule}: a page must declare who may open it; use Door.page(..., may=...)"
            raise TypeError(msg)
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        self.record(lambda state: _remember(state, str(endpoint), policy))


def _remember(state: BlueprintSetupState, endpoint: str, policy: Policy) -> None:
    name = f"{state.name_prefix}.{state.name}.{endpoint}".lstrip(".")
    audience = state.options.get("audience", policy.audience)
    policies: dict[str, Policy] = state.app.extensions.setdefault("portal_policies", {})
    policies[name] = Policy(
        audience,
        policy.may,
        policy.writes,
        state.options.get("cross_tenant", policy.cross_tenant),
        policy.cacheable,
        policy.changes_nothing,
        policy.sudo,
        policy.sudo_to_send,
    )
