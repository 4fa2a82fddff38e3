"""The school's side of its notice: the right person, the wrong role, the wrong school, nobody."""

import html
import re

import pytest

from tests.notices.conftest import Press

NOTICE = "/school/alder-primary/notice"
CLAUSE = f"{NOTICE}/clauses/information.held"
PUBLIC = "/schools/alder-primary/privacy-notice"


@pytest.fixture
def template(sealed_template):
    return sealed_template


def text(response):
    return response.get_data(as_text=True)


def field(page, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or re.search(
        rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL
    )
    return html.unescape(found[1])


def form(client, path=CLAUSE, **values):
    page = text(client.get(path))
    names = [name for name in ("csrf_token", "base", "seen", "own", "text") if f'name="{name}"' in page]
    return {**{name: field(page, name) for name in names}, **values}


def test_a_head_publishes_her_own_words(staff, client):
    asha = staff.client("asha")
    data = form(asha, do="publish")
    response = asha.post(CLAUSE, data={**data, "text": f"{data['text']}\n\nOur own line."})
    assert response.status_code == 302
    assert "Our own line." in text(client.get(PUBLIC))
    assert "Our words" in text(asha.get(NOTICE))


def test_a_draft_is_nobody_elses_business(staff, client):
    asha = staff.client("asha")
    data = form(asha, do="save")
    asha.post(CLAUSE, data={**data, "text": "A draft line."})
    assert "A draft line." in text(asha.get(CLAUSE))
    assert "A draft line." not in text(client.get(PUBLIC))


def test_what_is_wrong_is_said_with_its_line_and_what_was_typed_is_kept(staff):
    asha = staff.client("asha")
    response = asha.post(CLAUSE, data=form(asha, text="Good line.\n\n<b>bad</b>", do="publish"))
    assert response.status_code == 422
    assert "Line 3" in text(response)
    assert "&lt;b&gt;bad&lt;/b&gt;" in text(response)


def test_both_texts_are_shown_when_somebody_saved_meanwhile(staff):
    asha = staff.client("asha")
    data = form(asha, do="save")
    asha.post(CLAUSE, data={**data, "text": "The first person's line."})
    response = asha.post(CLAUSE, data={**data, "text": "The second person's line."})
    assert response.status_code == 409
    assert "The first person" in text(response)
    assert "The second person" in text(response)


def test_the_same_button_twice_publishes_once(staff):
    asha = staff.client("asha")
    asha.post(CLAUSE, data=form(asha, text="Our line.", do="save"))
    data = form(asha, do="publish")
    assert [asha.post(CLAUSE, data=data).status_code for _ in range(2)] == [302, 302]


@pytest.mark.parametrize("base", ["0" * 64, "no hash", "y" * 300])
def test_a_page_that_names_a_shared_text_that_never_was_takes_todays(staff, client, base):
    asha = staff.client("asha")
    data = {**form(asha), "base": base}
    assert asha.post(CLAUSE, data={**data, "text": f"{data['text']}\n\nOurs.", "do": "save"}).status_code == 302
    assert asha.post(CLAUSE, data=form(asha, base=base, do="publish")).status_code == 302
    assert "Ours." in text(client.get(PUBLIC))


def test_a_locked_clause_has_no_form(staff):
    page = text(staff.client("asha").get(f"{NOTICE}/clauses/about.controller"))
    assert "the same in every school" in page
    assert 'name="text"' not in page


def test_a_statement_of_fact_is_confirmed(staff, client):
    asha = staff.client("asha")
    path = f"{NOTICE}/changes/cookies.school-site"
    page = text(asha.get(path))
    data = {"csrf_token": field(page, "csrf_token"), "offered": field(page, "offered"), "do": "yes"}
    assert asha.post(path, data=data).status_code == 302
    assert "changes/cookies.school-site" not in text(asha.get(NOTICE))


def test_a_local_clause_is_added(staff, client):
    asha = staff.client("asha")
    path = f"{NOTICE}/additions/sources.where"
    data = {**form(asha, path), "mode": "after", "title": "Our club", "text": "We run a club."}
    made = asha.post(path, data=data)
    assert made.status_code == 302
    asha.post(made.headers["Location"], data=form(asha, made.headers["Location"], title="Our club", do="publish"))
    assert "We run a club." in text(client.get(PUBLIC))


@pytest.mark.parametrize(
    ("name", "status"),
    [("asha", 200), ("ben", 200), ("gus", 200), ("devi", 200), ("cal", 200), ("bea", 404), ("tom", 404)],
)
def test_who_may_see_the_schools_notice_and_its_drafts(staff, name, status):
    assert staff.client(name).get(NOTICE).status_code == status


@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("gus", 403), ("devi", 403), ("bea", 404)])
def test_who_may_not_write_it(staff, name, status):
    asha = staff.client("asha")
    page = form(asha, do="publish", text="Words of a stranger.")
    other = staff.client(name)
    start = "/school/birch-academy/today" if name == "bea" else NOTICE
    token = text(other.get(start)).split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    assert other.post(CLAUSE, data={**page, "csrf_token": token}).status_code == status


