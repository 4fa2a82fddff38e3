"""Passwords, codes and addresses: pure questions."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp import TOTP

from portal.core.errors import Invalid
from portal.core.limits import PASSWORD_LENGTH, PASSWORD_MINIMUM

_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
_NOBODYS_HASH = _HASHER.hash("nobody has this password")
TOTP_SECONDS = 30


def normal_email(address: str) -> str:
    """The form in which addresses are stored and compared."""
    return address.strip().lower()


def hash_password(password: str) -> str:
    """argon2id, 64 MiB, three passes. Raises `Invalid` for a length outside 12 to 256 characters."""
    if not PASSWORD_MINIMUM <= len(password) <= PASSWORD_LENGTH:
        raise Invalid(f"Use {PASSWORD_MINIMUM} to {PASSWORD_LENGTH} characters.", field="password")
    return _HASHER.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; does the same work for an account that does not exist (None)."""
    try:
        matches = _HASHER.verify(password_hash or _NOBODYS_HASH, password[:PASSWORD_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def totp_step(secret: str, code: str, *, at: float) -> int | None:
    """The time step (30 s since the epoch) whose code this is, within one step of `at`; None for a wrong code."""
    generator = TOTP(secret, interval=TOTP_SECONDS)
    step = int(at) // TOTP_SECONDS
    for candidate in (step, step - 1, step + 1):
        if generator.at(candidate * TOTP_SECONDS) == code:
            return candidate
    return None
