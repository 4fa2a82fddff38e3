"""Random tokens, their stored digests, and keys derived from the one secret key."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_token() -> str:
    """An unguessable address-safe token of 192 bits."""
    return secrets.token_urlsafe(24)


def new_code(digits: int = 6) -> str:
    """A short numeric code, to be typed by a person and throttled by the caller."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def new_reference(groups: tuple[int, ...] = (4, 4)) -> str:
    """A reference people can read aloud, such as `7KQ2-M9XD`; random, so that it tells nothing of volume."""
    return "-".join("".join(secrets.choice(_CROCKFORD) for _ in range(size)) for size in groups)


def digest(value: str, *, purpose: str) -> str:
    """What is stored instead of a token: SHA-256 with its purpose, so that one kind never passes for another."""
    return hashlib.sha256(f"{purpose}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()


class Keys:
    """Keys derived by purpose from the secret key. Several secret keys may be given: the first one writes."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._secrets = [key.encode() for key in secret_keys]

    def derive(self, purpose: str) -> bytes:
        """32 bytes that serve `purpose` only."""
        return hmac.new(self._secrets[0], purpose.encode(), hashlib.sha256).digest()

    def derive_all(self, purpose: str) -> list[bytes]:
        """As `derive`, for every secret key still accepted, the writing one first."""
        return [hmac.new(secret, purpose.encode(), hashlib.sha256).digest() for secret in self._secrets]

    def box(self, purpose: str) -> MultiFernet:
        """Authenticated encryption for short values (a TOTP secret); reads what any accepted key wrote."""
        return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in self.derive_all(purpose)])

    def signature(self, purpose: str, message: bytes) -> str:
        """Hex HMAC-SHA-256 of `message`."""
        return hmac.new(self.derive(purpose), message, hashlib.sha256).hexdigest()

    def is_signed(self, purpose: str, message: bytes, signature: str) -> bool:
        """Whether any secret key still accepted made this signature."""
        made = [hmac.new(key, message, hashlib.sha256).hexdigest() for key in self.derive_all(purpose)]
        return any(hmac.compare_digest(one, signature) for one in made)

    def seal(self, purpose: str, message: bytes) -> bytes:
        """An Ed25519 signature, which whoever knows the public key can check without our secret."""
        return Ed25519PrivateKey.from_private_bytes(self.derive(purpose)).sign(message)

    def public_key(self, purpose: str) -> bytes:
        """The 32 bytes that check `seal`."""
        return self.public_keys(purpose)[0]

    def public_keys(self, purpose: str) -> list[bytes]:
        """As `public_key`, for every secret key still accepted."""
        return [
            Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
            for key in self.derive_all(purpose)
        ]
