"""Passkeys in a real browser, with an authenticator that Chromium plays itself."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("backend", ["sqlite"])]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Authenticator:
    """The virtual authenticator of one page."""

    def __init__(self, visitor, **options):
        self.session = visitor.context.new_cdp_session(visitor.page)
        self.session.send("WebAuthn.enable", {"enableUI": False})
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **options}})
        self.id = made["authenticatorId"]

    def verify(self, *, succeeds):
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": succeeds})


def add_passkey(visitor):
    visitor.open("/account/passkeys/new")
    visitor.page.get_by_label("What do you call it?").fill("Office computer")
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Make the passkey").click()
    assert visitor.page.get_by_role("rowheader", name="Passkey “Office computer”").is_visible()


def sign_out(visitor):
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Sign out").click()


def use_passkey(visitor):
    visitor.open("/sign-in")
    visitor.page.get_by_role("button", name="Use a passkey").click()


def test_a_passkey_is_added_and_signs_in_alone(visitor):
    asha = visitor()
    asha.sign_in("asha")
    Authenticator(asha)
    add_passkey(asha)
    assert not asha.accessibility_problems()
    sign_out(asha)
    use_passkey(asha)
    asha.page.wait_for_url("**/school/alder-primary/today")


def test_a_passkey_without_the_persons_own_proof_is_refused(visitor):
    asha = visitor()
    asha.sign_in("asha")
    authenticator = Authenticator(asha)
    add_passkey(asha)
    sign_out(asha)
    authenticator.verify(succeeds=False)
    use_passkey(asha)
    asha.page.get_by_text("That did not work").wait_for()
    assert "/sign-in" in asha.page.url


def test_a_removed_passkey_no_longer_signs_in(visitor):
    asha = visitor()
    asha.sign_in("asha")
    Authenticator(asha)
    add_passkey(asha)
    with asha.page.expect_navigation():
        asha.page.get_by_role("button", name="Remove").click()
    sign_out(asha)
    use_passkey(asha)
    asha.page.get_by_text("This passkey is not known here").first.wait_for()


def test_our_pages_of_signing_in_pass_the_checks(visitor):
    """On a desk and on a small phone."""
    for options in ({}, {"viewport": {"width": 320, "height": 640}}):
        asha = visitor(**options)
        asha.open("/sign-in")
        assert (asha.accessibility_problems(), asha.is_too_wide(), asha.problems) == ([], False, [])
        asha.open("/sign-in/forgotten")
        assert (asha.accessibility_problems(), asha.is_too_wide(), asha.problems) == ([], False, [])
    asha.sign_in("asha")
    for path in ("/account", "/account/authenticator", "/school/alder-primary/people", "/school/alder-primary/audit"):
        asha.open(path)
        assert (path, asha.accessibility_problems(), asha.is_too_wide(), asha.problems) == (path, [], False, [])
