"""The main job from end to end: a parent asks, the school answers, the DPO advises, the parent reads."""

import re

import pytest

from portal.core.limits import CODE_MINUTES

pytestmark = pytest.mark.browser
PARENT = "priya.walk@family.example"


def check(visitor):
    """A page that the walk passes: nothing for axe, nothing in the console, nothing wider than the window."""
    name = visitor.page.url
    assert not visitor.accessibility_problems(), name
    assert not visitor.problems, name
    assert not visitor.is_too_wide(), name


def answer(visitor, button="Continue"):
    check(visitor)
    visitor.press(button)


def ask(visitor, *, name="Priya Raman", email=PARENT):
    """From the front page to the confirmation; returns the reference."""
    page = visitor.open("/")
    check(visitor)
    page.get_by_label("Find a school").fill("alder prim")
    visitor.press("Find")
    check(visitor)
    visitor.follow("Alder Primary School")
    check(visitor)
    visitor.follow("Read our privacy notice")
    check(visitor)
    visitor.follow("Ask us about your information")
    page.get_by_label("See the information you hold").check()
    answer(visitor)
    page.get_by_label("Information about me, my child or somebody I act for").check()
    answer(visitor)
    page.get_by_label("My child, or a child I look after").check()
    answer(visitor)
    page.get_by_label("Your child’s full name").fill("Anika Raman")
    page.get_by_label("How are you related to your child?").fill("Mother")
    page.get_by_label("Yes", exact=True).check()
    answer(visitor)
    page.get_by_label("What would you like to see?").fill("Everything since Year 4, please.")
    answer(visitor)
    page.get_by_label("What is your name?").fill(name)
    answer(visitor)
    page.get_by_label("E-mail address").fill(email)
    answer(visitor)
    answer(visitor)
    assert "Anika Raman" in page.inner_text("main")
    answer(visitor, "Send")
    check(visitor)
    assert "will answer by" in page.inner_text("main")
    return re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", page.inner_text("main")).group()


