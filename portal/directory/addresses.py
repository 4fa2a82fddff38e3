"""Which addresses of the internet we may connect to: public ones only, told from the address itself, never the name.

The portal fetches pages that people type in. Without this guard somebody could make it read the insides of the network
it runs in (server-side request forgery, OWASP A01:2025).
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from portal.core.errors import PortalError
from portal.core.i18n import N_

_URL_LENGTH: Final = 1000
_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_NAMES: Final = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"}
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")

# IANA special-purpose address registries; at 168.63.129.16 a large cloud answers its own guests
_CLOSED_V4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_OPEN_V6: Final = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class Refused(PortalError):
    """An address that we do not connect to."""


@dataclass(frozen=True, slots=True)
class Target:
    """One hop: `resource` is path and query as sent; `host` is in ASCII."""

    scheme: str
    host: str
    port: int
    resource: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.resource}"


def target_of(url: str) -> Target:
    """Take a web address apart. Raises `Refused` for every form that browsers and libraries read in different ways."""
    if len(url) > _URL_LENGTH or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refused(N_("This is not a web address."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(N_("This is not a web address.")) from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Refused(N_("Only addresses that begin with http or https are followed."))
    if parts.username is not None or parts.password is not None:
        raise Refused(N_("An address with a user name in it is not followed."))
    if port not in {None, _PORTS[parts.scheme]}:
        raise Refused(N_("An address with an unusual port is not followed."))
    resource = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    if parts.query:
        resource += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=-._~[]")
    return Target(parts.scheme, _host(parts.hostname), _PORTS[parts.scheme], resource)


def is_public(address: str) -> bool:
    """Whether an address, as a resolver gives it, belongs to the public internet.

    IPv6 addresses that wrap an IPv4 one (mapped, 6to4, Teredo, NAT64) are not: nobody reaches a council that way.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not any(ip in network for network in _CLOSED_V4)
    if ip.scope_id is not None or ip not in _OPEN_V6:
        return False
    return ip.is_global and not any(ip in network for network in _CLOSED_V6)


def require_public(addresses: list[str]) -> None:
    """Raises `Refused` when even one is not public: a name with one foot inside is not trusted at all."""
    if not all(is_public(address) for address in addresses):
        raise Refused(N_("This name leads to an address inside a private network."))


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(typed: str) -> str:
    if ":" in typed:
        return _ipv6(typed)
    try:
        host = typed.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise Refused(N_("This is not the name of a web site.")) from error
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(host)
    if len(labels) < 2 or labels[-1] in _LOCAL_NAMES:
        raise Refused(N_("This name belongs to a private network."))
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(N_("This is not the name of a web site."))
    return host


def _ipv4(host: str) -> str:
    """Only four plain decimal numbers: 127.1, 2130706433, 0x7f.1 and 0177.0.0.1 are ways round a check."""
    try:
        address = str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise Refused(N_("This is a disguised address.")) from error
    require_public([address])
    return address


def _ipv6(typed: str) -> str:
    try:
        address = str(ipaddress.IPv6Address(typed))
    except ValueError as error:
        raise Refused(N_("This is not the name of a web site.")) from error
    require_public([address])
    return address
