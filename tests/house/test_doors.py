"""No page without a declared policy, no policy without a permission, no address lost in silence."""

import json
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from portal.identity.permissions import TABLE, Action, Role
from portal.web.door import Audience, Door, Needs

ROUTES = Path(__file__).with_name("routes.json")


def routes(app: Flask) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(str(rule), set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return {rule: sorted(methods) for rule, methods in sorted(found.items())}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_addresses_are_the_ones_that_are_listed(app):
    """When one is added, renamed or dropped, the list changes with it, and whoever drops one thinks of redirects."""
    assert routes(app) == json.loads(ROUTES.read_text())


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_endpoint_declares_who_may_open_it(app):
    policies = app.extensions["portal_policies"]
    undeclared = {rule.endpoint for rule in app.url_map.iter_rules()} - set(policies) - {"static"}
    assert not undeclared


@pytest.mark.parametrize("backend", ["sqlite"])
def test_only_public_pages_need_nothing(app):
    policies = app.extensions["portal_policies"]
    open_pages = {
        name
        for name, policy in policies.items()
        if policy.may is Needs.NOTHING and policy.audience is not Audience.PUBLIC
    }
    assert open_pages <= {name for name in open_pages if name.startswith("shared.")}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_view_belongs_to_a_door(app):
    assert all(isinstance(blueprint, Door) for blueprint in app.blueprints.values())
    assert all(isinstance(blueprint, Blueprint) for blueprint in app.blueprints.values())


def test_a_page_without_a_policy_does_not_register():
    door = Door("example", __name__, audience=Audience.SCHOOL)
    with pytest.raises(TypeError, match="must declare"):
        door.route("/open")(lambda: "open")


def test_every_action_has_a_row_and_somebody_who_may():
    assert set(TABLE) == set(Action)
    for row in TABLE.values():
        assert row.own | row.trust | row.service, row.action


def test_every_role_may_do_something():
    allowed = frozenset().union(*(row.own | row.trust | row.service for row in TABLE.values()))
    assert allowed == set(Role)
