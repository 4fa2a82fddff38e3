"""Councils with education duties, their links, names over time and successors; schools in the register; postcodes.

Files beside the usual ones, each a topic. `book.py` holds the whole directory in memory, `editing.py` changes councils
themselves. Succession: `succession.py`
checks an order and says what it would do. Public files: `archives.py` opens them, `extracts.py` reads any line by line;
`gias.py` and `gias_links.py` read the school register, `gias_matching.py` finds who followed whom, `gias_plan.py` plans
an import; `postcodes.py` knows a postcode's shape, `postcode_file.py` reads the statistics office's file,
`postcode_pack.py` packs it. Links: `links.py` judges where one leads, `visits.py` visits politely by the rules in
`robots.py`, `fetch.py` connects only to what `addresses.py` allows, `page_text.py` reads the page, `link_states.py`
lists what the last checks found.

Must not know notices or cases, and must never store or log the postcode that a parent types.
"""
