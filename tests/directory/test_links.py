"""Planted failures on a real local server: each is classed rightly, and none leads into a private range."""

import pytest

from portal.directory.fetch import Limits, PublicFetcher
from portal.directory.links import SENTENCES, Hop, LinkChecker, LinkOutcome
from portal.directory.visits import PoliteVisitor
from tests.directory.web_server import EXPIRED, PUBLIC, UNTRUSTED, Page, pretend_web

LINK = "https://council.example/pupils/privacy"
TEXT = "We hold information about pupils so that we can find each child a place at school. " * 5
PRIVACY = Page(f"<title>Pupil privacy</title><main><h1>Pupil privacy</h1>{TEXT}</main>")
PRIVATE = {"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "::1"}


class FakeTime:
    def __init__(self):
        self.now = 0.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def shared_web():
    with pretend_web() as web:
        yield web


@pytest.fixture
def web(shared_web):
    shared_web.sites = {"council.example": {"/pupils/privacy": PRIVACY}}
    shared_web.names = {}
    shared_web.visits.clear()
    shared_web.attempts.clear()
    yield shared_web
    assert not PRIVATE & set(shared_web.attempts)


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def checker(web, time):
    limits = Limits(connect_seconds=2, total_seconds=2)
    fetcher = PublicFetcher("portal-test/1", web.resolve, web.connect, web.tls, limits=limits)
    return LinkChecker(PoliteVisitor(fetcher, clock=time.clock, sleep=time.sleep))


def test_a_page_that_is_there_is_ok(checker, web):
    report = checker.check(LINK)
    assert (report.outcome, report.status, report.final_url) == (LinkOutcome.OK, 200, LINK)
    assert (report.title, report.proposal) == ("Pupil privacy", "")
    assert len(report.content_hash) == 64
    assert web.visits[:3] == [
        ("GET", "council.example/robots.txt"),
        ("HEAD", "council.example/pupils/privacy"),
        ("GET", "council.example/pupils/privacy"),
    ]


def test_every_outcome_has_its_sentence():
    assert set(SENTENCES) == set(LinkOutcome)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, LinkOutcome.BROKEN),
        (410, LinkOutcome.BROKEN),
        (500, LinkOutcome.BROKEN),
        (503, LinkOutcome.BROKEN),
        (304, LinkOutcome.BROKEN),
        (302, LinkOutcome.BROKEN),
        (401, LinkOutcome.BLOCKED),
        (403, LinkOutcome.BLOCKED),
        (429, LinkOutcome.BLOCKED),
    ],
)
def test_a_status_says_whether_the_page_is_gone_or_only_shut_to_programs(checker, web, status, outcome):
    web.sites["council.example"]["/pupils/privacy"] = Page("<h1>Sorry</h1>", status)
    report = checker.check(LINK)
    assert (report.outcome, report.status) == (outcome, status)


@pytest.mark.parametrize("status", [403, 404, 405, 501, 500])
def test_a_server_that_answers_head_wrongly_is_asked_again_by_get(checker, web, status):
    web.sites["council.example"]["/pupils/privacy"] = Page(PRIVACY.body, head_status=status)
    assert checker.check(LINK).outcome is LinkOutcome.OK


def test_a_page_that_says_it_is_not_there_is_a_soft_404(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page("<title>Page not found</title><h1>Sorry</h1>")
    assert checker.check(LINK).outcome is LinkOutcome.SOFT_404


def test_a_site_that_shows_one_page_for_everything_is_a_soft_404(checker, web):
    web.sites["council.example"] = {"*": Page(f"<title>Council</title><main>Welcome. {TEXT}</main>")}
    web.sites["council.example"]["/robots.txt"] = Page("", 404)
    assert checker.check(LINK).outcome is LinkOutcome.SOFT_404


def test_a_page_drawn_by_scripts_is_not_called_a_soft_404(checker, web):
    web.sites["council.example"] = {"*": Page("<title>Council</title><div id=app></div><script>draw()</script>")}
    assert checker.check(LINK).outcome is LinkOutcome.OK


@pytest.mark.parametrize("home", ["/", "/home", "/index.html", "/default.aspx", "/?gone=1", "https://new.example/"])
def test_an_address_that_falls_back_to_the_home_page_is_called_that(checker, web, home):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 301, {"Location": home})
    for host in ("council.example", "new.example"):
        web.sites.setdefault(host, {})["*"] = Page(f"<main>Bins and roads. {TEXT}</main>")
    report = checker.check(LINK)
    assert (report.outcome, report.proposal) == (LinkOutcome.HOME_PAGE, "")


def test_a_link_to_a_home_page_is_not_a_fallback(checker, web):
    web.sites["council.example"]["/"] = PRIVACY
    assert checker.check("https://council.example/").outcome is LinkOutcome.OK