def test_nobody_is_asked_to_sign_in(client):
    assert client.get(NOTICE).status_code == 302
    assert client.get(CLAUSE).status_code == 302


@pytest.mark.parametrize("path", ["clauses/no.such", "questions/999999", "changes/no.such", "additions/no.such"])
def test_what_is_not_there_is_not_found(staff, path):
    assert staff.client("asha").get(f"{NOTICE}/{path}").status_code == 404


PHOTOGRAPHS = "/schools/alder-primary/privacy-notices/photographs"


def test_a_head_chooses_a_further_notice_and_publishes_her_own_words_in_it(staff, client):
    asha = staff.client("asha")
    assert f'href="{NOTICE}?kind=photographs"' in text(asha.get(NOTICE))
    page = text(asha.get(f"{NOTICE}?kind=photographs"))
    assert "Why we take pictures" in page
    assert "What we hold" not in page
    path = f"{NOTICE}/clauses/photographs.why"
    data = form(asha, path, do="publish")
    response = asha.post(path, data={**data, "text": f"{data['text']}\n\nWe film the nativity play."})
    assert response.headers["Location"].endswith(f"{NOTICE}?kind=photographs")
    assert "We film the nativity play." in text(client.get(PHOTOGRAPHS))
    assert "We film the nativity play." not in text(client.get(PUBLIC))


def test_a_clause_of_our_own_stands_in_the_notice_it_was_added_to(staff, client):
    asha = staff.client("asha")
    path = f"{NOTICE}/additions/photographs.why"
    data = form(asha, path, title="Drones", mode="after", text="We never fly one.")
    response = asha.post(path, data=data)
    assert response.headers["Location"].endswith("/notice/clauses/local.photographs.drones")
    own = f"{NOTICE}/clauses/local.photographs.drones"
    assert asha.post(own, data=form(asha, own, title="Drones", do="publish")).status_code == 302
    assert "We never fly one." in text(client.get(PHOTOGRAPHS))
    assert "We never fly one." not in text(client.get(PUBLIC))


def test_a_notice_that_there_is_none_of_is_not_found(staff):
    assert staff.client("asha").get(f"{NOTICE}?kind=biscuits").status_code == 404


def test_others_do_not_reach_a_further_notice(staff, client):
    path = f"{NOTICE}?kind=photographs"
    assert staff.client("bea").get(path).status_code == 404
    assert client.get(path).status_code == 302


def test_two_people_who_saw_the_same_page_do_not_publish_over_each_other(staff, client):
    asha = staff.client("asha")
    data = form(asha, do="publish")
    asha.post(CLAUSE, data={**data, "text": "The first person's line."})
    response = asha.post(CLAUSE, data={**data, "text": "The second person's line."})
    assert response.status_code == 409
    assert "The first person" in text(response)
    assert "The first person" in text(client.get(PUBLIC))
    page = text(response)
    again = {name: field(page, name) for name in ("csrf_token", "base", "seen", "own", "text")}
    assert asha.post(CLAUSE, data={**again, "do": "publish"}).status_code == 302
    assert "The second person" in text(client.get(PUBLIC))


