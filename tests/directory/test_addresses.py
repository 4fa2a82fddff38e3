"""Which addresses we connect to, and every disguise of the others."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.addresses import Refused, Target, is_public, require_public, target_of

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - the address is the point
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "127.1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet_is_refused(address):
    assert not is_public(address)
    with pytest.raises(Refused):
        require_public(["93.184.216.34", address])


@pytest.mark.parametrize("address", ["93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111"])
def test_public_addresses_are_accepted(address):
    assert is_public(address)


private = st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"])


@given(private.flatmap(lambda network: st.ip_addresses(v=4, network=network)))
def test_no_private_address_gets_through_in_any_spelling(address):
    number = int(address)
    octets = str(address).split(".")
    spellings = [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(f"0{int(one):o}" for one in octets),
        ".".join(hex(int(one)) for one in octets),
        f"{octets[0]}.{number & 0xFFFFFF}",
        f"{octets[0]}.{octets[1]}.{number & 0xFFFF}",
        f"{address}.",
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[{ipaddress.IPv6Address('2002::') + (number << 80)}]",
    ]
    for spelling in spellings:
        with pytest.raises(Refused):
            target_of(f"http://{spelling}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://LOCALHOST./",
        "http://sub.localhost/",
        "http://printer/",
        "http://intranet.local/",
        "http://metadata.google.internal/",
        "http://router.home.arpa/",
        "http://0/",
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://0x/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://127\u30020\u30020\u30021/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[::1",
        "http://user:secret@council.example/",
        "http://council.example@127.0.0.1/",
        "http://127.0.0.1\\@council.example/",
        "http://council.example:22/",
        "https://council.example:80/",
        "http://council.example:99999/",
        "file:///etc/passwd",
        "ftp://council.example/",
        "gopher://council.example/",
        "javascript:alert(1)",
        "//council.example/",
        "council.example",
        "http:///path",
        "http://",
        "",
        "http://council.example/a b",
        "http://council.example/\r\nHost: evil",
        "http://council.example/\x00",
        "http://-council.example/",
        "http://a..example/",
        "http://council.example/" + "a" * 2000,
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url):
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://council.example", Target("https", "council.example", 443, "/")),
        ("HTTP://Council.Example:80/A%20b?q=1#part", Target("http", "council.example", 80, "/A%20b?q=1")),
        ("https://council.example/caf\u00e9?q=\u00e9", Target("https", "council.example", 443, "/caf%C3%A9?q=%C3%A9")),
        ("https://b\u00fccher.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("http://93.184.216.34/", Target("http", "93.184.216.34", 80, "/")),
        ("http://[2606:4700::1111]/", Target("http", "2606:4700::1111", 80, "/")),
    ],
)
def test_a_plain_address_is_taken_apart(url, target):
    assert target_of(url) == target


def test_an_ipv6_target_is_written_with_brackets():
    assert target_of("http://[2606:4700::1111]/a").url == "http://[2606:4700::1111]/a"


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text):
    for url in (text, f"http://{text}", f"https://council.example/{text}"):
        try:
            target = target_of(url)
        except Refused:
            continue
        assert target.url.isascii()
        assert not set(target.url) & set(" \r\n\t\\")