def test_a_request_goes_from_parent_to_school_to_officer_and_back(visitor, live):
    parent = visitor()
    reference = ask(parent)
    letter = live.mailbox.wait_for(PARENT, reference)
    link = re.search(r"https?://\S+/requests/\S+", letter.get_content()).group()

    ben = visitor()
    ben.sign_in("ben")
    check(ben)
    ben.follow("Requests")
    check(ben)
    ben.follow(reference)
    check(ben)
    assert "Anika Raman" in ben.page.inner_text("main")
    ben.press("I take it")
    ben.page.get_by_label("Note", exact=True).fill(
        "Is there anything in the safeguarding file that I should hold back?"
    )
    ben.press("Add the note")
    check(ben)
    ben.follow("Write to the requester")
    check(ben)
    ben.page.get_by_label("Letter").fill("Thank you. We have started to gather the records.")
    ben.press("Send")
    check(ben)

    devi = visitor()
    devi.sign_in("devi")
    check(devi)
    devi.follow("Requests")
    check(devi)
    devi.follow(reference)
    check(devi)
    assert "safeguarding file" in devi.page.inner_text("main")
    devi.page.get_by_label("Note", exact=True).fill("Take out the letter from the nurse, and say that you did.")
    devi.press("Add the note")
    check(devi)

    ben.follow("Requests")
    ben.follow(reference)
    ben.follow("Close the request")
    check(ben)
    ben.page.get_by_label("Done in part").check()
    ben.page.get_by_label("Your answer to the requester").fill("Here is what we hold. We held back one letter.")
    ben.press("Close it")
    check(ben)

    parent.open(link)
    check(parent)
    assert "Anika" not in parent.page.inner_text("body"), "the link alone shows nothing"
    parent.press("Send me a code")
    code = re.search(r"\b\d{6}\b", live.mailbox.wait_for(PARENT, "Your code is").get_content()).group()
    parent.page.get_by_label("Code").fill(code)
    parent.press("Open")
    check(parent)
    story = parent.page.inner_text("main")
    assert "We held back one letter" in story
    assert "safeguarding file" not in story, "notes between the teams stay between them"
    assert CODE_MINUTES == 10


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_public_pages_work_without_javascript_on_a_narrow_phone(visitor, live):
    parent = visitor(java_script_enabled=False, viewport={"width": 320, "height": 700})
    page = parent.open("/")
    page.get_by_label("Find a school").fill("birch")
    parent.press("Find")
    parent.follow("Birch Academy")
    parent.follow("Ask us about your information")
    page.get_by_label("Something else").check()
    parent.press("Continue")
    page.get_by_label("A question to the data protection officer").check()
    parent.press("Continue")
    page.get_by_label("What is your question?").fill("May the school share fingerprints?")
    parent.press("Continue")
    page.get_by_label("What is your name?").fill("Helen Marsh")
    parent.press("Continue")
    page.get_by_label("Telephone number").fill("07700 900188")
    parent.press("Continue")
    while page.get_by_role("button", name="Continue").count():
        parent.press("Continue")
    parent.press("Send")
    assert "Your request is sent" in page.inner_text("h1")
    assert "PIN" in page.inner_text("main")


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("language", ["pl", "ur"])
def test_public_pages_are_sound_in_other_languages(visitor, language):
    reader = visitor(viewport={"width": 320, "height": 700})
    for path in (
        "/",
        "/find?q=alder",
        "/schools/alder-primary",
        "/schools/alder-primary/privacy-notice",
        "/schools/alder-primary/requests/start",
    ):
        reader.open(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert reader.page.get_attribute("html", "lang") == language
        assert reader.page.get_attribute("html", "dir") == ("rtl" if language == "ur" else "ltr")
        check(reader)


def test_a_school_changes_a_clause_beside_the_shared_words_and_families_read_it(visitor):
    bea = visitor()
    bea.sign_in("bea")
    bea.follow("Our notice")
    check(bea)
    bea.follow("What we use it for")
    check(bea)
    box = bea.page.get_by_label("Our words")
    words = box.input_value()
    box.fill(words + "\nOur governors read this page every autumn.")
    bea.press("Save as a draft")
    check(bea)
    assert bea.page.locator("ins", has_text="Our governors read this page every autumn.").count()
    bea.press("Publish")
    check(bea)

    parent = visitor()
    parent.open("/schools/birch-academy/privacy-notice")
    parent.page.wait_for_timeout(1100)  # a page may be a second old
    parent.page.reload()
    check(parent)
    assert "Our governors read this page every autumn." in parent.page.inner_text("main")
    parent.open("/schools/alder-primary/privacy-notice")
    assert "Our governors read" not in parent.page.inner_text("main")


def test_the_central_team_drafts_shared_wording_and_adds_a_school(visitor):
    cal = visitor()
    cal.sign_in("cal")
    cal.follow("Shared wording")
    check(cal)
    cal.follow("2026-09")
    check(cal)

    adi = visitor()
    adi.sign_in("adi")
    adi.follow("Schools")
    check(adi)
    adi.open("/central/schools/new")
    check(adi)
    adi.press("Add the school")
    assert "There is a problem" in adi.page.inner_text("main")
    assert not adi.accessibility_problems()
    for label, value in {
        "Name of the school": "Elder Infant School",
        "Town": "Thornmere",
        "E-mail address of the office": "office@elder.example",
        "Telephone number of the office": "01632 960555",
    }.items():
        adi.page.get_by_label(label).fill(value)
    adi.page.get_by_label("Council").select_option(label="Essex County Council")
    adi.press("Add the school")
    assert not adi.accessibility_problems()
    parent = visitor()
    parent.open("/schools/elder-infant-school/privacy-notice")
    check(parent)
    assert "Elder Infant School" in parent.page.inner_text("main")
