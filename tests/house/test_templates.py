"""Every template is used, and every template that code or another template names exists."""

import re

from jinja2 import Environment, nodes

from portal.settings import ROOT

TEMPLATES = ROOT / "portal" / "templates"


def all_templates() -> set[str]:
    return {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*") if path.is_file()}


def named() -> set[str]:
    sources = [*TEMPLATES.rglob("*.*"), *(ROOT / "portal").rglob("*.py")]
    pattern = re.compile(r"""["']([\w/{}.-]+\.(?:html|txt|css|xml))["']""")
    return {match for path in sources for match in pattern.findall(path.read_text())}


def test_every_template_is_used():
    used = named() | {f"errors/{code}.html" for code in (400, 403, 404, 405, 409, 413, 422, 429, 500)}
    assert not {name for name in all_templates() if name not in used}


def test_every_named_template_exists():
    inside = {
        name
        for name in named()
        if "/" in name and "{" not in name and not name.startswith(("govuk_frontend_jinja/", "vendor/"))
    }
    assert not {name for name in inside if name.endswith(".html")} - all_templates()


def test_no_template_holds_inline_style_or_script():
    """The content policy would stop it in the browser; better to know here."""
    for name in all_templates():
        text = (TEMPLATES / name).read_text()
        assert not re.search(r"<[^>]+\sstyle=|<style|\son(click|load|submit|change)=|<script(?![^>]*\ssrc=)", text), (
            name
        )


def test_what_others_import_translates_within_its_macros_only():
    """An imported template is kept from one request to the next, with the language of the first reader."""
    environment = Environment(autoescape=True)
    trees = {name: environment.parse((TEMPLATES / name).read_text()) for name in all_templates()}
    imports = [one for tree in trees.values() for one in tree.find_all((nodes.Import, nodes.FromImport))]
    shared = {one.template.value for one in imports if isinstance(one.template, nodes.Const)} & trees.keys()
    assert "public/councils/card.html" in shared
    for name in shared:
        outside = [part for part in trees[name].body if not isinstance(part, nodes.Macro)]
        called = {
            call.node.name for part in outside for call in part.find_all(nodes.Call) if hasattr(call.node, "name")
        }
        assert not called & {"_", "gettext", "ngettext"}, name
