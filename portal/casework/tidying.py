"""Forgetting what need not be kept: drafts, used codes, keys, mail set aside, the text of letters that carry links."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from portal.casework.drafts import forget_old_drafts
from portal.casework.incoming import forget_old_mail
from portal.casework.models import CasePresence, RequesterCode
from portal.casework.once import BREACH, forget_old_keys, forget_shown
from portal.core.database import PortalSession
from portal.outbox.models import Letter, LetterStatus

WIPED_AFTER = timedelta(hours=1)


def tidy(session: PortalSession, *, now: datetime) -> None:
    """The scope must be every tenant's."""
    forget_old_drafts(session, now=now)
    forget_shown(session, BREACH, now=now)
    forget_old_keys(session, now=now)
    forget_old_mail(session, now=now)
    session.execute(delete(RequesterCode).where(RequesterCode.expires_at < now - timedelta(days=1)))
    session.execute(delete(CasePresence).where(CasePresence.seen_at < now - timedelta(days=1)))
    session.execute(
        update(Letter)
        .where(
            Letter.kind.like("requester.%"),
            Letter.status == LetterStatus.SENT,
            Letter.sent_at < now - WIPED_AFTER,
            Letter.body != "",
        )
        .values(body="")
        .execution_options(synchronize_session=False)
    )