def test_a_draft_that_was_not_seen_is_not_thrown_away(staff):
    asha = staff.client("asha")
    data = form(asha, do="publish")
    asha.post(CLAUSE, data={**data, "text": "Our line."})
    stale = form(asha)
    asha.post(CLAUSE, data=form(asha, text="A colleague's draft.", do="save"))
    asha.post(f"{CLAUSE}/sharing", data=stale)
    page = text(asha.get(CLAUSE))
    assert "A colleague" in page
    asha.post(f"{CLAUSE}/sharing", data={name: field(page, name) for name in ("csrf_token", "seen", "own")})
    assert "A colleague" not in text(asha.get(CLAUSE))


def test_a_release_published_while_the_same_sentence_is_typed_leads_to_three_texts(staff, client, database):
    asha = staff.client("asha")
    data = form(asha, do="publish")
    old = data["text"].splitlines()[0]
    Press(database).release("2027-01", {"information.held": lambda words: words.replace(old, "The shared first line.")})
    response = asha.post(CLAUSE, data={**data, "text": data["text"].replace(old, "Our first line.")})
    question = response.headers["Location"]
    assert "/questions/" in question
    page = text(asha.get(question))
    assert [
        words for words in ("Our first line.", "The shared first line.", "Keep our words") if words not in page
    ] == []
    kept = asha.post(question, data={"csrf_token": field(page, "csrf_token"), "do": "keep"})
    assert kept.status_code == 302
    assert "Our first line." in text(client.get(PUBLIC))


def in_conflict(asha, database):
    """The address of a question about the same sentence changed on both sides."""
    data = form(asha, do="publish")
    old = data["text"].splitlines()[0]
    Press(database).release("2027-01", {"information.held": lambda words: words.replace(old, "The shared first line.")})
    return asha.post(CLAUSE, data={**data, "text": data["text"].replace(old, "Our first line.")}).headers["Location"]


def test_words_typed_for_a_question_that_somebody_else_settled_are_not_lost(staff, client, database):
    asha = staff.client("asha")
    question = in_conflict(asha, database)
    data = {"csrf_token": field(text(asha.get(question)), "csrf_token")}
    asha.post(question, data={**data, "do": "keep"})
    late = asha.post(question, data={**data, "do": "own", "text": "A third wording."})
    assert late.status_code == 409
    assert [words for words in ("Our first line.", "A third wording.") if words not in text(late)] == []
    assert "A third wording." not in text(client.get(PUBLIC))


def test_an_answer_that_is_neither_yes_nor_no_is_none(staff):
    asha = staff.client("asha")
    path = f"{NOTICE}/changes/cookies.school-site"
    page = text(asha.get(path))
    asha.post(path, data={"csrf_token": field(page, "csrf_token"), "offered": field(page, "offered")})
    assert "Choose one of the buttons." in text(asha.get(path))
    assert "changes/cookies.school-site" in text(asha.get(NOTICE))


def test_the_dpo_team_answers_a_question_with_words(staff, database):
    asha, devi = staff.client("asha"), staff.client("devi")
    question = in_conflict(asha, database)
    token = field(text(asha.get(question)), "csrf_token")
    asha.post(question, data={"csrf_token": token, "do": "ask", "question": "May we say this?"})
    path = f"/central/reviews/alder-primary/questions/{question.rpartition('/')[2]}"
    data = {"csrf_token": field(text(devi.get(path)), "csrf_token"), "do": "advise"}
    empty = devi.post(path, data={**data, "comment": " "})
    assert empty.status_code == 422
    assert "Write what the school should know." in text(empty)
    assert path in text(devi.get("/central/reviews")), "the school still waits for an answer"
    assert devi.post(path, data={**data, "comment": "Yes, you may."}).status_code == 302
    assert "Yes, you may." in text(asha.get(question))


def test_staff_see_which_clause_waits_for_which_fact(staff, client, database):
    Press(database).release("2027-01", {"limits.sale": lambda words: f"{words}\n\nAsk {{{{ trust.name }}}}."})
    assert "Ask " not in text(client.get(PUBLIC)).split("limits-sale", 1)[1].split("</section>")[0]
    asha = staff.client("asha")
    page = text(asha.get(NOTICE))
    assert "Waits for a missing fact" in page
    assert "the name of the trust is missing; the central team can fill it in" in page
    change = f"{NOTICE}/changes/limits.sale"
    data = {"csrf_token": field(page, "csrf_token"), "offered": field(text(asha.get(change)), "offered"), "do": "yes"}
    assert asha.post(change, data=data).headers["Location"].endswith("/changes/limits.sale")
