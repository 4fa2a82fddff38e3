"""What letters need to know of this installation, for the actions that write them."""

from portal.casework.letters import Sender
from portal.web.session import desk


def sender() -> Sender:
    return Sender(desk.settings.base_url, desk.house.keys)
