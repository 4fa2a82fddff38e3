"""Passwords, codes, addresses, which roles belong where: pure questions."""

from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp import TOTP

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import PASSWORD_LENGTH, PASSWORD_MINIMUM
from portal.identity.permissions import Role
from portal.tenancy.models import TenantKind

_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
TOTP_SECONDS = 30
REVIEW_EVERY = timedelta(days=365)

ROLE_NAMES: dict[Role, str] = {
    Role.HEAD: N_("Head"),
    Role.LEAD: N_("Data protection lead"),
    Role.OFFICE: N_("Office"),
    Role.EDITOR: N_("Editor of the notice"),
    Role.GOVERNOR: N_("Governor (figures only)"),
    Role.CHAIR: N_("Chair of governors (requests limited to them)"),
    Role.DPO_OFFICER: N_("DPO officer"),
    Role.CLAUSE_EDITOR: N_("Editor of the shared wording"),
    Role.DIRECTORY_EDITOR: N_("Editor of the councils"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
}
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("OPR", "Opera"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
LEADING = frozenset({Role.HEAD, Role.LEAD, Role.ADMINISTRATOR})
_SCHOOL_ROLES = (Role.HEAD, Role.LEAD, Role.OFFICE, Role.EDITOR, Role.GOVERNOR, Role.CHAIR)
_CENTRAL_ROLES = (Role.DPO_OFFICER, Role.CLAUSE_EDITOR, Role.DIRECTORY_EDITOR, Role.ADMINISTRATOR, Role.AUDITOR)


def roles_for(kind: TenantKind) -> tuple[Role, ...]:
    """The roles that a school or trust, or the central team, can give."""
    return _CENTRAL_ROLES if kind is TenantKind.SERVICE else _SCHOOL_ROLES


def normal_email(address: str) -> str:
    """The form in which addresses are stored and compared."""
    return address.strip().lower()


def hash_password(password: str) -> str:
    """argon2id, 64 MiB, three passes. Raises `Invalid` for a length outside 12 to 256 characters."""
    if not PASSWORD_MINIMUM <= len(password) <= PASSWORD_LENGTH:
        raise Invalid(f"Use {PASSWORD_MINIMUM} to {PASSWORD_LENGTH} characters.", field="password")
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


@cache
def nobodys_hash() -> str:
    """What is compared where there is no account, so that it takes the same work; made once by whoever serves."""
    return _HASHER.hash("nobody has this password")


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; does the same work for an account that does not exist (None)."""
    typed = password[:PASSWORD_LENGTH].encode("utf-8", "surrogatepass")
    try:
        _HASHER.verify(password_hash or nobodys_hash(), typed)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def totp_step(secret: str, code: str, *, at: float) -> int | None:
    """The time step (30 s since the epoch) whose code this is, within one step of `at`; None for a wrong code."""
    generator = TOTP(secret, interval=TOTP_SECONDS)
    step = int(at) // TOTP_SECONDS
    for candidate in (step, step - 1, step + 1):
        if generator.at(candidate * TOTP_SECONDS) == code:
            return candidate
    return None


def totp_address(secret: str, email: str, issuer: str) -> str:
    """What the QR code says to the authenticator app."""
    return TOTP(secret, interval=TOTP_SECONDS).provisioning_uri(name=email, issuer_name=issuer)


def browser_name(user_agent: str) -> str:
    """A browser as its user knows it, as far as its own words tell."""
    program = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " – ".join(part for part in (program, system) if part) or N_("Unknown browser")


def is_review_due(reviewed_at: datetime | None, *, since: datetime, now: datetime) -> bool:
    """Whether a year went by since the last access review, or since the tenant came."""
    return (reviewed_at or since) + REVIEW_EVERY <= now
