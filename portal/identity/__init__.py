"""People, memberships, sign-in and the one permission table. Must not know notices or requests.

Verbs stand by topic, as one file would be too long: `actions.py` (people and roles), `entering.py` (password, codes),
`passkeys.py`, `accounts_elsewhere.py` (Microsoft, Google), `proofs.py` (codes by e-mail), `invitations.py`,
`browsers.py` (sessions, drafts), `refusals.py` (what operators see), `timed.py` (by the clock). `permissions.py` is
the table an auditor reads; `throttle.py` slows guessing by what `counting.py` counts; `passwords.py` knows weak
passwords; `letters.py` holds the words of our e-mails.
"""
