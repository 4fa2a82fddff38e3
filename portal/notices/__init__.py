"""What a school's privacy notice says: the shared library, each school's changes to it, and what was published when.

Besides models, rules, actions and queries, pure: sentences, placeholders, markup, fragments and filling (a clause's
wording, from what is typed to what is shown), alignment, diff and merge (two and three wordings side by side), history
(which shared words a school holds when), blocks (computed parts), compose (clauses to a notice), importing (a school's
own document) and lint. What fetches: gathering, councils, reading (one notice), wording (what a school's editor has
before her), planning (what a release does), overview and verifying. What writes: releases, decisions, merging, sealing,
changes and background (the work after a change), subscriptions, reminders and timed.

The room must not know requests, people's names or the web, and never runs a tenant's text as a template.
"""
