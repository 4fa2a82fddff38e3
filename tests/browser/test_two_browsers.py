"""One case, two teams, at the same time: they see each other, and nobody's words are lost."""

import pytest

from tests.browser.test_walk import ask, check

pytestmark = pytest.mark.browser


def test_school_and_officer_work_on_one_case_in_two_browsers(visitor, live):
    reference = ask(visitor(), email="priya.two@family.example")
    ben, asha, devi = visitor(), visitor(), visitor()
    for person, name in ((ben, "ben"), (asha, "asha"), (devi, "devi")):
        person.sign_in(name)
    at_school, at_centre = f"/school/alder-primary/cases/{reference}", f"/central/cases/{reference}"

    ben.open(f"{at_school}/letters/message")
    devi.open(at_centre)
    check(devi)
    assert "is writing about this request now" in devi.page.inner_text("main")
    asha.open(f"{at_school}/letters/message")
    check(asha)
    assert "is writing about this request now" in asha.page.inner_text("main")

    devi.page.get_by_label("Note", exact=True).fill("Hold back the letter from the nurse.")
    devi.press("Add the note")
    ben.page.get_by_label("Letter").fill("We have begun to look for what you asked for.")
    ben.press("Send")
    assert "Hold back the letter from the nurse." in ben.page.inner_text("main"), "the note arrived meanwhile"

    asha.page.get_by_label("Letter").fill("Thank you for your request, we will look into it.")
    asha.press("Send")
    both = asha.page.content()
    assert "We have begun to look for what you asked for." in both, "what the colleague sent"
    assert "Thank you for your request, we will look into it." in both, "what she wrote herself"
    assert not asha.accessibility_problems()
    asha.press("Send all the same")
    asha.open(at_school)
    letters = asha.page.inner_text("main")
    assert "We have begun to look" in letters
    assert "Thank you for your request" in letters

    devi.open(at_centre)
    seen = devi.page.inner_text("main")
    assert "We have begun to look" in seen
    assert not devi.page.get_by_role("link", name="Write to the requester").count(), "the school decides and sends"