def test_a_page_that_moved_for_good_is_proposed_at_its_new_address(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 301, {"Location": "/schools"})
    web.sites["council.example"]["/schools"] = Page("", 308, {"Location": "https://new.example/schools/privacy#top"})
    web.sites["new.example"] = {"/schools/privacy": PRIVACY}
    report = checker.check(LINK)
    assert report.outcome is LinkOutcome.REDIRECTED
    assert report.final_url == report.proposal == "https://new.example/schools/privacy"
    assert report.hops == (
        Hop(LINK, 301),
        Hop("https://council.example/schools", 308),
        Hop("https://new.example/schools/privacy", 200),
    )


def test_a_page_that_moved_for_a_while_is_not_proposed(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 302, {"Location": "/elsewhere"})
    web.sites["council.example"]["/elsewhere"] = PRIVACY
    report = checker.check(LINK)
    assert (report.outcome, report.proposal) == (LinkOutcome.REDIRECTED, "")


def test_a_page_that_moves_its_reader_on_is_followed(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page('<meta http-equiv="refresh" content="0; url=/">')
    web.sites["council.example"]["/"] = PRIVACY
    assert checker.check(LINK).outcome is LinkOutcome.HOME_PAGE


@pytest.mark.parametrize(
    "variant", ["http://council.example/pupils/privacy", "https://www.council.example/pupils/privacy/"]
)
def test_https_www_and_a_last_slash_are_the_same_address_to_a_reader(checker, web, variant):
    web.sites["council.example"] = {"/pupils/privacy": PRIVACY, "/pupils/privacy/": PRIVACY}
    web.sites["www.council.example"] = {"/pupils/privacy/": Page("", 301, {"Location": LINK})}
    assert checker.check(variant).outcome is LinkOutcome.OK


@pytest.mark.parametrize(
    ("pages", "hops"),
    [
        ({"/pupils/privacy": "/pupils/privacy"}, 1),
        ({"/pupils/privacy": "/b", "/b": "/pupils/privacy"}, 2),
        ({"/pupils/privacy": "/1", **{f"/{number}": f"/{number + 1}" for number in range(1, 40)}}, 7),
    ],
)
def test_an_address_that_leads_round_and_round_is_a_loop(checker, web, pages, hops):
    web.sites["council.example"] = {path: Page("", 302, {"Location": onward}) for path, onward in pages.items()}
    report = checker.check(LINK)
    assert report.outcome is LinkOutcome.LOOP
    assert len(report.hops) == hops


def test_a_server_that_takes_too_long_is_slow(web, time):
    web.sites["council.example"]["/pupils/privacy"] = Page(hold=True)
    fetcher = PublicFetcher("portal-test/1", web.resolve, web.connect, web.tls, limits=Limits(2, 0.3))
    checker = LinkChecker(PoliteVisitor(fetcher, clock=time.clock, sleep=time.sleep))
    assert checker.check(LINK).outcome is LinkOutcome.SLOW


def test_a_page_that_comes_late_is_slow(checker, web):
    checker.slow_seconds = 0
    assert checker.check(LINK).outcome is LinkOutcome.SLOW


def test_a_check_that_takes_a_minute_in_all_is_given_up(checker, web, time):
    web.sites["council.example"]["/robots.txt"] = Page("User-agent: *\nCrawl-delay: 10")
    chain = {f"/{number}": Page("", 302, {"Location": f"/{number + 1}"}, head_status=405) for number in range(5)}
    web.sites["council.example"] |= chain | {"/5": PRIVACY}
    assert checker.check("https://council.example/0").outcome is LinkOutcome.SLOW
    assert time.now <= 75


@pytest.mark.parametrize(
    ("host", "address"),
    [("untrusted.example", UNTRUSTED), ("expired.example", EXPIRED), ("other-name.example", PUBLIC)],
)
def test_a_bad_certificate_is_called_that(checker, web, host, address):
    web.names[host] = [address]
    assert checker.check(f"https://{host}/privacy").outcome is LinkOutcome.BAD_CERTIFICATE
    assert web.visits == []


@pytest.mark.parametrize(
    "inside",
    [
        "http://127.0.0.1/admin",
        "http://127.0.0.1:8080/",
        "http://127.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://inside.example/",
        "http://half-inside.example/",
        "file:///etc/passwd",
        "ftp://council.example/",
        "gopher://127.0.0.1/",
        "https://user@council.example/",
        "http://[",
    ],
)
def test_a_public_name_that_redirects_inside_is_refused_and_never_followed(checker, web, inside):
    web.names |= {"inside.example": ["10.0.0.1"], "half-inside.example": [PUBLIC, "127.0.0.1"]}
    web.sites["council.example"]["/pupils/privacy"] = Page("", 302, {"Location": inside})
    report = checker.check(LINK)
    assert report.outcome is LinkOutcome.REFUSED
    assert report.hops == (Hop(LINK, 302),)
    assert set(web.attempts) == {PUBLIC}


def test_a_page_that_moves_its_reader_inside_is_refused_too(checker, web):
    page = Page('<meta http-equiv="refresh" content="0; url=http://127.0.0.1/">')
    web.sites["council.example"]["/pupils/privacy"] = page
    assert checker.check(LINK).outcome is LinkOutcome.REFUSED


def test_rules_for_robots_that_redirect_inside_are_not_followed(checker, web):
    web.sites["council.example"]["/robots.txt"] = Page("", 301, {"Location": "http://127.0.0.1/robots.txt"})
    assert checker.check(LINK).outcome is LinkOutcome.REFUSED
    assert set(web.attempts) == {PUBLIC}


def test_a_name_that_moves_inside_between_two_requests_is_refused(checker, web):
    answers = [[PUBLIC], [PUBLIC], ["127.0.0.1"]]
    checker.visitor.fetcher.resolve = lambda host, port: answers.pop(0)
    assert checker.check(LINK).outcome is LinkOutcome.REFUSED
    assert web.attempts == [PUBLIC, PUBLIC]


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "mailto:dpo@council.example", "not an address", "", "http://["])
def test_a_link_that_is_no_public_address_is_refused(checker, web, url):
    assert checker.check(url).outcome is LinkOutcome.REFUSED
    assert web.attempts == []


