"""Every right, asked for by a parent without scripts, with the keyboard alone, on the narrowest phone."""

import re

import pytest

from tests.browser.conftest import Visitor, serving
from tests.conftest import copy_of_sqlite

pytestmark = pytest.mark.browser
KINDS = [
    ("see", "access", "See information"), ("see", "record", "Educational record"),
    ("wrong", "rectification", "Correct information"), ("stop", "erasure", "Delete information"),
    ("wrong", "restriction", "Limit the use of information"), ("stop", "objection", "Object to a use"),
    ("stop", "consent", "Consent taken back"), ("see", "portability", "Information to take elsewhere"),
    ("wrong", "automated", "Decision made by a computer"), ("complain", None, "Complaint"),
    ("else", "retention", "Retention schedule"), ("else", "question", "Question to the DPO"),
]  # fmt: skip
MOST_TABS = 60


@pytest.fixture(scope="module")
def one_for_all(sqlite_template, tmp_path_factory):
    """Parents who know nothing of each other may ask the same portal."""
    settings = copy_of_sqlite(sqlite_template, tmp_path_factory.mktemp("live"))
    with serving(settings, sqlite_template.cast) as found:
        yield found


@pytest.fixture
def live(one_for_all):
    return one_for_all


class Keyboard:
    """Somebody who only has a keyboard: what has the focus is all she can act on.

    The page's own scripts are off; the test still asks the browser what has the focus.
    """

    def __init__(self, visitor: Visitor) -> None:
        self.page = visitor.page

    def go_to(self, selector: str) -> None:
        """Press Tab until the focus is on it."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached by keyboard on {self.page.url}")

    def choose(self, name: str, value: str) -> None:
        """Enter a group of radio buttons and go down it with the arrow keys."""
        self.go_to(f'input[name="{name}"]')
        self.page.keyboard.press("Space")
        for _ in range(20):
            if self.page.evaluate("() => document.activeElement.checked && document.activeElement.value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is no choice of {name}")

    def write(self, selector: str, text: str) -> None:
        self.go_to(selector)
        self.page.keyboard.type(text)

    def press(self, name: str) -> None:
        """Go to the button and press Enter."""
        self.go_to("main button")
        while name not in self.page.evaluate("() => document.activeElement.innerText"):
            self.go_to("main button")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


@pytest.mark.parametrize(("goal", "kind", "label"), KINDS, ids=[kind or goal for goal, kind, _ in KINDS])
def test_a_parent_can_ask_for_it_without_scripts_by_keyboard_at_320_pixels(visitor, goal, kind, label):
    parent = visitor(java_script_enabled=False, viewport={"width": 320, "height": 640})
    keys, page = Keyboard(parent), parent.open("/schools/alder-primary/requests/start")
    answers = {
        "start": lambda: keys.choose("goal", goal),
        "kind": lambda: keys.choose("kind", kind or ""),
        "who": lambda: keys.choose("relationship", "child"),
        "person": lambda: (
            keys.write('input[name="subject_name"]', "Anika Raman"), keys.write('input[name="connection"]', "Mother"),
        ),
        "details": lambda: keys.write("textarea", "It is about the school trip in June."),
        "name": lambda: keys.write('input[name="requester_name"]', "Priya Raman"),
        "contact": lambda: keys.write('input[name="telephone"]', "07700 900123"),
        "answer": lambda: None,
    }  # fmt: skip
    for _ in range(len(answers) + 1):
        step = page.url.rpartition("/")[2].partition("?")[0]
        assert width_of(page) <= 320, f"{step} is wider than the window"
        if step == "check":
            break
        answers[step]()
        keys.press("Continue")
    assert "It is about the school trip in June." in page.inner_text("main")
    keys.press("Send")
    told = page.inner_text("main")
    reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", told).group()
    pin = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", told).group()
    assert width_of(page) <= 320

    parent.open("/requests")
    keys.write('input[name="reference"]', reference)
    keys.write('input[name="code"]', pin)
    keys.press("Open")
    assert label.lower() in page.inner_text("main").lower()
    assert width_of(page) <= 320


def width_of(page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth")
