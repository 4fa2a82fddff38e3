"""The way to the DPO team starts at the inbox."""


def test_school_staff_find_the_way_to_ask_the_dpo_team_in_the_inbox(staff):
    page = staff.client("ben").get("/school/alder-primary/cases").get_data(as_text=True)
    assert "/school/alder-primary/questions/new" in page
    assert "Ask the DPO team" in page
    assert "questions/new" not in staff.client("devi").get("/central/cases").get_data(as_text=True)
