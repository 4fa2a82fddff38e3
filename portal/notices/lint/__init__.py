"""The notice linter: what is wrong with a notice on a given day, where, why, and how to mend it.

packs/*.toml hold the rules as data with their dates, sources and examples, and rules reads them. The `*_checks` files
are the few ways of looking that a rule may name; engine runs them, notice is what they look at, findings is what comes
out, reading measures how hard a text is. Pure: no rows, no clock, no network; who calls says whether a link answers.
"""
