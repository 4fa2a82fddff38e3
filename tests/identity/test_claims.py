"""What an identity provider's claims are worth."""

import pytest

from portal.identity.accounts_elsewhere import issuer_matches, proved_twice


def test_entras_shared_issuer_is_filled_with_the_accounts_own_tenant():
    shared = "https://login.example/{tenantid}/v2.0"
    assert issuer_matches(shared, {"iss": "https://login.example/t1/v2.0", "tid": "t1"})
    assert not issuer_matches(shared, {"iss": "https://login.example/t2/v2.0", "tid": "t1"})
    assert not issuer_matches(shared, {"iss": shared})


@pytest.mark.parametrize(
    ("claims", "twice"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),
        ({}, False),
        ({"amr": [1]}, False),
    ],
)
def test_a_second_factor_counts_only_when_it_is_stated(claims, twice):
    assert proved_twice(claims) is twice