def test_a_page_that_programs_are_asked_to_leave_alone_is_left_alone(checker, web):
    web.sites["council.example"]["/robots.txt"] = Page("User-agent: *\nDisallow: /pupils", kind="text/plain")
    assert checker.check(LINK).outcome is LinkOutcome.ROBOTS
    assert web.visits == [("GET", "council.example/robots.txt")]


def test_the_rules_of_the_site_that_is_redirected_to_are_kept_too(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 301, {"Location": "https://new.example/privacy"})
    web.sites["new.example"] = {"/robots.txt": Page("User-agent: *\nDisallow: /"), "/privacy": PRIVACY}
    assert checker.check(LINK).outcome is LinkOutcome.ROBOTS
    assert ("GET", "new.example/privacy") not in web.visits


def test_a_site_whose_rules_cannot_be_read_is_left_alone(checker, web):
    web.sites["council.example"]["/robots.txt"] = Page("", 503)
    assert checker.check(LINK).outcome is LinkOutcome.ROBOTS


def test_changed_words_are_noticed_and_unchanged_ones_are_not(checker, web):
    first = checker.check(LINK)
    assert checker.check(LINK, first.content_hash).outcome is LinkOutcome.OK
    web.sites["council.example"]["/pupils/privacy"] = Page(f"<main><h1>Pupil privacy</h1>{TEXT} New words.</main>")
    second = checker.check(LINK, first.content_hash)
    assert second.outcome is LinkOutcome.CONTENT_CHANGED
    assert second.content_hash != first.content_hash


def test_a_document_is_not_fetched_only_asked_for(checker, web):
    web.sites["council.example"]["/notice.pdf"] = Page(b"%PDF-1.7", kind="application/pdf")
    report = checker.check("https://council.example/notice.pdf")
    assert (report.outcome, report.content_hash) == (LinkOutcome.OK, "")
    assert ("GET", "council.example/notice.pdf") not in web.visits


@pytest.mark.parametrize("url", ["https://nobody.example/privacy", "https://shut.example/privacy"])
def test_a_site_that_cannot_be_reached_is_called_that(checker, web, url):
    web.names["shut.example"] = ["93.184.216.99"]
    assert checker.check(url).outcome is LinkOutcome.UNREACHABLE


def test_a_second_passes_between_two_visits_to_one_host(checker, web, time):
    web.sites["new.example"] = {"/pupils/privacy": PRIVACY}
    checker.check(LINK)
    first_host = len(web.visits)
    assert time.slept == [1.0] * (first_host - 1)
    checker.check("https://new.example/pupils/privacy")
    assert len(time.slept) == len(web.visits) - 2


def test_the_pause_a_site_asks_for_is_kept(checker, web, time):
    web.sites["council.example"]["/robots.txt"] = Page("User-agent: *\nCrawl-delay: 5")
    checker.check(LINK)
    assert time.slept[1:] == [5.0] * (len(web.visits) - 2)


def test_a_sites_rules_are_read_once_in_a_run(checker, web):
    checker.check(LINK)
    checker.check(LINK)
    assert web.visits.count(("GET", "council.example/robots.txt")) == 1


@pytest.mark.parametrize(
    "home", ["/Pages/Home.aspx", "/en/homepage.html", "/SitePages/default.aspx", "/site/public/home"]
)
def test_a_home_page_kept_in_a_folder_is_one(checker, web, home):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 301, {"Location": home})
    web.sites["council.example"][home] = Page(f"<main>Bins and roads. {TEXT}</main>")
    assert checker.check(LINK).outcome is LinkOutcome.HOME_PAGE


def test_the_first_page_of_the_links_own_folder_is_no_home_page(checker, web):
    web.sites["council.example"]["/pupils/privacy"] = Page("", 301, {"Location": "/pupils/home"})
    web.sites["council.example"]["/pupils/home"] = PRIVACY
    assert checker.check(LINK).outcome is LinkOutcome.REDIRECTED
