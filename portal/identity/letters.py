"""The words of our own e-mails: an invitation, a code, a warning. No letter names what a person may see."""

from datetime import datetime
from urllib.parse import urlsplit

from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.core.limits import CODE_MINUTES
from portal.outbox.actions import write_letter

_INVITATION = N_("""{inviter} has invited you to work on privacy notices and requests for {tenant}.

To accept, open this page and follow it. It works until {until}:

{link}

The page will send a code to this address, so the link alone is of no use to anybody else.
If you do not know what this is about, do nothing: no account is made.
""")
_CODE = N_("""Your code is {code}

Type it into the page that asked for it, in the same browser. It works once, for {minutes} minutes.
Nobody from the portal will ever ask you for it. If you did not ask for a code, do nothing.
""")
_NO_ACCOUNT = N_("""Somebody, perhaps you, tried to sign in or asked for a new password with this e-mail address.

There is no account under it. If you work for a school, you may have been invited under another address;
whoever manages access at your school can tell you. Otherwise do nothing.
""")
_CHANGED = N_("""How you sign in to the privacy portal was changed: {what}.

If this was you, do nothing. If it was not, tell whoever manages access at your school or the central team at once:
they can end your access, and with it whoever has taken it over.
""")
_HEADS = N_("""These are the heads of all audit trails, signed. Keep this message where the portal cannot write.
`portal audit verify --heads FILE` compares the trails with it.

{document}
""")
_REVIEW = N_("""It is a year since somebody looked through who has access to the portal for {tenant}.

Sign in, open "Who has access" and confirm the list, or end what is no longer needed:

{link}
""")
PASSWORD_CHANGED = N_("a new password was set")
FACTOR_ADDED = N_("a new way to sign in was added")
FACTOR_REMOVED = N_("a way to sign in was removed")


def write_invitation(
    session: PortalSession, *, tenant_id: int, recipient: str, inviter: str, tenant: str, link: str, until: datetime,
    base_url: str, now: datetime,
) -> None:  # fmt: skip
    body = _INVITATION.format(inviter=inviter, tenant=tenant, link=link, until=f"{until:%d %B %Y}")
    subject = N_("You are invited to the privacy portal")
    _write(session, tenant_id, "invitation", recipient, subject, body, base_url, now)


def write_code(
    session: PortalSession, *, tenant_id: int, recipient: str, code: str, base_url: str, now: datetime
) -> None:
    body = _CODE.format(code=f"{code[:4]} {code[4:]}", minutes=CODE_MINUTES)
    _write(session, tenant_id, "code", recipient, N_("Your code for the privacy portal"), body, base_url, now)


def write_no_account(session: PortalSession, *, tenant_id: int, recipient: str, base_url: str, now: datetime) -> None:
    subject = N_("There is no account for this address")
    _write(session, tenant_id, "no-account", recipient, subject, _NO_ACCOUNT, base_url, now)


def write_changed(
    session: PortalSession, *, tenant_id: int, recipient: str, what: str, base_url: str, now: datetime
) -> None:
    subject = N_("How you sign in was changed")
    _write(session, tenant_id, "sign-in-changed", recipient, subject, _CHANGED.format(what=what), base_url, now)


def write_heads(
    session: PortalSession, *, tenant_id: int, recipient: str, document: str, base_url: str, now: datetime
) -> None:
    body = _HEADS.format(document=document)
    _write(session, tenant_id, "audit-heads", recipient, N_("Signed heads of the audit trails"), body, base_url, now)


def write_review_due(
    session: PortalSession, *, tenant_id: int, recipient: str, tenant: str, base_url: str, now: datetime
) -> None:
    body = _REVIEW.format(tenant=tenant, link=f"{base_url}/home")
    _write(
        session, tenant_id, "access-review", recipient, N_("Please look through who has access"), body, base_url, now
    )


def _write(
    session: PortalSession, tenant_id: int, kind: str, to: str, subject: str, body: str, base_url: str, now: datetime
) -> None:
    host = urlsplit(base_url).hostname or "localhost"
    write_letter(
        session, tenant_id=tenant_id, kind=kind, recipient=to, subject=subject, body=body, now=now, host=host
    )  # fmt: skip
