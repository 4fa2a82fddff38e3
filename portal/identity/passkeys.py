"""Verbs on passkeys and security keys (WebAuthn). User verification is required, so that one is two factors."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.identity.models import Passkey, Person

_LIMIT = 10
_REFUSED = "The passkey could not be read. Try again, or sign in another way."


@dataclass(frozen=True, slots=True)
class Site:
    """The site that keys are bound to; made of the configured address, never of what a browser sent."""

    base_url: str

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"


def registration_options(session: PortalSession, person: Person, site: Site) -> tuple[str, bytes]:
    """(JSON for the browser, challenge to remember)."""
    present = passkeys(session, person.id)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Privacy portal",
        user_name=person.email,
        user_display_name=person.name,
        user_id=person.handle,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in present],
    )
    return options_to_json(options), options.challenge


def add_passkey(
    session: PortalSession, person: Person, answer: str, challenge: bytes, site: Site, *, name: str, now: datetime
) -> Passkey:
    """Keep a new key. Raises `Invalid` for an answer that is not for this site, this challenge and this person."""
    if len(passkeys(session, person.id)) >= _LIMIT:
        raise Invalid("Remove a passkey that you no longer use first.")
    try:
        made = verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.base_url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(_REFUSED) from error
    key = Passkey(
        person_id=person.id, credential_id=made.credential_id, public_key=made.credential_public_key,
        sign_count=made.sign_count, name=name, added_at=now,
    )  # fmt: skip
    session.add(key)
    return key


def authentication_options(site: Site) -> tuple[str, bytes]:
    """(JSON, challenge); names no account, so that it tells nothing about who has a key."""
    options = generate_authentication_options(
        rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
    )  # fmt: skip
    return options_to_json(options), options.challenge


def use_passkey(session: PortalSession, answer: str, challenge: bytes, site: Site, *, now: datetime) -> Person | None:
    """The person whose key signed the challenge, None for anything else; a counter that went back is refused."""
    try:
        credential = _parsed(answer)
        key = session.scalar(select(Passkey).where(Passkey.credential_id == base64url_to_bytes(str(credential["id"]))))
        if key is None:
            return None
        done = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.base_url,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    key.sign_count, key.used_at = done.new_sign_count, now
    person = session.get(Person, key.person_id)
    return person if person is not None and person.disabled_at is None else None


def passkeys(session: PortalSession, person_id: int) -> list[Passkey]:
    """A person's keys, oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)))


def remove_passkey(session: PortalSession, person: Person, passkey_id: int) -> bool:
    """Forget one of the person's own keys; returns whether there was one."""
    statement = delete(Passkey).where(Passkey.person_id == person.id, Passkey.id == passkey_id)
    return bool(session.count_changed(statement))


def _parsed(answer: str) -> dict[str, Any]:
    parsed = json.loads(answer)
    if not isinstance(parsed, dict):
        raise TypeError
    return parsed
