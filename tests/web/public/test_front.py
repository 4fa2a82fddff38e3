"""Finding a school: what is wrong is said beside the box, and what was typed stays."""

import pytest

from tests.conftest import csrf_token


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("typed", "said"), [("a", "Type two letters or more."), ("x" * 150, "That is too long for a search.")]
)
def test_what_is_wrong_with_a_search_stands_at_the_box_and_the_words_stay_whole(client, typed, said):
    answer = client.get(f"/find?q={typed}")
    page = text(answer)
    assert answer.status_code == 422
    assert 'href="#q"' in page
    assert said in page.split('id="q-error"')[1].split("</p>")[0]
    assert f'value="{typed}"' in page


@pytest.mark.parametrize("typed", ["Saint Thomas", "brentwood", "St. Thomas Canterbury"])
def test_a_school_is_found_by_its_names_and_its_town(client, typed):
    assert "/schools/st-thomas-of-canterbury" in text(client.get("/find", query_string={"q": typed}))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_pages_of_staff_say_that_they_are_in_english(client):
    assert '<html class="govuk-template" lang="en" dir="ltr">' in text(client.get("/sign-in?lang=ur"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_summary_of_errors_names_each_field(client):
    path = "/schools/alder-primary/breach"
    answer = client.post(
        path,
        data={
            "csrf_token": csrf_token(client, path), "telephone": "1" * 60, "requester_name": "Nia",
            "received_on": ["31", "2", "2026"], "details": "A list was lost",
        },
    )  # fmt: skip
    summary = text(answer).split("govuk-error-summary__list")[1].split("</ul>")[0]
    assert "Your telephone number: this is too long" in summary
    assert "When did anyone at school first know of it? Enter a real day, for example 27 3 2026." in summary
    assert "Not a valid" not in text(answer)
