"""Encrypting every kept secret afresh under the first secret key, so that an old key can be taken away."""

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from portal.casework.files import PURPOSE
from portal.casework.models import FileKey
from portal.core.database import PortalSession
from portal.core.secrets import Keys
from portal.identity.renewal import renew_secrets


def renew_everything(session: PortalSession, keys: Keys) -> int:
    """How many values were renewed; the scope must be every tenant. Safe to repeat and to break off.

    Messages that are kept are renewed one by one: `portal.casework.incoming.renew_mail`.
    """
    renewed = renew_secrets(session, keys)
    for row in session.scalars(select(FileKey)):
        try:
            row.wrapped = keys.box(PURPOSE).rotate(row.wrapped)
        except InvalidToken:
            continue
        renewed += 1
    return renewed
