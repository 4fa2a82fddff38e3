"""The Markdown subset: what is refused, with its line, and what is shown."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.core.limits import CLAUSE_LENGTH
from portal.notices.markup import accept, plain, problems, render
from portal.notices.sentences import to_sentences


def lines(text, known_keys=None):
    return [problem.line for problem in problems(text, known_keys)]


def reasons(text, known_keys=None):
    return " / ".join(problem.reason for problem in problems(text, known_keys))


GOOD = """We keep *some* and **more** of it, 5 < 6 and 5 * 3.
Ask [the office](mailto:office@alder.example), ring [us](tel:+441234567890) or see [the page](https://a.example/b_(c)).

### A sub-heading

- One item. It has two sentences.
- Ask {{ school.name }} at [{{ school.email }}](mailto:{{ school.email }}) or [our site]({{ school.website }})

1. First
2. Second

| Reason | Meaning |
| --- | :-: |
| Task \\| duty | snake_case and \\* |

{{ authority_links }}

See {{ see rights.access }} & more.
"""


def test_the_whole_subset_is_accepted():
    assert reasons(GOOD, {"rights.access"}) == ""
    assert accept(GOOD) == to_sentences(GOOD)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A <b>bold</b> word.", "HTML"),
        ("<script>alert(1)</script>", "HTML"),
        ("A <!-- comment -->", "HTML"),
        ("See <https://a.example>.", "not between"),
        ("A&nbsp;space.", "the character itself"),
        ("[x](javascript:alert(1))", "not allowed"),
        ("[x](JaVa\tScript:alert(1))", "not allowed"),
        ("[x](data:text/html,y)", "not allowed"),
        ("[x](vbscript:y)", "not allowed"),
        ("[x](https://a.org:99999999/)", "begins with https://"),
        ("[x](https://a.org:70000/)", "begins with https://"),
        ("[x](http://a.example)", "begins with https"),
        ("[x](//a.example)", "begins with https"),
        ("[x](/inside)", "begins with https"),
        ("[x](https://gov.uk@a.example/)", "begins with https"),
        ("[x](#)", "leads nowhere"),
        ("[x]()", "leads nowhere"),
        ("[](https://a.example)", "no words"),
        ("[x](https://a.example b)", "no spaces"),
        ('[x](https://a.example "title")', "no spaces"),
        ("![x](https://a.example/y.png)", "Pictures"),
        ("[x](https://a.example", "square bracket"),
        ("Fill in [school name].", "square bracket"),
        ("This is **bold.", "no partner"),
        ("This is *it.", "no partner"),
        ("This is _it.", "no partner"),
        ("# Big", "sub-heading with ###"),
        ("#### Small", "sub-heading with ###"),
        ("###Close", "space between ###"),
        ("Title\n=====", "line of dashes"),
        ("One\n\n---\n\nTwo", "line of dashes"),
        ("```\ncode\n```", "computer code"),
        ("> quoted", "Quoted"),
        ("- a\n  - b", "another list"),
        ("- - a", "another list"),
        ("- ### a", "sub-heading"),
        ("- ", "no words"),
        ("ends\\", "backslash"),
        ("a\u202eb", "U+202E"),
        ("a\x00b", "U+0000"),
        ("a\ue000b", "U+E000"),
        ("| a | b |", "row of titles"),
        ("| a | b |\n| - | - |\n| c |", "This one has 1"),
        ("{{ school.emial }}", "Did you mean “school.email”"),
        ("{{ school.name }", "two brackets"),
        ("{{{ school.name }}}", "two brackets"),
        ("{% if x %}", "two brackets"),
        ("{{ school.name|upper }}", "two brackets"),
        ("{{ config.items() }}", "two brackets"),
        ("The version is {{ version }}.", "alone on its line"),
        ("- {{ version }}", "alone on its line"),
        ("[w](https://{{ school.name }})", "placeholder stands alone"),
        ("[w](mailto:{{ school.name }})", "placeholder stands alone"),
        ("[w]({{ school.email }})", "placeholder stands alone"),
        ("[{{ see rights.access }}](https://a.example)", "inside another link"),
        ("", "no text"),
        (" \n ", "no text"),
    ],
)
def test_what_the_subset_leaves_out_is_refused_with_its_reason(text, words):
    assert words in reasons(text)


def test_a_reference_to_no_clause_is_refused_when_the_clauses_are_known():
    assert "no clause “rights.acess”" in reasons("See {{ see rights.acess }}.", {"rights.access"})
    assert "Did you mean “rights.access”" in reasons("See {{ see rights.acess }}.", {"rights.access"})
    assert reasons("See {{ see rights.acess }}.") == ""


def test_all_problems_are_found_each_with_its_own_line():
    text = "Fine.\r\n<b>x</b>\r\n\r\n- ok\r\n- [x](#)\r\n\r\nA *star and\r\n[y] {{ a.b }}\r\n\r\n| a |\r\n|-|\r\n| *b |"
    assert lines(text) == [2, 5, 7, 8, 8, 12]


def test_an_overlong_text_is_refused_at_the_line_where_it_becomes_too_long():
    text = "A sentence of some length.\n" * (CLAUSE_LENGTH // 27 + 5)
    assert lines(text) == [CLAUSE_LENGTH // 27 + 1]
    assert "20,000 are allowed" in reasons(text)


def test_accept_raises_with_line_reason_and_field():
    with pytest.raises(Invalid) as refused:
        accept("Fine.\n<b>x</b>", name="text")
    assert refused.value.line == 2
    assert refused.value.field == "text"
    assert "HTML" in str(refused.value)


def test_html_is_what_a_clause_needs_and_no_more():
    assert render("One. Two.\n\n### Three\n\n- a *b*\n- **c**\n\n1. d\n2. e") == (
        "<p>One. Two.</p>\n<h4>Three</h4>\n<ul>\n<li>a <em>b</em></li>\n<li><strong>c</strong></li>\n</ul>\n"
        "<ol>\n<li>d</li>\n<li>e</li>\n</ol>"
    )


def test_a_table_scrolls_by_itself_and_its_titles_belong_to_columns():
    html = render("| Why | What |\n|---|--:|\n| a & b | c |")
    assert html.startswith('<div class="table-scroll" tabindex="0" role="region" aria-label="Why, What">\n<table>')
    assert html.count('<th scope="col">') == 2
    assert "<td>a &amp; b</td>" in html
    assert "style" not in html


def test_chinese_sentences_are_joined_without_a_space():
    assert render("一。\n二。") == "<p>一。二。</p>"


def test_plain_text_says_where_links_lead():
    text = (
        "See [the page](https://a.example/b) or [a.example/c](https://a.example/c), [me](mailto:x@a.example), [or](/x)."
    )
    assert plain(text) == "See the page (https://a.example/b) or a.example/c, me (x@a.example), or."


def test_plain_text_keeps_the_order_of_lists_and_tables():
    assert plain("One.\nTwo.\n- a\n- b\n\n1. c\n2. d\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n### H\nEnd.") == (
        "One. Two.\n\n- a\n- b\n\n1. c\n2. d\n\nx | y\n1 | 2\n\nH\n\nEnd."
    )


def test_placeholders_show_as_typed_in_a_text_rendered_by_itself():
    assert render("{{school.name}} {{ see rights.access }}") == "<p>{{ school.name }} {{ see rights.access }}</p>"


HOSTILE = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=y>",
            "<a href=javascript:x>",
            "&#106;avascript:",
            "<",
            ">",
            '"',
            "'",
            "`",
        ),
        *(
            "[a](javascript:x)",
            "[a](java\nscript:x)",
            "[a](data:x)",
            "](",
            "![",
            "[a](&#106;avascript:x)",
            "[a]:javascript:x\n",
        ),
        *(
            "[b](//evil.example)",
            "[b](\\\\evil)",
            "{{ school.name }}",
            "| a |\n| - |\n",
            "- ",
            "### ",
            "word ",
            "\n",
            "[a]",
        ),
    ]
)


@given(st.lists(HOSTILE, max_size=12).map("".join))
@settings(max_examples=800, deadline=None)
def test_nothing_that_runs_gets_through_even_unchecked(text):
    html = render(text)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert tags <= {
        "a",
        "div",
        "em",
        "h4",
        "li",
        "ol",
        "p",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }
    assert all(re.match(r"https?:|mailto:|tel:|[^:]*$", target) for target in re.findall(r'href="([^"]*)"', html))
    assert not re.search(r"<[^>]*\son\w+=", html)


@given(st.text(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_text_gives_problems_or_html_but_no_surprise(text):
    for problem in problems(text):
        assert 1 <= problem.line <= text.count("\n") + text.count("\r") + text.count("\u2028") + 200
        assert problem.reason
    if not problems(text):
        assert plain(text) == plain(to_sentences(text))
        assert not problems(to_sentences(text))
