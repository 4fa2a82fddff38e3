"""What stands behind the shared door."""

from portal.web.shared import (
    account,
    confirming,
    elsewhere,
    forgotten,
    health,
    invitations,
    mailbox,
    setting_up,
    sign_in,
)
from portal.web.shared.blueprint import pages

ROOMS = (account, confirming, elsewhere, forgotten, health, invitations, mailbox, setting_up, sign_in)
BLUEPRINTS = (pages,)
