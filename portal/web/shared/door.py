"""What stands behind the shared door."""

from portal.web.shared import health, mailbox, sign_in
from portal.web.shared.blueprint import pages

ROOMS = (health, mailbox, sign_in)
BLUEPRINTS = (pages,)
