"""The development mailbox: letters that would have been sent. Absent in production."""

from email import message_from_bytes, policy

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from portal.outbox.delivery import mailbox
from portal.web.door import Needs
from portal.web.session import desk
from portal.web.shared.blueprint import pages


@pages.page("/dev/mail", may=Needs.NOTHING)
def mail() -> ResponseReturnValue:
    if desk.settings.is_production:
        abort(404)
    paths = mailbox(desk.settings.data_dir / "mail")[:50]
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return render_template("shared/mailbox/mail.html", letters=letters)
