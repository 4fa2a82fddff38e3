"""What a school's privacy notice says: the shared library, each school's changes to it, and what was published when.

Besides models, rules, actions and queries: sentences, placeholders, markup, fragments and filling (a clause's wording,
from what is typed to what is shown), alignment, diff and merge (two and three wordings side by side), compose (clauses
to a notice) and importing (a school's own document). All of these are pure. The room must not know requests, people's
names or the web, and never runs a tenant's text as a template.
"""
