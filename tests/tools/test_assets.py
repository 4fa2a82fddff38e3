import re

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from jinja2 import UndefinedError
from wtforms import DateField, Form, RadioField, StringField
from wtforms.validators import InputRequired

from portal.core.assets import VENDOR, assets_missing, assets_version
from portal.web.assets import use_components
from tests.tools.html_checker import check_html

PAGE = """{% extends "layout.html" %}
{% import "components/forms.html" as forms %}{% import "components/page.html" as page %}
{% block title %}A form{% endblock %}
{% block content %}{{ forms.error_summary(form) }}<h1>A form</h1><form method="post">
{{ forms.text(form.name) }}{{ forms.radios(form.wish) }}{{ forms.date(form.born) }}{{ forms.button("Send") }}</form>
{{ page.table("Rows", ["One", "Two"], [["a", "b"]]) }}
{{ page.pagination(next_href="/next") }}{{ page.notification("Sent") }}
{% endblock %}"""


class Wishes(Form):
    name = StringField("Your name", [InputRequired("Enter your name.")])
    wish = RadioField("What do you want?", [InputRequired("Choose one.")], choices=[("see", "See"), ("stop", "Stop")])
    born = DateField("Date of birth", [InputRequired("Enter a date.")], format="%d %m %Y")


@pytest.fixture
def app():
    made = Flask("portal", static_folder="static")
    Babel(made)
    use_components(made)
    return made


def render(app, template, **values):
    with app.test_request_context():
        return render_template_string(template, **values)


def test_the_build_left_nothing_out():
    assert assets_missing() is None
    assert re.fullmatch("[0-9a-f]{16}", assets_version())


def test_nothing_of_the_brand_of_gov_uk_is_served():
    for sheet in ("portal.css", "portal.rtl.css"):
        css = (VENDOR / sheet).read_text()
        assert "GDS Transport" not in css
        assert "url(" not in css


def test_a_page_with_errors_is_valid_html_and_links_each_error_to_its_field(app):
    form = Wishes()
    form.validate()
    html = render(app, PAGE, form=form)
    assert check_html({"form": html}) == []
    assert "<title>Error: A form</title>" in html
    links = re.findall(r'<a href="#([^"]+)">', html)
    assert links == ["name", "wish", "born-day"]
    assert all(f'id="{link}"' in html for link in links)


def test_a_date_is_typed_in_three_boxes_and_kept_when_it_is_wrong(app):
    class Typed(dict):
        def getlist(self, name):
            return self[name]

    form = Wishes(Typed(born=["31", "2", "2020"], name=["x"], wish=["see"]))
    assert not form.validate()
    html = render(app, PAGE, form=form)
    assert re.findall(r'name="born"[^>]*value="(\d+)"', html) == ["31", "2", "2020"]


def test_no_page_carries_inline_script_or_style(app):
    html = render(app, PAGE, form=Wishes())
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", html)


def test_a_right_to_left_page_takes_the_mirrored_sheet(app):
    html = render(app, PAGE, form=Wishes(), page_lang="ur", page_dir="rtl")
    assert '<html class="govuk-template" lang="ur" dir="rtl">' in html
    assert "vendor/portal.rtl.css" in html


def test_a_wrong_name_in_our_own_templates_raises(app):
    with pytest.raises(UndefinedError):
        render(app, "{{ nobody.defined_this }}")
