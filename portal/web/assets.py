"""How templates find the components and the built assets. Our own templates are strict about undefined names;
the GOV.UK macros lean on undefined options, so they are loaded by a lenient twin of the environment."""

from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, PackageLoader, PrefixLoader, StrictUndefined, Template
from jinja2.runtime import Undefined

from portal.core.assets import assets_version

COMPONENTS = "govuk_frontend_jinja"


class PortalEnvironment(Environment):
    """Flask's environment; names under `govuk_frontend_jinja/` are answered by `lenient`."""

    lenient: "PortalEnvironment | None" = None

    def get_template(self, name: Any, parent: Any = None, globals: Any = None) -> Template:  # noqa: A002 - Jinja's name
        if self.lenient is not None and isinstance(name, str) and name.startswith(f"{COMPONENTS}/"):
            return self.lenient.get_template(name, parent, globals)
        return super().get_template(name, parent, globals)


def use_components(app: Flask) -> None:
    """Call before the first use of `app.jinja_env`, and before extensions that add to it."""
    app.jinja_environment = PortalEnvironment
    app.jinja_options = {**app.jinja_options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = app.jinja_env
    environment.loader = ChoiceLoader([_own(app), PrefixLoader({COMPONENTS: PackageLoader(COMPONENTS)})])
    environment.globals["assets_version"] = assets_version()
    if isinstance(environment, PortalEnvironment):
        environment.lenient = _lenient(environment)


def _own(app: Flask) -> BaseLoader:
    loader = app.create_global_jinja_loader()
    assert isinstance(loader, BaseLoader)
    return loader


def _lenient(environment: PortalEnvironment) -> PortalEnvironment:
    class Missing(ChainableUndefined):
        """An option nobody gave."""

    undefined: type[Undefined] = Missing
    twin = environment.overlay(undefined=undefined)
    assert isinstance(twin, PortalEnvironment)
    return twin
