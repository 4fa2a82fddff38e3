from tests.tools.html_checker import check_html

GOOD = '<!doctype html><html lang="en"><head><title>A page</title></head><body><h1>A page</h1></body></html>'


def test_it_passes_a_sound_page():
    assert check_html({"good": GOOD}) == []


def test_it_names_the_page_and_the_line_of_an_error():
    (problem,) = check_html({"good": GOOD, "bad": GOOD.replace("<h1>", '\n<h1 id="a"><img src="x.png">')})
    assert problem.startswith("bad:2: ")
    assert "alt" in problem
