"""How templates find the components and the built assets, and how strict they are about names."""

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)

from portal.core.assets import assets_version
from portal.web.forms.fields import named_error

COMPONENTS = "govuk_frontend_jinja"


class LenientLoader(PackageLoader):
    """Loads templates into a twin of the environment in which an option nobody gave is simply empty.

    The GOV.UK macros lean on that; our own templates stay strict, so that a wrong name raises.
    """

    twin: Environment | None = None

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:  # noqa: A002 - Jinja's name
        if self.twin is None:
            self.twin = environment.overlay(undefined=ChainableUndefined)
        return super().load(self.twin, name, globals)


def use_components(app: Flask) -> None:
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.loader = ChoiceLoader(
        [PackageLoader("portal", "templates"), PrefixLoader({COMPONENTS: LenientLoader(COMPONENTS)})]
    )
    environment.filters["named_error"] = named_error
    environment.globals["assets_version"] = assets_version()
